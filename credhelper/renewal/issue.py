"""A token for a profile: from the cache or, once for all callers, from the server."""

import logging
import os
import time
from contextlib import suppress
from dataclasses import replace
from typing import cast

from credhelper import cache
from credhelper.errors import CredhelperError, OutputError, TemporaryError, word_for
from credhelper.renewal import fetch, lock, refusal, store
from credhelper.renewal.order import Issued, Order
from credhelper.system import deadline

# A caller with a good token does not wait long for a better one.
SOFT_BUDGET_S = 5.0
ATTEMPTS = 3
log = logging.getLogger(__name__)


def issue(order: Order, held: lock.Lock | None = None) -> Issued:
    """Return a token. `held` is a lock that the fast door already has.

    Raises the CredhelperError of what failed, when no token that still serves is cached.
    """
    deadline.start(order.until)
    try:
        issued = _issue_once(order, held)
        # A token that was cached has ended: the machine slept meanwhile.
        if issued.token.expires_at <= time.time() and _is_kept(order, issued.entry):
            issued = _issue_once(order, None)
    except deadline.DeadlineExceeded as late:
        raise _late(order, order.profile.deadline, late) from None
    return issued


def _is_kept(order: Order, entry: cache.Entry) -> bool:
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
        return Issued(entry, _warning(order, entry))
    held = cast("lock.Lock", settled.lock)
    try:
        return _renew(order, held)
    finally:
        held.release()


def _settle(order: Order, held: lock.Lock | None) -> lock.Settled:
    """Return an entry that needs no renewal, a refusal that stands, or the lock."""
    slot = order.slot()

    def read_refusal() -> CredhelperError | None:
        stamp, since = order.source.stamp, order.newer_than
        return refusal.read(slot, stamp=stamp, environ=os.environ, newer_than=since)

    if held and held.name == slot.name:
        return lock.Settled(lock=held)
    if held:
        held.release()  # another profile's, whose config has changed meanwhile
    if order.profile.ephemeral:
        if error := read_refusal():
            return lock.Settled(refusal=error)
        return lock.Settled(lock=lock.Lock(slot.name, folder=order.folder))
    return lock.settle(
        slot,
        read=lambda: _usable(order),
        is_postponed=lambda entry: refusal.is_postponed(slot, entry),
        read_refusal=read_refusal,
        until=order.until,
    )


def _usable(order: Order) -> cache.Entry | None:
    """Return the cached entry if it is this profile's by identity and good enough.

    By identity, not by stamp: a touched config file costs no request. One that was stored after
    the call began is as good as the server's tokens are.
    """
    entry = cache.read(order.slot(), os.environ)
    if entry is None or entry.identity != order.profile.identity():
        return None
    min_ttl_s = cache.HARD_S if entry.stored_at >= order.placed_at else order.min_ttl_s
    if entry.stored_at < order.newer_than or not entry.serves(time.time(), min_ttl_s):
        return None
    return entry


def _restamp(order: Order, entry: cache.Entry) -> None:
    """Let the fast door serve the entry again: the config was touched, not changed.

    Under the lock, and only what is there: `forget` may have deleted it meanwhile.
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
    endpoint = old.endpoint if old else ""  # a renewal need not ask the issuer for it
    now = time.monotonic()
    # Half of what is left at most: the old token must be written in time.
    until = now + min(SOFT_BUDGET_S, (order.until - now) / 2) if old else order.until
    try:
        entry = _fetch_within(order, until, attempts=1 if old else ATTEMPTS, endpoint=endpoint)
    except CredhelperError as error:
        _mark(order, error)
        # Read again: `forget` may have deleted it meanwhile.
        old = _usable(order) if old else None
        if old is None:
            raise
        return Issued(old, error.line())
    return Issued(entry, _kept(order, entry, held) or _warning(order, entry))


def _warning(order: Order, entry: cache.Entry) -> str:
    """Return a warning if the token lives shorter than was requested, else ""."""
    left_s = entry.token.expires_at - time.time()
    if left_s >= order.min_ttl_s - 1:
        return ""
    return f"credhelper: temporary: the server's tokens live {left_s:.0f} s; lower --min-ttl"


def _fetch_within(order: Order, until: float, *, attempts: int, endpoint: str) -> cache.Entry:
    """Return what was ordered, new, within a time limit. Raises TemporaryError past it.

    Raises OutputError where a module or a file cannot be opened.
    """
    budget_s = order.profile.deadline if until >= order.until else until - time.monotonic()
    deadline.start(until)
    try:
        limited = replace(order, until=until)
        return _keys(limited) if order.grant else fetch.token(limited, attempts, endpoint)
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
    return TemporaryError(msg, hint="try again later, or raise its `deadline`")


def _keys(order: Order) -> cache.Entry:
    """Return new AWS keys: for the cached access token if it still serves, else for a new one."""
    fetch.check_keys(order.profile)
    # The token is kept, too, under its own lock: always taken after that of the keys.
    plain = _issue_once(replace(order, min_ttl_s=cache.HARD_S, grant=""), None).entry
    return fetch.keys(order, plain)


def _mark(order: Order, error: CredhelperError) -> None:
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


def _kept(order: Order, entry: cache.Entry, held: lock.Lock) -> str:
    """Store the entry for the next caller. Return a warning if that failed: the answer comes first.

    Raises nothing. A token below the hard window would never be served, so it is not kept.
    """
    slot = order.slot()
    try:
        store.end_failure(slot)
        if order.profile.ephemeral:
            store.drop(slot)  # of the time when it was not
        elif entry.token.expires_at - time.time() > cache.HARD_S:
            store.write(slot, entry)
    except (OSError, ValueError, deadline.DeadlineExceeded):
        # On a full disk nobody gets a new lock: each waiting caller asks the server.
        with suppress(OSError):
            held.remove()
        where = order.folder.path or "any home"
        return f"credhelper: io: the token could not be kept in {where}; check it"
    return ""
