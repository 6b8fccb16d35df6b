"""The command, watched: each call is shown to the test, which lets it go on or holds it."""

import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.supervisor import call, launch
from tests.support.supervisor.call import Call

_LAUNCH = str(Path(launch.__file__))
# ioctl(2) of the listener: a notification of 80 bytes, and an answer of 24.
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_NOTIFICATION = struct.Struct("QIIiIQ6Q")
_ANSWER = struct.Struct("QqiI")
_CONTINUE = 1


@dataclass
class Ended:
    """How the command ended; `status` is None if it had to be killed."""

    status: int | None
    stdout: bytes
    stderr: bytes
    took_s: float


def require() -> None:
    """Skip the test where calls cannot be watched, and say why."""
    if not sys.platform.startswith("linux") or os.uname().machine != "x86_64":
        pytest.skip("system calls are known by their numbers on Linux for x86-64 alone")
    if os.geteuid():
        pytest.skip("only root may look into a process that hides its memory")
    probe = f"from tests.support.supervisor import launch; launch.listen([{call.NUMBERS['wait4']}])"
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False)
    if ran.returncode:
        pytest.skip("seccomp may not be used here")


def run(  # noqa: PLR0913 - as a process has them
    command: Sequence[str],
    *,
    is_held: Callable[[Call], bool],
    environ: Mapping[str, str],
    cwd: Path,
    stdin: bytes = b"",
    user: int | None = None,
    limit_s: float = 60.0,
) -> Ended:
    """Run a command to its end. A call for which `is_held` is true never returns by itself.

    A signal interrupts it, as it does a read of a pipe or of a file system that hangs. Only calls
    of the command itself are shown, not those of its children. With a `user` it is the product's
    words that are run, as that user.
    """
    ours, its = socket.socketpair()
    numbers = ",".join(map(str, call.NUMBERS.values()))
    python = [sys.executable, "-I", *(["-S"] if user is None else [])]
    name = "" if user is None else str(user)
    words = [*python, _LAUNCH, str(its.fileno()), name, numbers, *command]
    process = subprocess.Popen(
        words,
        env=environ,
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[its.fileno()],
    )
    its.close()
    with ours, process:
        assert process.stdin
        process.stdin.write(stdin)
        process.stdin.close()
        listener = socket.recv_fds(ours, 16, 1)[1][0]
        started = time.monotonic()
        try:
            _watch(listener, process, is_held, started + limit_s, is_started=user is not None)
        finally:
            status = process.poll()
            process.kill()
            os.close(listener)
        took_s = time.monotonic() - started
        assert process.stdout
        assert process.stderr
        return Ended(status, process.stdout.read(), process.stderr.read(), took_s)


def _watch(
    listener: int,
    process: "subprocess.Popen[bytes]",
    is_held: Callable[[Call], bool],
    until: float,
    *,
    is_started: bool,
) -> None:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    memory = os.open(f"/proc/{process.pid}/mem", os.O_RDONLY)
    try:
        while process.poll() is None and time.monotonic() < until:
            if not poll.poll(100):
                continue
            asked = bytearray(_NOTIFICATION.size)
            try:
                fcntl.ioctl(listener, _RECEIVE, asked, True)
            except OSError:
                continue  # a signal took the call away, or the process
            number, tid, _flags, what, _arch, _at, *arguments = _NOTIFICATION.unpack(asked)
            if not is_started:  # the first call after the launcher's end has another memory
                os.close(memory)
                memory = os.open(f"/proc/{process.pid}/mem", os.O_RDONLY)
                is_started = _is_new(process.pid)
            if is_started and os.path.exists(f"/proc/{process.pid}/task/{tid}"):
                shown = call.read(process.pid, what, tuple(arguments), memory)
                if is_held(shown):
                    continue
            _let_go(listener, number)
    finally:
        os.close(memory)


def _is_new(pid: int) -> bool:
    """Return whether the launcher has become the command."""
    return b"launch.py" not in Path(f"/proc/{pid}/cmdline").read_bytes()


def _let_go(listener: int, number: int) -> None:
    try:
        fcntl.ioctl(listener, _SEND, _ANSWER.pack(number, 0, 0, _CONTINUE))
    except OSError:
        pass  # a signal took the call away, or the process
