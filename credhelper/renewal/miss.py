"""What the fast door does without a fresh token: wait for another caller's, or take the lock.

Nothing here loads the config: the index says which profiles there are, and how long a run of each
may take. So a word that is no profile's name makes no file.
"""

import _signal  # type: ignore[import-not-found]  # as in `__main__`
import os
import time

from credhelper import cache
from credhelper.renewal import refusal, wait


def settle(
    folder: cache.Folder, settings: cache.Source, profile: str, grant: str, *, started: float
) -> wait.Settled:
    """Return a token, a refusal that another caller got moments ago, or a lock.

    The lock is the entry's, or the index's where nobody has read the config yet. Nothing of the
    three leaves all to `cli`: the profile is unknown, broken or never cached. `started` (monotonic)
    is when the run began.
    """
    index = cache.read_index(folder, settings)
    if index is None:
        index, held = wait.await_index(folder, settings)
        if index is None:
            return wait.Settled(lock=held)
    profile = profile or index.default
    deadline_s = index.profiles.get(profile, 0.0)
    if not deadline_s:
        return wait.Settled()
    until = started + deadline_s
    _signal.setitimer(_signal.ITIMER_REAL, max(until - time.monotonic(), 0.001), 1.0)
    slot = settings.slot(folder, profile, grant)
    settled = wait.settle(
        slot,
        read=lambda: cache.read_serving(slot, settings, os.environ, time.time()),
        is_postponed=lambda entry: refusal.is_postponed(slot, entry),
        read_refusal=lambda: refusal.read(slot, stamp=settings.stamp, environ=os.environ),
        until=until,
    )
    if settled.refusal and os.environ.get("CREDHELPER_ERROR_FORMAT") == "json":
        return wait.Settled()  # `cli` reads it again, and writes JSON
    return settled
