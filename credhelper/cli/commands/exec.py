"""Run a command with the token in its environment."""

import os
import signal
import time
from argparse import ArgumentParser
from dataclasses import replace
from types import SimpleNamespace

from credhelper import cache
from credhelper.cli import refresh_file
from credhelper.cli.parser import add_min_ttl
from credhelper.cli.refresh_file import RefreshFile
from credhelper.config import load
from credhelper.config.profile import Profile
from credhelper.errors import CommandAbsentError, OutputError, UsageError
from credhelper.renewal import issue, order
from credhelper.secrets import secret
from credhelper.system import child, deadline, inherited
from credhelper.token import Token

# The file is fresh for whoever reads it: rewritten this long before the token expires.
AHEAD_S = 60.0
# After a renewal that failed; and how long one may hold up a signal for the child.
PAUSE_S, RENEWAL_S = 10.0, 5.0


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments; the child's command line follows a `--`."""
    parser.add_argument(
        "profile", nargs="?", default="", metavar="PROFILE", help="then `--` and the command"
    )
    parser.add_argument("--env", default="ACCESS_TOKEN", metavar="NAME", help="the variable's name")
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="NAME",
        help="hand this variable on, though it holds a secret of ours",
    )
    parser.add_argument(
        "--refresh-file", default="", metavar="PATH", help="keep a file with the token fresh (0600)"
    )
    add_min_ttl(parser)


def run(options: SimpleNamespace) -> int:
    """Become the command; with a file to refresh, wait for it and return its exit status.

    Raises UsageError without a command, CommandAbsentError and CommandFaultyError where it cannot
    be run; and as `issue`.
    """
    if not options.child:
        hint = "put `--` before the command: credhelper exec PROFILE -- COMMAND …"
        raise UsageError("exec has no command to run", hint=hint)
    if not options.env.isidentifier():
        hint = "write it like --env ACCESS_TOKEN"
        raise UsageError("--env is not the name of a variable", hint=hint)
    if not options.child[0]:  # a shell's "$COMMAND" that is not set
        raise CommandAbsentError("the command is not found", hint="check the words after `--`")
    profiles = load.profiles(os.environ, options.config)
    chosen = profiles.get(options.profile or os.environ.get("CREDHELPER_PROFILE", ""))
    token = _issue(chosen, profiles.source, options.started, options.min_ttl_s)
    # The secrets are ours, the token is the child's.
    environ = child.environment(
        options.environ, holders=secret.holders(profiles.tables), keep=options.keep
    )
    environ[options.env] = token.access_token
    caller = inherited.complete(*options.inherited, core=options.core)
    if not options.refresh_file:
        child.become(options.child, environ, caller)
    file = refresh_file.claim(options.refresh_file)
    brief = replace(chosen, deadline=min(chosen.deadline, RENEWAL_S))
    try:
        _write(file, token)
        pid = child.start(options.child, environ, caller)
        status = child.end(
            pid,
            caller,
            due=token.expires_at - AHEAD_S,
            renew=lambda: _renew(file, brief, profiles.source),
        )
    finally:
        refresh_file.release(file)
    return child.end_like(status)


def _issue(chosen: Profile, source: cache.Source, started: float, min_ttl_s: float) -> Token:
    try:
        return issue.issue(order.place(chosen, source, started=started, min_ttl_s=min_ttl_s)).token
    finally:
        deadline.stop()  # the command has all the time it needs


def _write(file: RefreshFile, token: Token) -> None:
    try:
        refresh_file.write(file, token.access_token)
    except OSError as error:
        msg = f"--refresh-file {file.path} cannot be written ({os.strerror(error.errno or 0)})"
        raise OutputError(msg, hint="check the disk, or name another file") from None


def _renew(file: RefreshFile, brief: Profile, source: cache.Source) -> float:
    """Write a token that lives on; return when the next is due, soon if there was none."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})  # which ends the renewal in time
    try:
        token = _issue(brief, source, time.monotonic(), 2 * AHEAD_S)
        refresh_file.write(file, token.access_token)
    except (Exception, deadline.DeadlineExceeded):  # noqa: BLE001 - the command goes on, whatever it is
        return time.time() + PAUSE_S
    finally:
        deadline.stop()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    return max(token.expires_at - AHEAD_S, time.time() + PAUSE_S)
