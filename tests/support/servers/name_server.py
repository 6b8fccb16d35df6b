"""A name server that answers as a test says, and the way to run a command that asks it alone."""

import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support import mounts

RCODES = {"SERVFAIL": 2, "NXDOMAIN": 3}  # RFC 1035 section 4.1.1
ANSWER = 0x8180  # a response, recursion desired and available


@dataclass
class Resolver:
    """The running server: how it answers, what it was asked, and the words that run a command."""

    within: tuple[str, ...]
    kind: str = "NXDOMAIN"
    asked: list[bytes] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        """Answer every query with the same error, until the socket is shut."""
        while True:
            query, peer = listener.recvfrom(512)
            if not query:
                return
            self.asked.append(query)
            listener.sendto(self.answer(query), peer)

    def answer(self, query: bytes) -> bytes:
        """Return an error for a query: its question comes back, and no record."""
        question = query[12 : query.index(b"\0", 12) + 5]
        flags = ANSWER | RCODES[self.kind]
        return query[:2] + struct.pack("!5H", flags, 1, 0, 0, 0) + question


@pytest.fixture
def resolver(tmp_path: Path) -> Iterator[Resolver]:
    """Return a name server at port 53 of a loopback address of its own."""
    settings = {
        "resolv.conf": "nameserver {}\n",
        "nsswitch.conf": "hosts: dns\n",
    }
    binds = [f"mount --bind {tmp_path / name} /etc/{name}" for name in settings]
    made = Resolver(mounts.within(*binds))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        address = _bind(listener)
        for name, text in settings.items():
            (tmp_path / name).write_text(text.format(address))
        thread = threading.Thread(target=made.serve, args=(listener,))
        thread.start()
        yield made
        listener.sendto(b"", listener.getsockname())
        thread.join()


def _bind(listener: socket.socket) -> str:
    """Bind to port 53 of the first free address of 127.53.0.0/24; return the address."""
    for last in range(1, 255):
        try:
            listener.bind((f"127.53.0.{last}", 53))
        except OSError:
            continue
        return f"127.53.0.{last}"
    pytest.skip("no port 53 may be bound here")
