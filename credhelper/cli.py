"""The command line: every command, and the exit status of whatever happens."""

import logging
import os
from collections.abc import Sequence
from types import SimpleNamespace
from typing import NoReturn

from credhelper import (
    commands,
    conversation,
    deadline,
    hardening,
    lock,
    output,
    protocols,
)
from credhelper.errors import BugError, CredhelperError, TemporaryError
from credhelper.protocols import process


def run(
    arguments: Sequence[str],
    *,
    question: protocols.Question | None = None,
    held: CredhelperError | lock.Lock | None = None,
) -> int:
    """Run one command line and return its exit status. Raises nothing: errors become a line.

    `question` and `held` are what the fast door has heard and locked, or read, already.
    """
    try:
        hardening.apply()
        options = _plain(arguments, question)
        if options is None:
            from credhelper import parser  # argparse costs 5 ms, which a plain `get` need not pay

            options = parser.parse(arguments)
        _log(options)
        if options.command == "get":
            return _get(options, held)
        if options.command == "as":
            return _as(options, held)
        return commands.find(options.command).run(options)
    except CredhelperError as error:
        return _refuse(error)
    except deadline.DeadlineExceeded:  # it struck while it was being stopped
        return _refuse(TemporaryError("the time is over", hint="try again later"))
    except deadline.Signalled as signal:
        return 128 + signal.number
    except BrokenPipeError:
        return 141  # as if SIGPIPE had ended us: the reader has gone and reads no message
    except SystemExit as leaving:
        return output.flush(int(leaving.code or 0))
    except Exception as error:  # noqa: BLE001 - the last resort; the text may quote a secret
        place = _place(error)
        hint = "please report it with this line"
        return _refuse(BugError(f"unforeseen {type(error).__name__} at {place}", hint=hint))


def _plain(arguments: Sequence[str], question: protocols.Question | None) -> SimpleNamespace | None:
    """Return the options of a `get` or `as` without any, None for every other command line."""
    plain = SimpleNamespace(config="", fresh=False, min_ttl="0s", verbose=False, question=question)
    if question:
        plain.command = "as"
        return plain
    if arguments[:1] == ["get"] and len(arguments) <= 2 and not arguments[-1].startswith("-"):
        plain.command, plain.profile = "get", "".join(arguments[1:])
        return plain
    return None


def leave(status: int) -> NoReturn:
    """End the process without finalization: all is written, and libraries' threads need no end."""
    os._exit(status)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return (
        f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""
    )


def _log(options: SimpleNamespace) -> None:
    """Show our own log with -v. Libraries' loggers stay shut: at DEBUG botocore prints secrets."""
    for name in ("boto3", "botocore", "urllib3", "requests", "hvac"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if options.verbose:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("credhelper: %(message)s"))
        logging.getLogger("credhelper").addHandler(handler)
        logging.getLogger("credhelper").setLevel(logging.INFO)


def _get(options: SimpleNamespace, held: CredhelperError | lock.Lock | None) -> int:
    words = [options.profile] if options.profile else []
    return conversation.respond(options, protocols.hear(process, words), held)


def _as(options: SimpleNamespace, held: CredhelperError | lock.Lock | None) -> int:
    question = options.question
    if question is None:
        question = protocols.hear(conversation.find(options.protocol), options.words)
    return conversation.respond(options, question, held)


def _refuse(error: CredhelperError) -> int:
    output.complain(error.line())
    return error.status
