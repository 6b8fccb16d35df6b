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
from credhelper.errors import BugError, CredhelperError, OutputError, TemporaryError, word_for
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
        environ, umask = dict(os.environ), hardening.apply()
        options = _plain(arguments, question)
        if options is None:
            from credhelper import parser  # argparse costs 5 ms, which a plain `get` need not pay

            options = parser.parse(arguments)
        _log(options)
        if options.command == "get":
            return _get(options, held)
        if options.command == "as":
            return _as(options, held)
        options.environ, options.umask = environ, umask  # the caller's, for a child of ours
        return commands.find(options.command).run(options)
    except CredhelperError as error:
        return _refuse(error, arguments)
    except deadline.DeadlineExceeded:  # it struck while it was being stopped
        late = TemporaryError("the time is over", hint="try again later")
        return _refuse(late, arguments)
    except deadline.Signalled as signal:
        return 128 + signal.number
    except BrokenPipeError:
        return 141  # as if SIGPIPE had ended us: the reader has gone and reads no message
    except SystemExit as leaving:
        return output.flush(int(leaving.code or 0))
    except Exception as error:  # noqa: BLE001 - the last resort; the text may quote a secret
        return _refuse(_unforeseen(error), arguments)


def _unforeseen(error: Exception) -> CredhelperError:
    """Return what an exception means that nobody caught; only its class is told, and its place."""
    if isinstance(error, ImportError | OSError):  # a file of the cache or of the installation
        hint = "check the disk and the installation, then try again"
        return OutputError(f"{word_for(error)} at {_place(error)}", hint=hint)
    problem = f"unforeseen {type(error).__name__} at {_place(error)}"
    return BugError(problem, hint="please report it with this line")


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
    # What is logged where nobody listens goes to stderr, which callers read: as hashlib's traceback
    # does where one of its modules cannot be loaded.
    logging.getLogger().addHandler(logging.NullHandler())
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


def _refuse(error: CredhelperError, arguments: Sequence[str]) -> int:
    """Tell what went wrong in one line, as text or, if asked, as JSON; return the exit status.

    The arguments are looked at as they are: the error may be that they cannot be parsed.
    """
    ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
    text = " ".join(ours)
    asked = "--error-format=json" in text or "--error-format json" in text
    is_json = asked or os.environ.get("CREDHELPER_ERROR_FORMAT") == "json"
    output.complain(error.json() if is_json else error.line())
    return error.status
