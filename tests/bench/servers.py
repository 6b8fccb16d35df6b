"""OpenBao, moto and a counting token endpoint on free loopback ports, a secret stored in each."""

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.venvs import Venv

SECRET = "bench-secret-value"
ROOT_TOKEN = "bench-root-token"
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "made-up-aws-key/K7MDENG",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
}
READY_S = 60
# It ends when its stdin does.
_MOTO = """
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
input()
"""


@dataclass(frozen=True)
class Servers:
    """Where they listen, as host:port; a relay counts the secret reads that pass through it."""

    token: str
    vault: str
    aws: str
    vault_relay: str
    aws_relay: str

    @property
    def token_url(self) -> str:
        """The address of the token endpoint."""
        return f"http://{self.token}/token"

    def counts(self) -> dict[str, int]:
        """Return how many token requests and secret reads there were so far."""
        return counts(self.token)


def counts(token: str) -> dict[str, int]:
    """Return the counts of a token endpoint by its host:port."""
    found = json.loads(ask(token, "GET", "/count"))
    return {str(name): int(count) for name, count in found.items()}


def ask(
    address: str,
    method: str,
    path: str,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    """Return the body of a 2xx answer. Raises OSError for anything else."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        data = response.read()
    finally:
        connection.close()
    if response.status >= 300:
        raise OSError(f"{method} {path}: status {response.status}")
    return data


@contextmanager
def serving(tools: Venv, folder: Path) -> Iterator[Servers]:
    """Run the three until the block ends."""
    with ExitStack() as stack:
        vault = stack.enter_context(_vault(tools.bao, folder))
        aws = f"127.0.0.1:{stack.enter_context(_speaking([tools.python, '-c', _MOTO], folder))}"
        _store(vault, aws)
        token, vault_relay, aws_relay = stack.enter_context(_endpoint(folder, vault, aws))
        yield Servers(token, vault, aws, vault_relay=vault_relay, aws_relay=aws_relay)


@contextmanager
def tokens(folder: Path) -> Iterator[str]:
    """Run the token endpoint alone; yield its host:port."""
    with _endpoint(folder) as (address,):
        yield address


@contextmanager
def _endpoint(folder: Path, *addresses: str) -> Iterator[list[str]]:
    """Run the token endpoint and a relay for each address; yield their host:port."""
    command = [sys.executable, str(Path(__file__).with_name("endpoint.py")), *addresses]
    with _speaking(command, folder) as line:
        yield [f"127.0.0.1:{port}" for port in json.loads(line)]


@contextmanager
def _speaking(command: list[str], folder: Path) -> Iterator[str]:
    """Run a server that prints its ports; yield that line."""
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline().strip() if process.stdout else ""
            if not line:
                raise OSError("a server did not start")
            yield line
        finally:
            process.kill()


@contextmanager
def _vault(bao: str, folder: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [bao, "server", "-dev", "-dev-no-store-token", f"-dev-listen-address={address}"]
    with subprocess.Popen(
        [*command, f"-dev-root-token-id={ROOT_TOKEN}"],
        env={"HOME": str(folder)},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _await(address)
            yield address
        finally:
            process.kill()


def _await(address: str) -> None:
    until = time.monotonic() + READY_S
    while True:
        try:
            ask(address, "GET", "/v1/secret/config", headers={"X-Vault-Token": ROOT_TOKEN})
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _store(vault: str, aws: str) -> None:
    body = json.dumps({"data": {"client_secret": SECRET}})
    ask(vault, "POST", "/v1/secret/data/bench", body, {"X-Vault-Token": ROOT_TOKEN})
    # moto checks no signature, but takes the service from where one would stand.
    scope = "AKIAIOSFODNN7EXAMPLE/20250101/eu-west-1/secretsmanager/aws4_request"
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "secretsmanager.CreateSecret",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
    }
    body = json.dumps({"Name": "bench", "SecretString": SECRET, "ClientRequestToken": "b" * 32})
    ask(aws, "POST", "/", body, headers)
