"""How the last exchange failed: a marker beside the entry, told by `list` until one succeeds.

A refusal is shared, too: while it stands, the next callers get what the server said moments ago.
Without that a build farm with a wrong secret makes hundreds of failing logins, and the server locks
the client out. `forget`, `--fresh` and any change of the settings go past it.
"""

import time

from credhelper import cache, store
from credhelper.errors import CredhelperError, DeniedError, TemporaryError

TYPE_CHECKING = False  # waiters import this, and `import typing` costs 6 ms
if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "credhelper-refusal 2"
# A wrong secret stays wrong for a while; a person who has just mended it waits no longer.
DENIED_S = 5.0
# Whatever a server asks for: after an hour somebody tries again.
WAIT_LIMIT_S = 3600.0
# Errors of the client (RFC 6749 section 5.2) that another caller would get just as well.
CODES = ("invalid_client", "unauthorized_client")


class Failure:
    """An error, of which settings, and when (unix seconds).

    Until `until` it speaks for every caller; a time in the past: it never did for any.
    """

    __slots__ = ("at", "conditions", "error", "identity", "stamp", "until")

    def __init__(  # noqa: PLR0913 - one per part of the file
        self,
        error: CredhelperError,
        *,
        at: float,
        until: float,
        stamp: str,
        identity: str,
        conditions: "Mapping[str, str | None]",
    ) -> None:
        self.error = error
        self.at = at
        self.until = until
        self.stamp = stamp
        self.identity = identity
        self.conditions = conditions


def lasts_s(error: CredhelperError) -> float:
    """Return for how long other callers need not ask; 0 for an error that is only this one's."""
    if isinstance(error, DeniedError) and error.code in CODES:
        return DENIED_S
    if isinstance(error, TemporaryError) and error.retry_after_s:
        return min(error.retry_after_s, WAIT_LIMIT_S)
    return 0.0


def write(where: str, name: str, failure: Failure) -> None:
    """Leave a marker beside the entry `name`. Raises OSError, ValueError as `store.replace`."""
    error = failure.error
    wait = "" if error.retry_after_s is None else str(error.retry_after_s)
    words = (error.word, error.problem, error.hint, error.code, wait)
    head = (VERSION, failure.stamp, failure.identity, str(failure.at), str(failure.until))
    conditions = store.condition_lines(failure.conditions)
    store.replace(where, name + store.REFUSED, [*head, *words, *conditions])


def last(where: str, name: str) -> Failure | None:
    """Return how the last exchange failed; None if it did not, or that is not known."""
    lines = cache.read_lines(where, name + store.REFUSED)
    kinds = {kind.word: kind for kind in CredhelperError.__subclasses__()}
    try:
        version, stamp, identity, at, until, word, problem, hint, code, wait = lines[:10]
        retry_after_s = float(wait) if wait else None
        failure = Failure(
            kinds[word](problem, hint=hint, code=code, retry_after_s=retry_after_s),
            at=float(at),
            until=float(until),
            stamp=stamp,
            identity=identity,
            conditions=dict(map(cache.condition, lines[10:])),
        )
    except (ValueError, KeyError):
        return None
    # Neither a damaged number nor a time that never ends.
    is_sound = all(0 <= each < cache.TIME_LIMIT for each in (failure.at, retry_after_s or 0))
    return failure if version == VERSION and is_sound else None


def read(
    where: str, name: str, *, stamp: str, environ: "Mapping[str, str]"
) -> CredhelperError | None:
    """Return the error that the marker stands for, while it does and under the same settings."""
    failure, now = last(where, name), time.time()
    if failure is None or failure.stamp != stamp or not failure.at <= now + 1:
        return None
    stands = now < failure.until <= now + WAIT_LIMIT_S and cache.holds(failure.conditions, environ)
    return failure.error if stands else None


def end(where: str, name: str) -> None:
    """Delete the marker: the exchange works. Raises OSError, ValueError if the disk refuses."""
    cache.check_folder(where)
    store.delete(f"{where}/{name}{store.REFUSED}")
