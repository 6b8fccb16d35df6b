"""A person at a real pseudo terminal: reads what is asked, and types."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from types import TracebackType
from typing import Self

from tests.conftest import COMMAND, Box

LIMIT_S = 30.0
# Makes the terminal the process's own, so that Ctrl-C on it is a signal, and becomes the command.
_BECOME = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """A command that has stdin and stderr on a terminal; `seen` is what that has shown."""

    def __init__(self, box: Box, *arguments: str, command: str = COMMAND) -> None:
        self.seen = ""
        self._asked = 0
        self._parent, child = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _BECOME, command, *arguments],
            env=box.environ,
            cwd=box.home,
            stdin=child,
            stdout=subprocess.PIPE,
            stderr=child,
            start_new_session=True,
        )
        os.close(child)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(self._process.pid, signal.SIGKILL)  # a subshell would keep stdout open
        self._process.communicate()
        os.close(self._parent)

    def press(self, question: str, keys: str) -> None:
        """Wait until the question is shown, after those before it, and press the keys."""
        limit = time.monotonic() + LIMIT_S
        while question not in self.seen[self._asked :]:
            assert time.monotonic() < limit, self.seen
            assert self._read(), self.seen
        self._asked += self.seen[self._asked :].index(question) + len(question)
        os.write(self._parent, keys.encode())

    def answer(self, question: str, text: str) -> None:
        """Wait until the question is shown, and type a line."""
        self.press(question, f"{text}\n")

    def wait_unseen(self) -> None:
        """Wait until what is typed is not shown."""
        limit = time.monotonic() + LIMIT_S
        while termios.tcgetattr(self._parent)[3] & termios.ECHO:
            assert time.monotonic() < limit, self.seen
            time.sleep(0.01)

    def end(self) -> tuple[int, str]:
        """Return the exit status and what went to stdout, once the command has ended."""
        while self._read():
            pass
        stdout, _none = self._process.communicate(timeout=LIMIT_S)
        return self._process.returncode, stdout.decode()

    def _read(self) -> bool:
        """Take what is shown; return whether more may come."""
        if not select.select([self._parent], [], [], LIMIT_S)[0]:
            return False
        try:
            piece = os.read(self._parent, 4096)
        except OSError:
            return False  # Linux tells so that the other side has closed
        self.seen += piece.decode(errors="replace")
        return bool(piece)


def seen_on_terminal(box: Box, *arguments: str) -> str:
    """Return what a person sees of a command that asks nothing."""
    parent, child = pty.openpty()
    process = subprocess.Popen([COMMAND, *arguments], env=box.environ, stdout=child)
    os.close(child)
    seen = b""
    try:
        while piece := os.read(parent, 4096):
            seen += piece
    except OSError:
        pass  # Linux tells so that the other side has closed
    os.close(parent)
    process.wait(10)
    return seen.decode()


def in_shell(box: Box, words: str, typed: str) -> bytes:
    """Return what a terminal shows of a line of shell that must succeed, and of what is typed."""
    with Terminal(box, "-c", words, command="/bin/sh") as terminal:
        terminal.wait_unseen()
        terminal.answer("", typed)
        status, _stdout = terminal.end()
        assert status == 0, terminal.seen
        return terminal.seen.encode()
