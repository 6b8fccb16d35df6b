"""A server on raw sockets that does to each connection what a test wrote down for it.

Faults need raw sockets: no HTTP library agrees to send a broken answer.
"""

import datetime as dt
import gzip
import json
import socket
import ssl
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
import trustme

DRIP_S = 0.2
Kind = Literal["", "trusted", "expired", "early", "other host", "other ca", "old", "cut"]
Behaviour = Callable[[socket.socket, "Scripted"], None]
Script = Callable[..., "Scripted"]


@dataclass
class Request:
    """One request as it stood on the wire; header names in lower case."""

    line: str
    headers: dict[str, str]
    body: str


@dataclass
class Scripted:
    """A running server: the n-th connection gets the n-th behaviour, further ones the last.

    `kind` says how it does TLS: "" is plain HTTP, "old" is TLS 1.1, "cut" ends the handshake.
    """

    script: tuple[Behaviour, ...]
    kind: Kind
    ca: str
    authority: trustme.CA = field(default_factory=trustme.CA)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.authority.cert_pem.write_to_path(self.ca)
        self._context = self.context("localhost", "127.0.0.1", kind=self.kind)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._handlers: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        """The token endpoint, by address."""
        return f"http{'s' if self.kind else ''}://127.0.0.1:{self.port}/token"

    @property
    def whom(self) -> str:
        """What errors call it."""
        return f"the token endpoint at 127.0.0.1:{self.port}"

    def context(self, *hosts: str, kind: Kind = "trusted") -> ssl.SSLContext:
        """Return a server's TLS settings with a certificate for these hosts."""
        authority = trustme.CA() if kind == "other ca" else self.authority
        now, day = dt.datetime.now(tz=dt.UTC), dt.timedelta(days=1)
        certificate = authority.issue_cert(
            *(["other.example"] if kind == "other host" else hosts),
            not_before=now + day if kind == "early" else now - 2 * day,
            not_after=now - day if kind == "expired" else now + 2 * day,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        if kind == "old":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.1 is old: that's it
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        return context

    def receive(self, connection: socket.socket) -> None:
        """Read one request and record it."""
        head, _, body = _until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
        line, *rest = head.decode().split("\r\n")
        headers: dict[str, str] = {}
        for item in rest:
            name, _, value = item.partition(": ")
            assert name.lower() not in headers, "a header was sent twice"
            headers[name.lower()] = value
        while len(body) < int(headers.get("content-length", "0")):
            body += connection.recv(65536)
        self.requests.append(Request(line, headers, body.decode()))

    def settled(self) -> list[Request]:
        """Return all requests, once each connection so far is done with."""
        for handler in self._handlers:
            handler.join(10)
        return self.requests

    def close(self) -> None:
        """Stop, whatever is under way."""
        self.stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._accepting.join(10)
        self._listener.close()
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has ended already
                pass
        self.settled()

    def _accept(self) -> None:
        while True:
            try:
                connection, _peer = self._listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            behaviour = self.script[min(self.connections, len(self.script) - 1)]
            self.connections += 1
            self._open.append(connection)
            handler = threading.Thread(target=self._visit, args=(connection, behaviour))
            handler.start()
            self._handlers.append(handler)  # not before: `settled` joins what stands in the list

    def _visit(self, connection: socket.socket, behaviour: Behaviour) -> None:
        try:
            with connection:
                if self.kind == "cut":
                    connection.recv(1)
                elif self.kind:
                    with self._context.wrap_socket(connection, server_side=True) as inside:
                        self._open.append(inside)
                        self._serve(inside, behaviour)
                else:
                    self._serve(connection, behaviour)
        except (OSError, EOFError):  # the client left, as it should in most of these tests
            pass

    def _serve(self, connection: socket.socket, behaviour: Behaviour) -> None:
        self.receive(connection)
        behaviour(connection, self)


def _until(connection: socket.socket, end: bytes) -> bytes:
    data = b""
    while end not in data:
        piece = connection.recv(65536)
        if not piece:
            raise EOFError
        data += piece
        if data.startswith(b"\x16\x03"):  # a TLS handshake: answer it as a plain server does
            connection.sendall(_head(400, {}))
            raise EOFError
    return data


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")


def answer(status: int, body: bytes | str = b"", **headers: str) -> Behaviour:
    """Answer in order; an underscore in a header's name stands for a hyphen."""
    data = body.encode() if isinstance(body, str) else body
    head = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(_head(status, {"Content-Length": str(len(data)), **head}) + data)


def grant(**members: object) -> Behaviour:
    """Answer with a token good for an hour; a member may be replaced, and None leaves it out."""
    document = {"access_token": "tok", "token_type": "Bearer", "expires_in": 3600, **members}
    kept = {name: value for name, value in document.items() if value is not None}
    return answer(200, json.dumps(kept), Content_Type="application/json")


def send(data: bytes) -> Behaviour:
    """Send these bytes and close."""

    def behave(connection: socket.socket, _server: Scripted) -> None:
        connection.sendall(data)

    return behave


def redirect(status: int, location: str) -> Behaviour:
    """Answer with a redirect."""
    return answer(status, "moved", Location=location)


def zipped(body: bytes) -> Behaviour:
    """Answer with gzip, though nobody asked for it."""
    return answer(200, gzip.compress(body), Content_Encoding="gzip")


def short(body: bytes) -> Behaviour:
    """Announce ten bytes more than come."""
    return send(_head(200, {"Content-Length": str(len(body) + 10)}) + body)


def broken_chunk(connection: socket.socket, _server: Scripted) -> None:
    """Announce a chunk whose length is no number."""
    connection.sendall(_head(200, {"Transfer-Encoding": "chunked"}) + b"zz\r\nxx\r\n")


def huge(size: int) -> Behaviour:
    """Send so many bytes without announcing how many."""
    return send(_head(200, {}) + b" " * size)


def drip_body(connection: socket.socket, server: Scripted) -> None:
    """Send the head, then one byte after the other for ever."""
    connection.sendall(_head(200, {"Content-Length": "100000"}))
    _drip(connection, server)


def drip_head(connection: socket.socket, server: Scripted) -> None:
    """Send a header, one byte after the other, that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _drip(connection, server)


def _drip(connection: socket.socket, server: Scripted) -> None:
    while not server.stopping.wait(DRIP_S):
        connection.sendall(b" ")


def silence(_connection: socket.socket, server: Scripted) -> None:
    """Never answer."""
    server.stopping.wait(30)


def reset(connection: socket.socket, _server: Scripted) -> None:
    """Reset the connection: a linger time of zero makes close() send RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def tunnel(host: str, inner: Behaviour) -> Behaviour:
    """Grant a proxy's CONNECT, and be the TLS server `host` behind it, too."""

    def behave(connection: socket.socket, server: Scripted) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        context = server.context(host)
        with context.wrap_socket(connection, server_side=True) as inside:
            server.receive(inside)
            inner(inside, server)

    return behave


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Script]:
    """Return the way to start servers; all are stopped at the test's end."""
    servers: list[Scripted] = []

    def start(*script: Behaviour, kind: Kind = "trusted") -> Scripted:
        server = Scripted(script, kind, str(tmp_path / f"ca-{len(servers)}.pem"))
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()
