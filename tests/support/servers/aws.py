"""AWS: moto as a server of its own for what AWS does, and scripted answers for its faults."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support import canary
from tests.support.servers import http
from tests.support.servers.http import Asked, Reply

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
            **(keys or {name.lower(): value for name, value in KEYS.items()}),
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
    requests: list[tuple[Mapping[str, str], str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    ahead_s: int = 0  # of its clock

    def refuse(self, status: int, code: str, message: str) -> None:
        """Answer every request with an error of AWS's JSON protocol."""
        self.answers = [(status, json.dumps({"__type": code, "message": message}))]

    def answer(self, asked: Asked) -> Reply:
        """Return the answer to a request of any service."""
        self.paths.append(asked.path)
        self.requests.append((asked.headers, asked.body.decode()))
        status, body = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return Reply(status, body, {"Date": formatdate(time.time() + self.ahead_s, usegmt=True)})


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
def _scripted(set_variable: Callable[[str, str], None], ca: Path | None = None) -> Iterator[Script]:
    """Run a scripted server; this process's environment is its user's."""
    script = Script()
    with http.serving(script.answer, ca) as served:
        script.address = served.url.replace("127.0.0.1", "localhost") if ca else served.url
        for name, value in {
            **KEYS,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": script.address,
        }.items():
            set_variable(name, value)
        yield script


@pytest.fixture
def aws_script(clean_environ: Callable[[str, str], None]) -> Iterator[Script]:
    """Return a scripted server, with this process's environment set up as its user's."""
    with _scripted(clean_environ) as script:
        yield script


@pytest.fixture
def aws_script_tls(
    clean_environ: Callable[[str, str], None], tmp_path: Path
) -> Iterator[tuple[Script, str]]:
    """Return a scripted server that speaks TLS, and the file of the CA it goes by."""
    ca = tmp_path / "ca.pem"
    with _scripted(clean_environ, ca) as script:
        yield script, str(ca)
