"""One HTTP server on loopback for all tests: a function answers, and each request is kept."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme
from requests.structures import CaseInsensitiveDict


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    headers: CaseInsensitiveDict[str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An answer; its length is added. Headers are a table, or pairs where one comes twice."""

    status: int = 200
    body: bytes | str = b""
    headers: dict[str, str] | list[tuple[str, str]] = field(default_factory=dict)


Answer = Callable[[Asked], Reply | None]


@dataclass
class Served:
    """A running server. An answer of None resets the connection."""

    answer: Answer
    host: str = ""
    url: str = ""
    asked: list[Asked] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_arguments: object) -> None:
        """Stay silent: clients may leave, or refuse our certificate, whenever they want."""


@contextmanager
def serving(
    answer: Answer,
    ca: Path | None = None,
    *,
    names: Sequence[str] = ("127.0.0.1", "localhost"),
    is_proxy: bool = False,
) -> Iterator[Served]:
    """Serve until the block ends: with `ca`, a file to be written, over TLS for these names.

    A proxy takes CONNECT without TLS and is then each host itself.
    """
    served = Served(answer)
    context = tls_context(ca, *names) if ca else None

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = CaseInsensitiveDict(self.headers.items())
            asked = Asked(self.command, self.path, headers, body)
            served.asked.append(asked)
            reply = served.answer(asked)
            if reply is None:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
            text = reply.body
            data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
            pairs = reply.headers.items() if isinstance(reply.headers, dict) else reply.headers
            self.send_response_only(reply.status)
            for name, value in (*pairs, ("Content-Length", str(len(data)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PROPFIND = answer  # noqa: N815 - http.server's names

        def do_CONNECT(self) -> None:
            assert context
            self.send_response_only(200)
            self.end_headers()
            with context.wrap_socket(self.connection, server_side=True) as inside:
                Handler(inside, self.client_address, self.server)

        def log_message(self, *_arguments: object) -> None:
            """Stay silent."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        if context and not is_proxy:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        served.host = f"127.0.0.1:{server.server_port}"
        served.url = f"http{'s' if context and not is_proxy else ''}://{served.host}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()


def tls_context(ca: Path, *names: str) -> ssl.SSLContext:
    """Return a server's TLS settings for these names; a new authority goes to the file `ca`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context
