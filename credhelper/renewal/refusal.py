"""How the last exchange failed: a marker beside the entry, until one succeeds; read here.

A refusal is shared, too: while it stands, the next callers get what the server said moments ago.
Without that a build farm with a wrong secret makes hundreds of failing logins, and the server locks
the client out. `forget`, `--fresh` and any change of the settings go past it.
"""

import time

from credhelper import cache
from credhelper.errors import SHARED_S, CredhelperError
from credhelper.system import fingerprint
from credhelper.token import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "refusal"
SUFFIX = ".refused"  # ends the name of the marker beside an entry
DENIED_S = SHARED_S
# The longest wait that a server can ask for: an hour.
WAIT_LIMIT_S = 3600.0
# A renewal that failed is not tried again by every caller while the old token is good.
POSTPONE_S = 30


class Failure:
    """An error, of which settings, and when (unix seconds).

    `until` is the time until which other callers get this error without asking the server; 0 if it
    is not shared.
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
    """Return for how many seconds others need not ask; 0 for an error of this caller alone."""
    return min(error.shared_s or error.retry_after_s or 0.0, WAIT_LIMIT_S)


def last(slot: cache.Slot) -> Failure | None:
    """Return how the last exchange failed; None if it did not, or that is not known."""
    lines = cache.read_lines(slot.folder, slot.name + SUFFIX, KIND)
    kinds = {kind.word: kind for kind in CredhelperError.__subclasses__()}
    try:
        profile, grant, stamp, identity, at, until = lines[:6]
        word, problem, hint, code, wait = lines[6:11]
        retry_after_s = float(wait) if wait else None
        failure = Failure(
            kinds[word](problem, hint=hint, code=code, retry_after_s=retry_after_s),
            at=float(at),
            until=float(until),
            stamp=stamp,
            identity=identity,
            conditions=dict(map(cache.condition, lines[11:])),
        )
    except (ValueError, KeyError):
        return None
    # Neither a damaged number nor a time that never ends.
    is_sound = all(0 <= each < cache.TIME_LIMIT for each in (failure.at, retry_after_s or 0))
    return failure if (profile, grant) == (slot.profile, slot.grant) and is_sound else None


def read(
    slot: cache.Slot, *, stamp: str, environ: "Mapping[str, str]", newer_than: float = 0.0
) -> CredhelperError | None:
    """Return the error that the marker stands for, while it does and under the same settings.

    Only one that came after a time (unix seconds), for who goes past all that is older.
    """
    failure, now = last(slot), time.time()
    if failure is None or failure.stamp != stamp or not newer_than <= failure.at <= now + 1:
        return None
    stands = now < failure.until <= now + WAIT_LIMIT_S and _holds(failure.conditions, environ)
    return failure.error if stands else None


def is_postponed(slot: cache.Slot, entry: Entry) -> bool:
    """Return whether a renewal of this entry failed moments ago: then it serves as it is."""
    failure, now = last(slot), time.time()
    if failure is None or (failure.stamp, failure.identity) != (entry.stamp, entry.identity):
        return False
    return entry.stored_at <= failure.at <= now + 1 and now < failure.at + POSTPONE_S


def _holds(conditions: "Mapping[str, str | None]", environ: "Mapping[str, str]") -> bool:
    """Return whether all is as it was: variables, values of secret variables, files.

    `#NAME` has the fingerprint of a variable, `/path` the stamp of a file; see `fetch.conditions`.
    """
    return all(_now(name, value, environ) == value for name, value in conditions.items())


def _now(name: str, value: str | None, environ: "Mapping[str, str]") -> str | None:
    if name[:1] == "#":
        current = fingerprint.TAKEN.get(name[1:], environ.get(name[1:], ""))
        return fingerprint.of_value(current, (value or "")[:16])
    return fingerprint.of_file(name) if name[:1] == "/" else environ.get(name)
