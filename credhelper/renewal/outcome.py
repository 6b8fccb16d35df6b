"""What a renewal leaves: the entry for the next caller, or a marker of how it failed."""

import os
import time
from contextlib import suppress

from credhelper.errors import CredhelperError
from credhelper.renewal import fetch, lock, refusal, store
from credhelper.renewal.order import Order
from credhelper.system import deadline
from credhelper.token import HARD_S, Entry


def mark(order: Order, error: CredhelperError) -> None:
    """Write the failure for `list`, and a refusal for the next callers. Raises nothing."""
    slot, stamp, now = order.slot(), order.source.stamp, time.time()
    lasts_s = refusal.lasts_s(error)
    # A shared refusal is not replaced by an error of this caller alone; only its time moves on.
    is_shared = not lasts_s and refusal.read(slot, stamp=stamp, environ=os.environ)
    failure = refusal.last(slot) if is_shared else None
    failure = failure or refusal.Failure(
        error,
        at=now,
        until=now + lasts_s if lasts_s else 0.0,
        stamp=stamp,
        identity=order.profile.identity(),
        conditions=fetch.conditions(order) if lasts_s else {},
    )
    failure.at = now
    try:
        store.write_failure(slot, failure)
    except (OSError, ValueError):
        return  # then the next caller asks for itself


def keep(order: Order, entry: Entry, held: lock.Lock) -> str:
    """Store the entry for the next caller. Return a warning if that failed: the answer comes first.

    Raises nothing. A token below the hard window would never be served, so it is not kept.
    """
    slot = order.slot()
    try:
        store.end_failure(slot)
        if order.profile.ephemeral:
            store.drop(slot)  # of the time when it was not
        elif entry.token.expires_at - time.time() > HARD_S:
            store.write(slot, entry)
    except (OSError, ValueError, deadline.DeadlineExceeded):
        # On a full disk nobody gets a new lock: each waiting caller asks the server.
        with suppress(OSError):
            held.remove()
        where = order.folder.path or "any home"
        return f"credhelper: io: the token could not be kept in {where}; check it"
    return ""


def warning(order: Order, entry: Entry) -> str:
    """Return a warning if the token lives shorter than was requested, else ""."""
    left_s = entry.token.expires_at - time.time()
    if left_s >= order.min_ttl_s - 1:
        return ""
    return f"credhelper: temporary: the server's tokens live {left_s:.0f} s; lower --min-ttl"
