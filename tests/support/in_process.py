"""The fast door and the command line, one after the other in this process."""

import _signal  # type: ignore[import-not-found]
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

from credhelper import __main__, caller
from credhelper.cli import call, run
from credhelper.renewal import issue
from credhelper.system import deadline, hardening

NOW = 1_900_000_000
_READ, _WRITE = os.read, os.write


@dataclass(frozen=True)
class Call:
    """A call: the name under which we are started, the words, the variables, what stdin has."""

    command: str
    arguments: Sequence[str]
    environ: Mapping[str, str]
    stdin: bytes = b""


@dataclass(frozen=True)
class Said:
    """What a call wrote, into a file of the caller's choice, too, and its status."""

    stdout: bytes
    stderr: bytes
    status: int
    file: bytes = b""


class Left(BaseException):
    """The process would have ended."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Unanswered(BaseException):
    """The door hands over or waits; or the command line does, or asks a server."""


@dataclass
class Command:
    """Where the calls happen; nothing of them is real but the files."""

    call: Call
    output: str
    stdin: bytes = b""
    written: dict[int, bytes] = field(default_factory=dict)

    def door(self) -> Said | None:
        """Return what the fast door answers, None if it leaves the answer to the command line."""
        self._begin()
        try:
            __main__.main()
        except Left as left:
            return self._said(left.status)
        except Unanswered:
            return None

    def line(self) -> Said | None:
        """Return what the command line answers, None if it waits or asks a server."""
        self._begin()
        try:
            return self._said(_RUN(handed_on(self.call.arguments, self._question())))
        except Unanswered:
            return None

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
        self.written[descriptor] = self.written.get(descriptor, b"") + data
        return len(data)

    def _begin(self) -> None:
        self.stdin, self.written = self.call.stdin, {}
        Path(self.output).unlink(missing_ok=True)

    def _question(self) -> caller.Question | None:
        """Return what a caller asks under a name of its own; else the words are parsed."""
        if self.call.command == "credhelper":
            return None
        name, words = caller.of_name(self.call.command, self.call.arguments)
        protocol = caller.load(name)
        return caller.hear(protocol, words) if protocol else None

    def _said(self, status: int) -> Said:
        file = Path(self.output)
        data = file.read_bytes() if file.is_file() else b""
        return Said(self.written.get(1, b""), self.written.get(2, b""), status, data)


_RUN = run.run


def handed_on(words: Sequence[str], question: caller.Question | None) -> call.Call:
    """Return a call as the door hands it on that holds no lock."""
    nothing: tuple[int, set[int], set[int], float] = (0o077, set(), set(), 0.0)
    return call.Call(words, inherited=(*nothing, time.monotonic()), question=question)


@contextmanager
def around(call: Call, output: str) -> Iterator[Command]:
    """Prepare a call in this process, where no time passes; `output` is a caller's file."""
    command = Command(call, output)
    started = time.monotonic()
    parts: list[tuple[Any, str, Any]] = [
        (os, "read", command.read),
        (os, "write", command.write),
        (os, "_exit", _leave),
        (os, "isatty", lambda _descriptor: False),
        (sys, "argv", [call.command, *call.arguments]),
        (time, "time", lambda: float(NOW)),
        (time, "sleep", _stop),
        (_signal, "setitimer", _nothing),
        (signal, "setitimer", _nothing),
        (deadline, "start", _nothing),
        (deadline, "stop", _nothing),
        (hardening, "apply", _nothing),
        (__main__, "_take_over", lambda: (0o077, set(), set(), 0.0, started)),
        (run, "_log", _nothing),
        (run, "run", _hand_over),
        (issue, "_fetch_within", _stop),
    ]
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, call.environ, clear=True))
        for place, name, ours in parts:
            stack.enter_context(mock.patch.object(place, name, ours))
        yield command


def _leave(status: int) -> NoReturn:
    raise Left(status)


def _hand_over(call: call.Call) -> NoReturn:
    if call.lock:
        call.lock.release()
    raise Unanswered


def _stop(*_arguments: object, **_named: object) -> NoReturn:
    raise Unanswered


def _nothing(*_arguments: object) -> None:
    """Do nothing."""
