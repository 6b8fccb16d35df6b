"""Run a command with the token in its environment."""

import os
import signal
import subprocess
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace

from credhelper import output, profile, secret, store, table
from credhelper.errors import CredhelperError, OutputError, UsageError
from credhelper.issue import Order, issue
from credhelper.token import Token

# What shells answer for a command that is not there, or cannot be run (POSIX XCU 2.8.2).
NOT_FOUND, NOT_EXECUTABLE = 127, 126
# The file is fresh for whoever reads it: rewritten this long before the token expires.
AHEAD_S = 60.0
# After a renewal that failed; and how long one may hold up a signal for the child.
PAUSE_S, RENEWAL_S = 10.0, 5.0
# What a terminal, a supervisor or a build tool sends; all else ends or stops us like any command.
PASSED_ON = {
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGCONT),
}


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments; the child's command line follows a `--`."""
    parser.add_argument(
        "profile", nargs="?", default="", metavar="PROFILE", help="then `--` and the command"
    )
    parser.add_argument("--env", default="ACCESS_TOKEN", metavar="NAME", help="the variable's name")
    parser.add_argument(
        "--refresh-file", default="", metavar="PATH", help="keep a file with the token fresh (0600)"
    )
    parser.add_argument(
        "--min-ttl", default="0s", metavar="DURATION", help="remaining life it needs"
    )


def run(options: SimpleNamespace) -> int:
    """Become the command; with a file to refresh, wait for it and return its exit status.

    Raises UsageError without a command; and as `issue`.
    """
    if not options.child or not options.env.isidentifier():
        msg = "exec needs the name of a variable and, after `--`, a command"
        raise UsageError(msg, hint="write: credhelper exec PROFILE -- COMMAND …")
    profiles = profile.load(os.environ, options.config)
    chosen = profiles.get(options.profile or os.environ.get("CREDHELPER_PROFILE", ""))
    order = Order(
        chosen, profiles.source, min_ttl_s=table.duration_s(options.min_ttl, key="--min-ttl")
    )
    token = issue(order, None).token
    # The secrets are ours, the token is the child's.
    hidden = secret.holders(profiles.tables[chosen.name])
    environ = {name: value for name, value in options.environ.items() if name not in hidden}
    environ[options.env] = token.access_token
    try:
        if options.refresh_file:
            brief = replace(chosen, deadline=min(chosen.deadline, RENEWAL_S))
            return _watch(options, environ, token, replace(order, profile=brief))
        _restore(options.umask)
        os.execvpe(options.child[0], options.child, environ)  # noqa: S606 - what we are for
    except (FileNotFoundError, NotADirectoryError):
        output.complain("credhelper: usage: the command is not found; check the words after `--`")
        return NOT_FOUND
    except PermissionError:
        output.complain("credhelper: usage: the command cannot be run; check the file's mode")
        return NOT_EXECUTABLE


def _restore(umask: int) -> None:
    """Give the child what the caller gave us: its umask, and SIGPIPE, which Python ignores."""
    os.umask(umask)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


def _watch(options: SimpleNamespace, environ: Mapping[str, str], token: Token, order: Order) -> int:
    """Run the command, keep the file fresh until it ends, and end as it did; the file is deleted.

    Signals are waited for, not handled, so the child gets each that another process sent us, once;
    those of the terminal go to the whole process group, and so to the child, anyway.
    """
    path = options.refresh_file
    try:
        store.write_token(path, token.access_token)
    except OSError:
        msg = f"{path} cannot be written"
        raise OutputError(msg, hint="name a file of yours in a folder of yours") from None
    signal.pthread_sigmask(signal.SIG_BLOCK, {*PASSED_ON, signal.SIGCHLD})
    try:
        child = subprocess.Popen(  # noqa: S603 - the caller's own command is what we are for
            options.child,
            env=environ,
            umask=options.umask,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, ()),  # noqa: PLW1509 - one thread
        )
        due = token.expires_at - AHEAD_S
        while child.poll() is None:
            wait_s = max(0.0, due - time.time())
            came = signal.sigtimedwait({*PASSED_ON, signal.SIGCHLD}, wait_s)
            if came is None:
                due = _refresh(path, order)
            elif came.si_signo != signal.SIGCHLD and came.si_pid:
                child.send_signal(came.si_signo)
    finally:
        store.delete(path)
    return _end_like(child.returncode)


def _refresh(path: str, order: Order) -> float:
    """Write a token that lives on; return when the next is due, soon if there was none."""
    try:
        token = issue(replace(order, min_ttl_s=2 * AHEAD_S), None).token
        store.write_token(path, token.access_token)
    except (CredhelperError, OSError):
        return time.time() + PAUSE_S
    return max(token.expires_at - AHEAD_S, time.time() + PAUSE_S)


def _end_like(returncode: int) -> int:
    """Return the child's exit status, or die by the signal that it died by."""
    if returncode >= 0:
        return returncode
    signal.signal(-returncode, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {-returncode})
    os.kill(os.getpid(), -returncode)
    return 128 - returncode
