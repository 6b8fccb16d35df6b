"""The story: a token for a profile, from the cache or, once for all callers, from the server."""

import os
import time
from dataclasses import dataclass, replace

from credhelper import cache, deadline, lock, refusal, store
from credhelper.errors import CredhelperError, OutputError, TemporaryError, word_for
from credhelper.profile import Profile
from credhelper.token import Token

SOFT_S, SOFT_SHARE = 300, 0.2
# A renewal that failed is not tried again by every caller while the old token is good.
POSTPONE_S = 30
# With a good token in hand nobody should wait long for a better one.
SOFT_BUDGET_S = 5.0
ATTEMPTS = 3


@dataclass(frozen=True)
class Order:
    """One caller's wish: the profile and its source, how long the token must live, how new it is.

    `newer_than` is a unix time: only a token stored later will do; 0 takes any from the cache.
    `grant` "sts" wants the AWS keys that the token buys instead of the token itself.
    """

    profile: Profile
    source: cache.Source
    min_ttl_s: float = cache.HARD_S
    newer_than: float = 0.0
    grant: str = ""


@dataclass(frozen=True)
class Issued:
    """The token, and a warning where it was not got or kept as it should be."""

    token: Token
    warning: str = ""


def issue(order: Order, held: CredhelperError | lock.Lock | None) -> Issued:
    """Return a token. `held` is the lock that the fast door already has, or a refusal it has read.

    Raises the CredhelperError of what failed, when no token that still serves is cached.
    """
    where = cache.directory(os.environ)
    name = order.source.entry_name(order.profile.name, order.grant)
    issued = _issue_once(order, held, where, name)
    if issued.token.expires_at <= time.time():
        entry = cache.read(where, name, os.environ)
        # One that was good enough to be kept: the machine has slept meanwhile.
        if entry and entry.token.access_token == issued.token.access_token:
            return _issue_once(order, None, where, name)
    return issued


def _issue_once(
    order: Order, held: CredhelperError | lock.Lock | None, where: str, name: str
) -> Issued:
    found = _found(order, held, where, name)
    if isinstance(found, CredhelperError):
        raise found
    if isinstance(found, cache.Entry):
        if found.stamp != order.source.stamp:
            # The config was touched, not changed: let the fast door serve the token again.
            _keep(where, name, found.under(order.source.stamp, found.renew_at))
        return Issued(found.token)
    budget_s = order.profile.deadline - found.waited_s
    try:
        if order.profile.ephemeral:
            return Issued(_fetch_or_mark(order, where, name, budget_s=budget_s))
        return _renew(order, where, name, budget_s=budget_s)
    finally:
        found.release()


def _found(
    order: Order, held: CredhelperError | lock.Lock | None, where: str, name: str
) -> cache.Entry | CredhelperError | lock.Lock:
    """Return what there is: an entry that is fresh, a refusal that stands, or the lock."""

    def read_refusal() -> CredhelperError | None:
        if order.newer_than:
            return None
        return refusal.read(where, name, stamp=order.source.stamp, environ=os.environ)

    # The door may hold another lock (it did not know the default profile), or have given up.
    if isinstance(held, CredhelperError) or (held and (held.name == name or held.waited_s)):
        return held
    if order.profile.ephemeral:
        if held:
            held.release()
        return read_refusal() or lock.Lock(name)
    return lock.settle(
        where, name, read=lambda: _usable(order, where, name), read_refusal=read_refusal
    )


def _usable(order: Order, where: str, name: str) -> cache.Entry | None:
    """Return the cached entry if it is this profile's by identity and good enough.

    By identity, not by stamp: a touched config file costs no request.
    """
    entry = cache.read(where, name, os.environ)
    if entry is None or entry.identity != order.profile.identity():
        return None
    if entry.stored_at < order.newer_than or not entry.serves(time.time(), order.min_ttl_s):
        return None
    return entry


def _renew(order: Order, where: str, name: str, *, budget_s: float) -> Issued:
    """Return a new token and store it; the old one, with a warning, if there is none to be had."""
    old = _usable(order, where, name)
    if old and old.is_fresh(time.time()):
        return Issued(old.token, _keep(where, name, old.under(order.source.stamp, old.renew_at)))
    if old:
        budget_s = min(SOFT_BUDGET_S, budget_s)
    try:
        attempts = 1 if old else ATTEMPTS
        token = _fetch_or_mark(order, where, name, budget_s=budget_s, attempts=attempts)
    except CredhelperError as error:
        if old is None or not old.serves(time.time(), order.min_ttl_s):
            raise
        # Never before the soft window, though the clock has been set back meanwhile.
        again_at = max(int(time.time()) + POSTPONE_S, old.renew_at)
        _keep(where, name, old.under(order.source.stamp, again_at))
        return Issued(old.token, error.line())
    return Issued(token, _keep(where, name, _entry(order, token)))


