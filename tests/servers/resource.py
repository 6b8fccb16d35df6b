"""A resource server (RFC 6749 section 1.1) on loopback: it answers those who bring its token."""

import threading
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass(frozen=True)
class Reply:
    """What is answered; the length is added."""

    body: bytes = b""
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)


class ResourceServer:
    """Answers with `answer` if the Authorization header is one of `accepted`, else 401.

    `seen` are the Authorization headers of all requests, "" for none; `challenges` are the values
    of WWW-Authenticate that go with a 401.
    """

    def __init__(self) -> None:
        self.accepted: Container[str] = {"Bearer canary-token-1"}
        self.challenges = ['Bearer realm="test"']
        self.answer: Callable[[BaseHTTPRequestHandler, bytes], Reply] = lambda *_: Reply(b"good\n")
        self.seen: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                request = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                value = self.headers.get("Authorization", "")
                outer.seen.append(value)
                refusal = Reply(status=401, headers=[(CHALLENGE, c) for c in outer.challenges])
                reply = outer.answer(self, request) if value in outer.accepted else refusal
                self.send_response(reply.status)
                for name, text in [*reply.headers, ("Content-Length", str(len(reply.body)))]:
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(reply.body)

            do_POST = do_PROPFIND = do_GET  # noqa: N815 - the base class's spelling

            def log_message(self, *_arguments: object) -> None:
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_address[1]}"


CHALLENGE = "WWW-Authenticate"


@pytest.fixture
def resource() -> Iterator[ResourceServer]:
    """Return a running resource server."""
    server = ResourceServer()
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.server.shutdown()
    thread.join()
    server.server.server_close()
