"""The command of `exec`: its environment, its signals, and its exit status as ours."""

import errno
import os
import signal
import subprocess
import time
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NoReturn

from credhelper.errors import CommandAbsentError, CommandFaultyError, TemporaryError
from credhelper.system import inherited
from credhelper.system.inherited import Inherited

# A Vault token reads the client secret, a proxy's address may have a password.
OURS = {"VAULT_TOKEN", "BAO_TOKEN", "CREDHELPER_PROXY", "ITWIN_CLIENT_SECRET"}
OURS_PREFIX = "CREDHELPER_CLIENT_SECRET"
# What is not passed on: no process can get them, or they mean a fault in the process itself, or
# stop a terminal's whole group.
_KEPT = {
    *(signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ),
    *(signal.SIGILL, signal.SIGTRAP, signal.SIGFPE, signal.SIGBUS, signal.SIGSEGV, signal.SIGSYS),
    *(signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU),
}
PASSED_ON = {int(each) for each in signal.valid_signals()} - _KEPT
# What a terminal sends to the whole group, and so to the command as well.
_TERMINALS = {signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH, signal.SIGHUP}
# Its number where the kernel itself sends a signal (sigaction(2)). A sender in another PID
# namespace, as `docker stop`, has no process id here.
_SI_KERNEL = 0x80
# A machine that slept is noticed after this long.
_PATIENCE_S = 60.0


def environment(
    environ: Mapping[str, str], *, holders: Collection[str], keep: Collection[str]
) -> dict[str, str]:
    """Return an environment without our secrets, but for the names to keep.

    `holders` are the variables that the config names as places of secrets.
    """
    return {
        name: value
        for name, value in environ.items()
        if name in keep or not (name in holders or name in OURS or name.startswith(OURS_PREFIX))
    }


def become(command: list[str], environ: Mapping[str, str], caller: Inherited) -> NoReturn:
    """Become the command. Raises CommandAbsentError, CommandFaultyError."""
    inherited.restore(caller)
    try:
        os.execvpe(command[0], command, environ)  # noqa: S606 - what we are for
    except OSError as error:
        raise _explain(error) from None


def start(command: Sequence[str], environ: Mapping[str, str], caller: Inherited) -> int:
    """Start the command and return its process id; its signals are ours to wait for from here on.

    Raises CommandAbsentError, CommandFaultyError, TemporaryError.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _awaited())
    for number in _awaited():
        # BSD drops a signal that would do nothing, even where it is blocked and waited for.
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _drop)
    try:
        with warnings.catch_warnings():
            # Python 3.12 warns of threads; the C library's own, of a timer, holds no lock.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = subprocess.Popen(  # noqa: S603 - the caller's own command is what we are for
                command,
                env=environ,
                close_fds=False,  # ours close themselves, the caller's are the command's
                preexec_fn=lambda: inherited.restore_for_child(caller),  # noqa: PLW1509
            )
    except OSError as error:
        raise _explain(error) from None
    child.returncode = 0  # `end` reaps it
    return child.pid


def end(pid: int, caller: Inherited, *, due: float, renew: Callable[[], float]) -> int:
    """Return the exit status of a command when it has ended, or minus the signal that ended it.

    It gets each signal that we are sent, once, and the caller's alarm. `renew` is called when it
    is `due` (unix seconds), and returns when it is due next.
    """
    alarm_at = inherited.alarm_at(caller)
    while True:
        ended = _reap(pid)
        if ended is not None:
            return ended
        if time.monotonic() >= alarm_at:
            alarm_at = float("inf")
            os.kill(pid, signal.SIGALRM)
        if time.time() >= due:
            due = renew()
        number = _wait(min(due - time.time(), alarm_at - time.monotonic()))
        if number:
            os.kill(pid, number)


def end_like(status: int) -> int:
    """Return an exit status of a command, or die by the signal that it died by."""
    if status >= 0:
        return status
    if -status not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(-status, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {-status})
    os.kill(os.getpid(), -status)
    return 128 - status  # the first process of a container does not die by a signal of its own


def _awaited() -> set[int]:
    return {*PASSED_ON, signal.SIGCHLD, signal.SIGALRM}


def _drop(_number: int, _frame: object) -> None:
    """Do nothing: the signal is blocked, and waited for."""


def _reap(pid: int) -> int | None:
    """Return how the command ended, None if it has not; reap whoever else was left to us.

    To the first process of a container all orphans come.
    """
    while True:
        found, status = os.waitpid(-1, os.WNOHANG)
        if found == pid:
            return os.waitstatus_to_exitcode(status)
        if not found:
            return None


def _wait(seconds: float) -> int:
    """Return a signal that is for the command, 0 for any other or after so many seconds."""
    signal.setitimer(signal.ITIMER_REAL, max(1e-3, min(seconds, _PATIENCE_S)))
    number, is_sent = _next_signal()
    signal.setitimer(signal.ITIMER_REAL, 0)
    if signal.SIGALRM in signal.sigpending():
        signal.sigwait({signal.SIGALRM})  # it came late; left there, it would end a renewal
    return number if is_sent and number in PASSED_ON else 0


def _next_signal() -> tuple[int, bool]:
    """Wait for a signal; return it, and whether a process sent it to us and not to our group."""
    if hasattr(signal, "sigwaitinfo"):
        came = signal.sigwaitinfo(_awaited())
        return came.si_signo, came.si_code != _SI_KERNEL
    # macOS does not say who sent it.
    number = int(signal.sigwait(_awaited()))
    return number, number != signal.SIGALRM and not (number in _TERMINALS and _is_watched())


def _is_watched() -> bool:
    """Return whether a terminal sends its signals to our group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _explain(error: OSError) -> CommandAbsentError | CommandFaultyError | TemporaryError:
    """Return what it means that a command could not be started (POSIX XCU 2.8.2)."""
    if error.errno in (errno.EAGAIN, errno.ENOMEM):
        return TemporaryError(
            "no new process can be started", hint="see `ulimit -u`, or try again later"
        )
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return CommandAbsentError("the command is not found", hint="check the words after `--`")
    msg = f"the command cannot be run ({os.strerror(error.errno or 0)})"
    return CommandFaultyError(msg, hint="check the file's mode and its first line")
