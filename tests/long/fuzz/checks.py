"""What every outcome must be: documented, one line, without a secret, and soon there."""

import hashlib
import json
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from credhelper import errors
from credhelper.errors import CredhelperError
from tests.support.canary import leaks

STATUSES = {kind.status for kind in CredhelperError.__subclasses__()} - {errors.BugError.status}
CPU_S = 5.0
MEMORY_KIB = 100 * 1024


class Slow(BaseException):
    """An example took more than CPU_S seconds of the processor; no `except Exception` hides it."""


def canary(data: bytes, kind: str) -> str:
    """Return a secret that this example cannot hold by chance, the same each time it is run."""
    digest = hashlib.sha256(kind.encode() + data).hexdigest()
    return f"{digest[:12]}+/={digest[12:24]}"


def parts(data: bytes, number: int) -> list[bytes]:
    """Return so many inputs of one example; what is missing is empty."""
    found = data.split(b"\x1e", number - 1)
    return found + [b""] * (number - len(found))


def word(data: bytes) -> str:
    """Return bytes as an argument or a variable arrives: without NUL, any byte else."""
    return data.replace(b"\0", b"").decode("utf-8", "surrogateescape")


def check(error: CredhelperError, *secrets: str) -> None:
    """Assert that an error is a documented one, told in one printable line of each shape."""
    assert error.status in STATUSES, error.line()
    assert error.retry_after_s is None or 0 <= error.retry_after_s < 10**11
    for line in (error.line(), error.json()):
        assert line.isprintable()
        assert len(line) <= errors.LINE_LIMIT
    json.loads(error.json(), parse_constant=_refuse_constant)
    shown = f"{error.line()}\n{error.json()}\n{error!r}\n{error}"
    assert not leaks(shown.encode("utf-8", "surrogateescape"), *secrets)


def _refuse_constant(name: str) -> NoReturn:
    raise AssertionError(name)  # NaN and Infinity are Python's own, and no JSON


@contextmanager
def bounded() -> Iterator[None]:
    """Raise Slow for an example that takes too long, fail for one that takes too much memory.

    By processor time: a busy machine makes nothing slow.
    """

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Slow

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    old = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, old)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY_KIB
