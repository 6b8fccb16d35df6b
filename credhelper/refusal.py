"""A refusal is shared: a marker tells the next callers what the server said moments ago.

Without it a build farm with a wrong secret makes hundreds of failing logins, and the server locks
the client out. `forget`, `--fresh` and any change of the settings go past it.
"""

import time

from credhelper import cache, store
from credhelper.errors import CredhelperError, DeniedError, TemporaryError

TYPE_CHECKING = False  # waiters import this, and `import typing` costs 6 ms
if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "credhelper-refusal 1"
# A wrong secret stays wrong for a while; a person who has just mended it waits no longer.
DENIED_S = 5.0
# Whatever a server asks for: after an hour somebody tries again.
WAIT_LIMIT_S = 3600.0
# Errors of the client (RFC 6749 section 5.2) that another caller would get just as well.
CODES = ("invalid_client", "unauthorized_client")


def lasts_s(error: CredhelperError) -> float:
    """Return for how long other callers need not ask; 0 for an error that is only this one's."""
    if isinstance(error, DeniedError) and error.code in CODES:
        return DENIED_S
    if isinstance(error, TemporaryError) and error.retry_after_s:
        return min(error.retry_after_s, WAIT_LIMIT_S)
    return 0.0


def write(
    where: str,
    name: str,
    error: CredhelperError,
    *,
    stamp: str,
    conditions: "Mapping[str, str | None]",
) -> None:
    """Leave a marker beside the entry `name`. Raises OSError, ValueError as `store.replace`."""
    now = time.time()
    wait = "" if error.retry_after_s is None else str(error.retry_after_s)
    words = (error.word, error.problem, error.hint, error.code, wait)
    times = (str(now), str(now + lasts_s(error)))
    lines = (VERSION, stamp, *times, *words, *store.condition_lines(conditions))
    store.replace(where, name + store.REFUSED, list(lines))


def read(
    where: str, name: str, *, stamp: str, environ: "Mapping[str, str]"
) -> CredhelperError | None:
    """Return the error that the marker stands for, while it does and under the same settings."""
    lines = cache.read_lines(where, name + store.REFUSED)
    try:
        version, its_stamp, since, until, word, problem, hint, code, wait = lines[:9]
        now = time.time()
        stands = float(since) <= now + 1 and now < float(until) <= now + WAIT_LIMIT_S
        retry_after_s = float(wait) if wait else None
    except ValueError:
        return None
    same = cache.holds(dict(map(cache.condition, lines[9:])), environ)
    if (version, its_stamp) != (VERSION, stamp) or not stands or not same:
        return None
    if not 0 <= (retry_after_s or 0) < cache.TIME_LIMIT:  # not a number, or no time that ends
        return None
    kind = DeniedError if word == DeniedError.word else TemporaryError
    return kind(problem, hint=hint, code=code, retry_after_s=retry_after_s)
