"""Wait for what another caller fetches, or get the lock to fetch it.

A stopped holder's lock is waited for with patience; then there is a second lock, so that one
stopped holder costs one request more, however many wait.
"""

import os
import time

from credhelper import cache
from credhelper.renewal import lock
from credhelper.token import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from credhelper.errors import CredhelperError

# Waiters read again after pauses that grow from the first to the second: two hundred of them that
# read every 10 ms would slow down the one that renews.
POLL_S, POLL_LIMIT_S = 0.05, 0.25
# A stopped holder is waited for this long, at most half of the time that is left.
PATIENCE_S = 10.0
# Somebody reads the config and writes the index: that takes no longer.
INDEX_PATIENCE_S = 1.0


class Settled:
    """What a caller without a fresh token gets: one of the three, the others are None.

    `entry` serves and needs no renewal, `refusal` is what the server told another caller moments
    ago, and under `lock` the caller renews the entry itself; `spare` is then the entry that still
    serves meanwhile, if there is one.
    """

    __slots__ = ("entry", "lock", "refusal", "spare")

    def __init__(
        self,
        *,
        entry: Entry | None = None,
        refusal: "CredhelperError | None" = None,
        lock: "lock.Lock | None" = None,
        spare: Entry | None = None,
    ) -> None:
        self.entry, self.refusal, self.lock, self.spare = entry, refusal, lock, spare


def settle(
    slot: cache.Slot,
    *,
    read: "Callable[[], Entry | None]",
    is_postponed: "Callable[[Entry], bool]",
    read_refusal: "Callable[[], CredhelperError | None]",
    until: float,
) -> Settled:
    """Return an entry that needs no renewal, or a refusal, else the lock to renew it under.

    `read` returns an entry that serves, or None. While another process holds the lock, a serving
    entry is good enough even inside its soft window. Without one the caller waits by reading, so
    that a hundred waiters never queue for the lock. `until` (monotonic) is when the run's time is
    over: its alarm ends the wait.
    """
    now = time.monotonic()
    patience_ends = now + min(PATIENCE_S, (until - now) / 2)
    pause_s = POLL_S * (1 + os.getpid() % 16 / 16)  # apart, without the 1.5 ms of `import random`
    held: lock.Lock | None = None
    spare: Entry | None = None
    while True:
        entry = read()
        spare = entry or spare  # the lock may have taken the last descriptor
        if entry and (entry.is_fresh(time.time()) or is_postponed(entry)):
            break
        if entry is None and (error := read_refusal()):
            _release(held)
            return Settled(refusal=error)
        if held:  # the holder before has stored nothing between our read and our lock
            return Settled(lock=held, spare=spare)
        try:
            held = _take(slot, patience_ends)
        except (OSError, ValueError):
            return Settled(lock=lock.Lock(slot.name, folder=slot.folder), spare=spare)
        if held:
            continue
        if entry:
            break
        time.sleep(pause_s)
        pause_s = min(1.5 * pause_s, POLL_LIMIT_S)
    _release(held)
    return Settled(entry=entry)


def _release(held: lock.Lock | None) -> None:
    if held:
        held.release()


def _take(slot: cache.Slot, patience_ends: float) -> lock.Lock | None:
    """Return the entry's lock, or after a while its second one; None if both are held."""
    held = lock.take(slot.folder, slot.name)
    if held is None and os.environ.get(cache.CHAIN):
        # The holder is our own ancestor, which waits for us.
        return lock.Lock(slot.name, folder=slot.folder)
    if held is None and time.monotonic() >= patience_ends:
        return lock.take(slot.folder, slot.name, lock.SECOND)
    return held


def await_index(
    folder: cache.Folder, settings: cache.Source
) -> "tuple[cache.Index | None, lock.Lock | None]":
    """Return the index of the config, or the lock under which to write it; or neither.

    Of many callers that know nothing of the config, one reads it and the others wait.
    """
    name = settings.slot(folder, cache.INDEX_NAME).name
    patience_ends = time.monotonic() + INDEX_PATIENCE_S
    while True:
        try:
            if held := lock.take(folder, name):
                index = cache.read_index(folder, settings)
                if index:
                    held.release()
                return index, None if index else held
        except (OSError, ValueError):
            return None, None
        if index := cache.read_index(folder, settings):
            return index, None
        if time.monotonic() >= patience_ends or os.environ.get(cache.CHAIN):
            return None, None
        time.sleep(POLL_S)
