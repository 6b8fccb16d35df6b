"""A new token, or the AWS keys that it buys, as an entry bound to all that decided about it."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from credhelper.config.profile import Profile
from credhelper.renewal.order import Order
from credhelper.token import Entry, Token

SOFT_S, SOFT_SHARE = 300, 0.2
# A caller with a good token need not try again: the next one will.
ATTEMPTS, RENEWAL_ATTEMPTS = 3, 1


@dataclass(frozen=True)
class Obtained:
    """What a grant gives: token or keys, the variables that decided, and when to renew them.

    `endpoint` is the one that an issuer's metadata named, else "".
    """

    token: Token
    conditions: Mapping[str, str | None]
    endpoint: str = ""
    soft_s: float = SOFT_S
    share: float = SOFT_SHARE


# `old` is the entry to be renewed, None without one; `plain` returns that of the access token.
Grant = Callable[[Order, Entry | None, Callable[[], Entry]], Obtained]


def renew_at(
    profile: Profile, issued: Token, *, soft_s: float = SOFT_S, share: float = SOFT_SHARE
) -> int:
    """Return when the soft window begins: 300 s or a fifth of the life before the expiry."""
    now = time.time()
    life_s = issued.expires_at - now
    before_s = min(soft_s, share * life_s)
    if profile.renew_before is not None:
        # As long as a caller's own window may be, but never so long that each call renews.
        before_s = min(profile.renew_before, 0.9 * life_s)
    return int(issued.expires_at - before_s)


def fetch(order: Order, old: Entry | None, plain: Callable[[], Entry]) -> Entry:
    """Return a new entry of what is ordered, bound to all that decided about it.

    `old` is the one that it replaces, None without one; `plain` returns the entry of the profile's
    access token, for a grant that takes one. Raises the CredhelperError of what failed.
    """
    from credhelper.system import resolver  # the network stack, 65 ms, is under the lock only

    resolver.make_interruptible()
    found = GRANTS[order.grant](order, old, plain)
    return Entry(
        found.token,
        stamp=order.source.stamp,
        identity=order.profile.identity(),
        stored_at=time.time(),
        renew_at=renew_at(order.profile, found.token, soft_s=found.soft_s, share=found.share),
        endpoint=found.endpoint,
        conditions=found.conditions,
    )


def _access_token(order: Order, old: Entry | None, _plain: Callable[[], Entry]) -> Obtained:
    from credhelper.renewal import rotation
    from credhelper.secrets import secret

    attempts = RENEWAL_ATTEMPTS if old else ATTEMPTS
    # A renewal need not ask the issuer for its endpoint.
    endpoint = old.endpoint if old else ""
    found = rotation.fetch(order.profile, attempts=attempts, endpoint=endpoint)
    return Obtained(
        found.token,
        _values(secret.variables(order.profile.client_secret)),
        found.endpoint if order.profile.issuer else "",
    )


def _aws_keys(order: Order, _old: Entry | None, plain: Callable[[], Entry]) -> Obtained:
    from credhelper.oauth.grants import aws_sts  # boto3, 100 ms, for this grant only

    aws_sts.settings(order.profile)  # a mistake there costs no request
    access = plain()
    return Obtained(
        aws_sts.assume(order.profile, access.token),
        {**access.conditions, **_values(aws_sts.VARIABLES)},
        soft_s=aws_sts.SOFT_S,
        share=aws_sts.SOFT_SHARE,
    )


GRANTS: dict[str, Grant] = {"": _access_token, "sts": _aws_keys}


def conditions(order: Order) -> Mapping[str, str | None]:
    """Return what distinguishes this secret from another one at the same reference."""
    from credhelper.secrets import secret  # the backend is imported by now

    reference = order.profile.client_secret
    return {**_values(secret.variables(reference)), **secret.state(reference)}


def _values(variables: Iterable[str]) -> dict[str, str | None]:
    """Return what each variable has, None for one that is not set."""
    return {name: os.environ.get(name) for name in variables}
