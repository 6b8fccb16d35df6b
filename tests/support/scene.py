"""A good chain on real servers, in which a test may plant a fault."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Box
from tests.support.servers.authorization import Authorization
from tests.support.servers.aws import REGION, Aws
from tests.support.servers.openbao import OpenBao
from tests.support.servers.scripted import Script


@dataclass
class Scene:
    """A good profile `p`: its keys, its backend's table, and the servers behind it."""

    box: Box
    fixture: Callable[[str], Any]
    authorization: Authorization
    aws: Aws
    openbao: OpenBao
    scripted: Script
    keys: dict[str, str] = field(default_factory=dict)
    backend: str = ""
    table: dict[str, str] = field(default_factory=dict)
    path: str = ""
    last: Callable[[Path], object] = lambda _config: None

    def use(self, backend: str) -> None:
        """Keep the client secret there."""
        secret, self.backend = self.authorization.client_secret, backend
        self.path = secrets.token_hex(4)
        if backend == "env":
            self.box.environ["CLIENT_SECRET"] = secret
            self.refer("CLIENT_SECRET")
        elif backend == "file":
            (self.box.home / "client-secret").write_text(secret)
            self.refer(str(self.box.home / "client-secret"))
        elif backend == "aws":
            self.path = self.aws.store(json.dumps({"s": secret}))["Name"]
            self.box.environ |= {**self.aws.environ, "AWS_EC2_METADATA_DISABLED": "true"}
            self.table = {"region": REGION, "endpoint_url": self.aws.address}
            self.refer(f"{self.path}#s")
        else:
            self.openbao.store(self.path, {"s": secret})
            self.box.environ["VAULT_TOKEN"] = self.openbao.token
            self.table = {"address": self.openbao.address}
            self.refer(f"secret/{self.path}#s")

    def refer(self, place: str) -> None:
        """Let the secret reference mean that place in the backend."""
        self.keys["client_secret"] = f"{self.backend}:{place}"

    def write(self) -> None:
        """Write the config file; a value that starts with a brace is a table."""
        lines = ["[profiles.p]", *(f"{name} = {json.dumps(v)}" for name, v in self.keys.items())]
        if self.table:
            lines.append(f"[profiles.p.{self.backend}]")
        lines += [f"{n} = {v if v[0] == '{' else json.dumps(v)}" for n, v in self.table.items()]
        self.last(self.box.config("\n".join(lines) + "\n"))


@pytest.fixture
def scene(request: pytest.FixtureRequest, box: Box) -> Scene:
    """Return a profile whose secret still needs a place."""
    names = ("authorization", "aws", "openbao", "scripted")
    servers = {name: request.getfixturevalue(name) for name in names}
    made = Scene(box, request.getfixturevalue, **servers)
    made.keys = {
        "token_url": made.authorization.url,
        "ca": made.authorization.ca,
        "client_id": made.authorization.client_id,
        "scope": "api",
    }
    return made
