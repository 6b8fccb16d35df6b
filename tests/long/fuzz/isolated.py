"""One example in isolation: its environment, stdin, outputs, and the servers that answer it."""

import logging
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from unittest import mock

import urllib3.util.connection

from credhelper import __main__ as door
from credhelper import cache
from credhelper.system import deadline

HOST, PORT = "127.0.0.1", 9
ADDRESS = f"http://{HOST}:{PORT}"


@dataclass
class Isolated:
    """What an example has written, waited and connected to; `answers` are still to be given."""

    stdin: bytes
    answers: list[bytes]
    stdout: bytes = b""
    stderr: bytes = b""
    waited_s: float = 0.0
    connections: list[socket.socket] = field(default_factory=list)

    def read(self, descriptor: int, limit: int) -> bytes:
        """Read stdin from here, and any other file as it is."""
        if descriptor:
            return _READ(descriptor, limit)
        data, self.stdin = self.stdin[:limit], self.stdin[limit:]
        return data

    def write(self, descriptor: int, data: bytes) -> int:
        """Keep what goes to stdout and stderr."""
        if descriptor not in (1, 2):
            return _WRITE(descriptor, data)
        if descriptor == 1:
            self.stdout += data
        else:
            self.stderr += data
        return len(data)

    def sleep(self, seconds: float) -> None:
        """Let no time pass."""
        assert 0 <= seconds <= 3600
        self.waited_s += seconds

    def connect(self, address: tuple[str, int], *_rest: object, **_more: object) -> socket.socket:
        """Return a connection on which the next answer has come already.

        Only to the server that was configured: whatever an answer says, nobody else is asked.
        """
        assert address == (HOST, PORT)
        if not self.answers:
            raise ConnectionRefusedError
        ours, theirs = socket.socketpair()
        self.connections += [ours, theirs]
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        theirs.setblocking(False)
        theirs.send(self.answers.pop(0))
        theirs.shutdown(socket.SHUT_WR)
        return ours


_READ, _WRITE = os.read, os.write


@contextmanager
def around(
    environ: Mapping[str, str], *, stdin: bytes = b"", answers: Sequence[bytes] = ()
) -> Iterator[Isolated]:
    """Isolate an example."""
    isolated = Isolated(stdin, list(answers))
    with ExitStack() as stack:
        # The command shuts the libraries' logs (`cli`), and they quote headers.
        logging.disable()
        stack.callback(logging.disable, logging.NOTSET)
        stack.enter_context(mock.patch.dict(os.environ, environ, clear=True))
        # As `main` does: whoever waits does so below the limit of a run.
        handler = signal.signal(signal.SIGALRM, door._expire)  # noqa: SLF001 - it is the door's
        stack.callback(signal.signal, signal.SIGALRM, handler)
        stack.callback(deadline.stop)
        signal.setitimer(signal.ITIMER_REAL, cache.BUDGET_S, deadline.AGAIN_S)
        for place, name, ours in (
            (os, "read", isolated.read),
            (os, "write", isolated.write),
            (time, "sleep", isolated.sleep),
            (urllib3.util.connection, "create_connection", isolated.connect),
        ):
            stack.enter_context(mock.patch.object(place, name, ours))
        try:
            yield isolated
        finally:
            for each in isolated.connections:
                each.close()


def http(data: bytes) -> bytes:
    """Return `STATUS`, header lines, an empty line and a body as an answer on the wire."""
    head, _separator, body = data.partition(b"\n\n")
    return b"HTTP/1.1 " + head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body
