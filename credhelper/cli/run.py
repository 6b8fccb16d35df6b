"""The command line: every command, and the exit status of whatever happens."""

import logging
import os
import time
from collections.abc import Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, NoReturn
from typing import Protocol as Contract

from credhelper import cache, caller
from credhelper.cli import answer
from credhelper.cli.call import Call
from credhelper.errors import BugError, CredhelperError, OutputError, TemporaryError, word_for
from credhelper.protocols import process
from credhelper.renewal import lock
from credhelper.system import deadline, hardening, output, registry
from credhelper.system.registry import COMMANDS

if TYPE_CHECKING:
    from argparse import ArgumentParser  # 5 ms, which a plain `get` need not pay


class Command(Contract):
    """A module with one command of the command line; its docstring is its line in `--help`."""

    def declare(self, parser: "ArgumentParser") -> None:
        """Add the command's own arguments; `--config`, `-v` and `--error-format` are there."""
        ...

    def run(self, options: SimpleNamespace) -> int:
        """Run it and return the exit status. Raises CredhelperError."""
        ...


def run(call: Call) -> int:
    """Run one command line and return its exit status. Raises nothing: errors become a line."""
    arguments = call.arguments
    try:
        environ = dict(os.environ)
        core = hardening.apply()
        options = _options(call)
        _log(options)
        # For a child of ours.
        options.environ, options.inherited, options.core = environ, call.inherited, core
        options.started = call.inherited[-1]
        return _run(options, call.lock)
    except CredhelperError as error:
        return _refuse(error, arguments)
    except deadline.DeadlineExceeded:
        late = TemporaryError("no answer in time", hint="try again later")
        return _refuse(late, arguments)
    except deadline.Signalled as signal:
        return 128 + signal.number
    except BrokenPipeError:
        return 141  # as if SIGPIPE had ended us: the reader has gone and reads no message
    except SystemExit as leaving:
        return output.flush(int(leaving.code or 0))
    except Exception as error:
        if call.spare and isinstance(error, ImportError | OSError):
            raise  # the door has a token that still serves
        return _refuse(unforeseen(error), arguments)


def _options(call: Call) -> SimpleNamespace:
    """Return the options: none but the defaults where the door has recognised the question."""
    if call.question:
        plain = {"command": "as", "config": "", "fresh": False, "min_ttl_s": 0.0, "verbose": False}
        return SimpleNamespace(question=call.question, **plain)
    from credhelper.cli import parser  # argparse costs 5 ms, which a plain `get` need not pay

    return parser.parse(call.arguments)


def _run(options: SimpleNamespace, held: lock.Lock | None) -> int:
    if options.command not in ("get", "as"):
        deadline.stop()  # a server or a child of ours may run for as long as it likes
        command: Command = registry.load(COMMANDS, options.command)
        return command.run(options)
    # After a question without an end there is time to say so.
    until = max(options.started + cache.BUDGET_S, time.monotonic() + deadline.AGAIN_S)
    if held:  # the door has waited as long as the profile lets it, which may be longer
        until = max(until, time.monotonic() + deadline.remaining_s())
    deadline.start(until)
    return answer.respond(options, options.question or _hear(options), held)


def _hear(options: SimpleNamespace) -> caller.Question:
    """Return the question of a `get` or `as` with options."""
    if options.command == "get":
        return caller.hear(process, [options.profile] if options.profile else [])
    return caller.hear(answer.find(options.protocol), options.words)


def unforeseen(error: Exception) -> CredhelperError:
    """Return the error for an uncaught exception: its class and its place, not its text."""
    if isinstance(error, ImportError | OSError):  # a file of the cache or of the installation
        hint = "check the disk and the installation, then try again"
        return OutputError(f"{word_for(error)} at {_place(error)}", hint=hint)
    problem = f"unforeseen {type(error).__name__} at {_place(error)}"
    return BugError(problem, hint="please report it with this line")


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


def _refuse(error: CredhelperError, arguments: Sequence[str]) -> int:
    """Write the error's one line, as text or, if requested, as JSON; return the exit status.

    The arguments are looked at as they are: the error may be that they cannot be parsed.
    """
    if deadline.claim_line():
        output.complain(error.json() if _error_format(arguments) == "json" else error.line())
    return error.status


def _error_format(arguments: Sequence[str]) -> str:
    """Return the last `--error-format`, which argparse takes abbreviated, too, else the variable's.

    What follows a `--` is another command's.
    """
    found = os.environ.get("CREDHELPER_ERROR_FORMAT", "")
    ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
    for word, following in pairwise([*ours, ""]):
        option, equals, value = word.partition("=")
        if len(option) > len("--") and "--error-format".startswith(option):
            found = value if equals else following
    return found
