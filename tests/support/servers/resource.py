"""A resource server (RFC 6749 section 1.1) on loopback: it answers those who bring its token."""

from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.servers import http
from tests.support.servers.http import Asked, Reply

GOOD = Reply(body=b"good\n")


@dataclass
class ResourceServer:
    """Answers with `answer` if the Authorization header is one of `accepted`, else 401.

    `seen` are the Authorization headers of all requests, "" for none; `challenges` are the values
    of WWW-Authenticate that go with a 401.
    """

    accepted: Container[str] = field(default_factory=lambda: {"Bearer canary-token-1"})
    challenges: list[str] = field(default_factory=lambda: ['Bearer realm="test"'])
    answer: Callable[[Asked], Reply] = lambda _asked: GOOD
    seen: list[str] = field(default_factory=list)
    host: str = ""
    ca: str = ""

    def reply(self, asked: Asked) -> Reply:
        """Return the answer to a request."""
        value = asked.headers.get("Authorization", "")
        self.seen.append(value)
        if value in self.accepted:
            return self.answer(asked)
        return Reply(401, headers=[("WWW-Authenticate", each) for each in self.challenges])


@contextmanager
def serving(ca: Path | None = None) -> Iterator[ResourceServer]:
    """Run one until the block ends; with `ca`, a file to be written, over TLS."""
    server = ResourceServer(ca=str(ca or ""))
    with http.serving(server.reply, ca) as served:
        server.host = served.host
        yield server


@pytest.fixture
def resource() -> Iterator[ResourceServer]:
    """Return a running resource server."""
    with serving() as server:
        yield server


@pytest.fixture
def tls_resource(tmp_path: Path) -> Iterator[ResourceServer]:
    """Return one that speaks TLS."""
    with serving(tmp_path / "resource-ca.pem") as server:
        yield server