def renew_at(
    profile: Profile, token: Token, *, soft_s: float = SOFT_S, share: float = SOFT_SHARE
) -> int:
    """Return when the soft window begins: 300 s or a fifth of the life before the expiry."""
    now = time.time()
    life_s = token.expires_at - now
    before_s = min(soft_s, share * life_s)
    if profile.renew_before is not None:
        # As long as a caller's own window may be, but never so long that each call renews.
        before_s = min(profile.renew_before, 0.9 * life_s)
    return int(token.expires_at - before_s)


def _entry(order: Order, token: Token) -> cache.Entry:
    """Return the entry of a new token, bound to all that decided about it."""
    return cache.Entry(
        token,
        stamp=order.source.stamp,
        identity=order.profile.identity(),
        stored_at=time.time(),
        renew_at=_renew_at(order, token),
        conditions=_conditions(order),
    )


def _renew_at(order: Order, token: Token) -> int:
    if not order.grant:
        return renew_at(order.profile, token)
    from credhelper import sts  # imported by now

    return renew_at(order.profile, token, soft_s=sts.SOFT_S, share=sts.SOFT_SHARE)


def _conditions(order: Order) -> dict[str, str | None]:
    """Return the variables that decided which secret was read, as they are."""
    from credhelper import secret  # the backend is imported by now

    variables = secret.variables(order.profile.client_secret)
    if order.grant:
        from credhelper import sts  # imported by now

        variables += sts.VARIABLES
    return {variable: os.environ.get(variable) for variable in variables}


def _fetch_or_mark(
    order: Order, where: str, name: str, *, budget_s: float, attempts: int = ATTEMPTS
) -> Token:
    """Return what was ordered, new; how it failed is left beside the entry, and raised."""
    try:
        token = _within(budget_s, order, attempts=attempts)
    except CredhelperError as error:
        _mark(order, where, name, error)
        raise
    try:
        refusal.end(where, name)
    except (OSError, ValueError):
        pass  # then `list` tells an old failure, with its time
    return token


def _mark(order: Order, where: str, name: str, error: CredhelperError) -> None:
    """Leave the failure for `list`, a refusal for the next callers too. Raises nothing."""
    stamp, lasts_s = order.source.stamp, refusal.lasts_s(error)
    if not lasts_s and refusal.read(where, name, stamp=stamp, environ=os.environ):
        return  # what stands for all is not replaced by what is this caller's alone
    now = time.time()
    failure = refusal.Failure(
        error,
        at=now,
        until=now + lasts_s if lasts_s else 0.0,
        stamp=stamp,
        identity=order.profile.identity(),
        conditions=_conditions(order) if lasts_s else {},
    )
    try:
        refusal.write(where, name, failure)
    except (OSError, ValueError):
        pass  # then the next caller asks for itself


def _keep(where: str, name: str, entry: cache.Entry) -> str:
    """Store the entry for the next caller. Return a warning if that failed: the answer comes first.

    Raises nothing. A token below the hard window would never be served, so it is not kept.
    """
    if entry.token.expires_at - time.time() <= cache.HARD_S:
        return ""
    try:
        store.write(where, name, entry)
    except (OSError, ValueError):
        return f"credhelper: io: the token could not be kept in {where or 'any home'}; check it"
    return ""


def _within(budget_s: float, order: Order, *, attempts: int) -> Token:
    """Return what was ordered, new, within a time limit. Raises TemporaryError past it.

    Raises OutputError where a module or a file cannot be opened.
    """
    deadline.start(max(budget_s, 1.0))
    try:
        return _fetch_keys(order) if order.grant else _fetch(order.profile, attempts)
    except deadline.DeadlineExceeded:
        msg = f"profile {order.profile.name} got no token within {budget_s:.0f} s"
        raise TemporaryError(msg, hint="try again later, or raise its `deadline`") from None
    except (ImportError, OSError) as error:
        # No server's doing: a module or a file could not be read. An old token serves meanwhile.
        msg = f"a file that profile {order.profile.name} needs cannot be opened ({word_for(error)})"
        raise OutputError(msg, hint="see `ulimit -a`, the disk and the installation") from None
    finally:
        deadline.stop()


def _fetch_keys(order: Order) -> Token:
    """Return new AWS keys: for the cached access token if it still serves, else for a new one."""
    from credhelper import sts  # boto3, 100 ms, for this grant only

    sts.settings(order.profile)  # a mistake in them costs no request
    left_s = deadline.remaining_s()
    started = time.monotonic()
    # The token is kept, too, under its own lock: always taken after that of the keys.
    profile = replace(order.profile, deadline=left_s)
    plain = replace(order, profile=profile, min_ttl_s=cache.HARD_S, grant="")
    token = issue(plain, None).token
    deadline.start(max(left_s - (time.monotonic() - started), 1.0))
    return sts.assume(order.profile, token)


def _fetch(profile: Profile, attempts: int) -> Token:
    # The network stack, 65 ms, is imported under the lock only: of 200 callers one pays for it.
    from credhelper import rotation

    return rotation.exchange(profile, attempts=attempts)
