"""AWS: moto as a server of its own for what AWS does, and scripted answers for its faults."""

import json
import ssl
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme

from tests import canary

REGION = "eu-west-1"
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": canary.AWS_SECRET_ACCESS_KEY,
}
# In a process of its own, so that moto's warnings are not ours; it ends when its stdin does.
_SERVE = """
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
input()
"""


@dataclass(frozen=True)
class Aws:
    """A running moto, and the way to prepare secrets in it."""

    address: str
    environ: dict[str, str]

    def client(self, service: str, region: str = REGION, **keys: str) -> Any:  # noqa: ANN401 - boto3 makes its client classes at run time
        """Return a boto3 client of its own session: the settings under test play no part."""
        return boto3.Session().client(
            service,
            region_name=region,
            endpoint_url=self.address,
            **(
                keys
                or {
                    "aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"],
                    "aws_secret_access_key": KEYS["AWS_SECRET_ACCESS_KEY"],
                }
            ),
        )

    def store(self, value: str | bytes, region: str = REGION) -> dict[str, str]:
        """Store a secret under a new name; return its Name, ARN and VersionId."""
        canary.learn(value)
        kind = "SecretString" if isinstance(value, str) else "SecretBinary"
        name = f"test/{uuid.uuid4().hex}"
        answer = self.client("secretsmanager", region).create_secret(Name=name, **{kind: value})
        return {key: str(answer[key]) for key in ("Name", "ARN", "VersionId")}

    def rotate(self, name: str, value: str) -> None:
        """Store a new current version; the one before becomes AWSPREVIOUS."""
        canary.learn(value)
        client = self.client("secretsmanager", "eu-west-1")
        client.put_secret_value(SecretId=name, SecretString=value)


@dataclass
class Script:
    """A server that answers each request with the next of its answers, the last one for ever."""

    address: str = ""
    answers: list[tuple[int, str]] = field(default_factory=list)
    requests: list[tuple[dict[str, str], str]] = field(default_factory=list)

    def refuse(self, status: int, code: str, message: str) -> None:
        """Answer every request with an error of AWS's JSON protocol."""
        self.answers = [(status, json.dumps({"__type": code, "message": message}))]


@pytest.fixture(scope="session")
def aws_address() -> Iterator[str]:
    """Return the address of a running moto."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "moto did not start"
        yield f"http://127.0.0.1:{port}"
        process.kill()


@pytest.fixture
def aws(aws_address: str, clean_environ: Callable[[str, str], None]) -> Aws:
    """Return moto, with this process's environment set up as its user's."""
    environ = {**KEYS, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": aws_address}
    for name, value in environ.items():
        clean_environ(name, value)
    return Aws(aws_address, environ)


@contextmanager
def _serving(script: Script, context: ssl.SSLContext | None) -> Iterator[Script]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            script.requests.append((dict(self.headers), self.rfile.read(length).decode()))
            status, body = script.answers[0] if len(script.answers) == 1 else script.answers.pop(0)
            data = body.encode("utf-8", "surrogateescape")
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_arguments: object) -> None:
            """Keep stderr clean."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        script.address = f"http://127.0.0.1:{server.server_port}"
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            script.address = f"https://localhost:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield script
        server.shutdown()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_arguments: object) -> None:
        """Keep stderr clean: a client that refuses our certificate is wanted."""


@pytest.fixture
def aws_script(clean_environ: Callable[[str, str], None]) -> Iterator[Script]:
    """Return a scripted server, with this process's environment set up as its user's."""
    with _serving(Script(), None) as script:
        for name, value in {**KEYS, "AWS_REGION": REGION}.items():
            clean_environ(name, value)
        clean_environ("AWS_ENDPOINT_URL", script.address)
        yield script


@pytest.fixture
def aws_script_tls(
    clean_environ: Callable[[str, str], None], tmp_path: Path
) -> Iterator[tuple[Script, str]]:
    """Return a scripted server that speaks TLS, and the file of the CA it goes by."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with _serving(Script(), context) as script:
        for name, value in {**KEYS, "AWS_REGION": REGION}.items():
            clean_environ(name, value)
        clean_environ("AWS_ENDPOINT_URL", script.address)
        yield script, str(tmp_path / "ca.pem")
