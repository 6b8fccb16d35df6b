"""A token for a profile: from the cache or, once for all callers, from the server."""

import logging
import os
import time
from contextlib import suppress
from dataclasses import replace
from typing import cast

from credhelper import cache
from credhelper.config import variables
from credhelper.errors import CredhelperError, OutputError, TemporaryError, word_for
from credhelper.renewal import fetch, lock, outcome, refusal, store, wait
from credhelper.renewal.order import Issued, Order
from credhelper.system import deadline
from credhelper.token import HARD_S, Entry

# A caller with a good token does not wait long for a better one.
SOFT_BUDGET_S = 5.0
log = logging.getLogger(__name__)


def issue(order: Order, held: lock.Lock | None = None) -> Issued:
    """Return a token. `held` is a lock that the fast door already has.

    Raises the CredhelperError of what failed, when no token that still serves is cached.
    """
    deadline.start(order.until)
    try:
        issued = _issue_once(order, held)
        # The cached token expired because the machine slept.
        if issued.token.expires_at <= time.time() and _is_still_cached(order, issued.entry):
            issued = _issue_once(order, None)
    except deadline.DeadlineExceeded as late:
        raise _late(order, order.profile.deadline, late) from None
    return issued


def _is_still_cached(order: Order, entry: Entry) -> bool:
    there = cache.read(order.slot(), os.environ)
    return there is not None and there.token.access_token == entry.token.access_token


def _issue_once(order: Order, held: lock.Lock | None) -> Issued:
    settled = _settle(order, held)
    if settled.refusal:
        raise settled.refusal
    if entry := settled.entry:
        left_s = entry.token.expires_at - time.time()
        log.info("the token cached in %s is good for %.0f s", order.folder.path, left_s)
        _restamp(order, entry)
        return Issued(entry, outcome.warning(order, entry))
    held = cast("lock.Lock", settled.lock)
    try:
        return _renew(order, held)
    finally:
        held.release()


def _settle(order: Order, held: lock.Lock | None) -> wait.Settled:
    """Return an entry that needs no renewal, a refusal that is still valid, or the lock."""
    slot = order.slot()

    def read_refusal() -> CredhelperError | None:
        stamp, since = order.source.stamp, order.newer_than
        return refusal.read(slot, stamp=stamp, environ=os.environ, newer_than=since)

    if held and held.name == slot.name:
        return wait.Settled(lock=held)
    if held:
        held.release()  # of something else: the index, or a profile that has changed
    if order.profile.ephemeral:
        if error := read_refusal():
            return wait.Settled(refusal=error)
        return wait.Settled(lock=lock.Lock(slot.name, folder=order.folder))
    return wait.settle(
        slot,
        read=lambda: _usable(order),
        is_postponed=lambda entry: refusal.is_postponed(slot, entry),
        read_refusal=read_refusal,
        until=order.until,
    )


def _usable(order: Order) -> Entry | None:
    """Return the cached entry if it is this profile's by identity and good enough.

    By identity, not by stamp: a touched config file costs no request. For one that was stored after
    the call began `min_ttl_s` does not count: a new request would give no longer one.
    """
    entry = cache.read(order.slot(), os.environ)
    if entry is None or entry.identity != order.profile.identity():
        return None
    min_ttl_s = HARD_S if entry.stored_at >= order.placed_at else order.min_ttl_s
    if entry.stored_at < order.newer_than or not entry.serves(time.time(), min_ttl_s):
        return None
    return entry


def _restamp(order: Order, entry: Entry) -> None:
    """Let the fast door serve the entry again: the config was touched, not changed.

    It takes the lock, and changes only an entry that is still there: `forget` may have deleted it.
    """
    if entry.stamp == order.source.stamp or order.profile.ephemeral:
        return
    # What the disk refuses, the next caller tries again.
    with suppress(OSError, ValueError):
        held = lock.take(order.folder, order.slot().name)
        if held is None:
            return
        try:
            if there := _usable(order):
                there.stamp = order.source.stamp
                store.write(order.slot(), there)
        finally:
            held.release()


def _renew(order: Order, held: lock.Lock) -> Issued:
    """Return a new token and store it; the old one, with a warning, if the renewal fails."""
    old = None if order.profile.ephemeral else _usable(order)
    now = time.monotonic()
    # At most half of the time that is left: the old token must be written in time.
    until = now + min(SOFT_BUDGET_S, (order.until - now) / 2) if old else order.until
    try:
        entry = _fetch_within(order, until, old)
    except CredhelperError as error:
        if not order.source.path:  # the profile comes from variables
            variables.rename_keys(error, os.environ)
        outcome.mark(order, error)
        # Read again: `forget` may have deleted it meanwhile.
        old = _usable(order) if old else None
        if old is None:
            raise
        return Issued(old, error.line())
    return Issued(entry, outcome.keep(order, entry, held) or outcome.warning(order, entry))


def _fetch_within(order: Order, until: float, old: Entry | None) -> Entry:
    """Fetch a new entry within a time limit. Raises TemporaryError past it.

    Raises OutputError where a module or a file cannot be opened.
    """
    budget_s = order.profile.deadline if until >= order.until else until - time.monotonic()
    deadline.start(until)
    try:
        limited = replace(order, until=until)
        return fetch.fetch(limited, old, lambda: _plain(limited))
    except deadline.DeadlineExceeded as late:
        raise _late(order, budget_s, late) from None
    except (ImportError, OSError) as error:
        # Not the server's fault: a file could not be read. An old token serves meanwhile.
        msg = f"a file that profile {order.profile.name} needs cannot be opened ({word_for(error)})"
        raise OutputError(msg, hint="see `ulimit -a`, the disk and the installation") from None
    finally:
        if until < order.until:
            deadline.start(order.until)


def _late(order: Order, budget_s: float, late: deadline.DeadlineExceeded) -> TemporaryError:
    why = f": {late.waited_for} did not answer" if late.waited_for else ""
    msg = f"profile {order.profile.name} got no token within {budget_s:.0f} s{why}"
    is_soft = budget_s < order.profile.deadline  # a longer deadline would change nothing
    hint = "try again later" if is_soft else "try again later, or raise its `deadline`"
    return TemporaryError(msg, hint=hint)


def _plain(order: Order) -> Entry:
    """Return the entry of the access token: the cached one if it still serves, else a new one.

    It takes its own lock: the lock of the grant that takes the token first, then this one.
    """
    return _issue_once(replace(order, min_ttl_s=HARD_S, grant=""), None).entry
