"""Third parties' code in our process: it cannot write to our stdout and stderr.

A backend or a protocol of an entry point may print, and may raise whatever it likes.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    OutputError,
    ProtocolError,
    TemporaryError,
    UsageError,
)
from credhelper.system import redaction
from credhelper.system.deadline import DeadlineExceeded, Signalled

# What a contract lets them raise; we raise new ones of these classes, for theirs may be a subclass.
_KINDS = (ConfigError, DeniedError, TemporaryError, ProtocolError, UsageError, OutputError)
_HEARD_LIMIT = 4096  # bytes of their stderr that -v shows
_stderr = [2]  # where our own stderr is now: the last one
log = logging.getLogger(__name__)


def stderr() -> int:
    """Return the descriptor of our own stderr, for who must speak while a guest runs."""
    return _stderr[-1]


@contextmanager
def visit(name: str) -> Iterator[None]:
    """Run third parties' code; `name` says whose it is, as in `backend keyfile`.

    What it prints goes nowhere; with -v its stderr is logged, as far as `foreign` lets it.
    Raises CredhelperError for whatever it raises, but the end of our time and our signals.
    """
    heard, kept = _listener(), (os.dup(2), os.dup(1))
    _stderr.append(kept[0])
    try:
        _flush()
        os.dup2(heard, 2)
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    except (DeadlineExceeded, Signalled):
        raise
    except CredhelperError as error:
        raise _ours(error, name) from None
    except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt, too
        kind = redaction.code(type(error).__name__) or "an error"
        msg = f"{name} broke its contract ({kind})"
        raise ProtocolError(msg, hint="report it to who wrote that package") from None
    finally:
        _flush()  # what they left in Python's buffers is theirs, too
        for ours, number in zip(kept, (2, 1), strict=True):
            os.dup2(ours, number)
            os.close(ours)
        _stderr.pop()
        _tell(heard, name)


def _ours(error: CredhelperError, name: str) -> CredhelperError:
    """Return an error of ours for one that the contract allows; its text goes through `foreign`."""
    kind = next((each for each in _KINDS if isinstance(error, each)), ProtocolError)
    wait_s = error.retry_after_s
    return kind(
        redaction.sentence(error.problem) or f"{name} refuses, in words that are not shown",
        hint=redaction.sentence(error.hint) or f"see what {name} says of it",
        code=redaction.code(error.code),
        retry_after_s=float(wait_s) if isinstance(wait_s, int | float) else None,
        correlation_id=redaction.code(error.correlation_id),
    )


def _listener() -> int:
    """Return a descriptor for their stderr: where it can be read again with -v, else nowhere."""
    if log.isEnabledFor(logging.INFO) and hasattr(os, "memfd_create"):
        return os.memfd_create("stderr")
    return os.open(os.devnull, os.O_RDWR)


def _tell(heard: int, name: str) -> None:
    text = os.pread(heard, _HEARD_LIMIT, 0).decode(errors="replace") if _is_file(heard) else ""
    os.close(heard)
    for line in text.splitlines():
        if said := redaction.sentence(line):
            log.info("%s: %s", name, said)


def _is_file(descriptor: int) -> bool:
    return os.fstat(descriptor).st_size > 0


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with suppress(Exception):  # closed, or replaced by whatever they like
            stream.flush()  # type: ignore[union-attr]
