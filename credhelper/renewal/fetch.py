"""A new token, or the AWS keys that it buys, as an entry bound to all that decided about it."""

import os
import time
from collections.abc import Mapping

from credhelper.config.profile import Profile
from credhelper.renewal.order import Order
from credhelper.token import Entry, Token

SOFT_S, SOFT_SHARE = 300, 0.2


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


def token(order: Order, attempts: int, endpoint: str) -> Entry:
    """Return the entry of a new token, bound to all that decided about it."""
    # The network stack, 65 ms, is imported under the lock only: of 200 callers one pays for it.
    from credhelper.renewal import rotation
    from credhelper.secrets import secret
    from credhelper.system import resolver

    resolver.make_interruptible()
    found = rotation.fetch(order.profile, attempts=attempts, endpoint=endpoint)
    variables = secret.variables(order.profile.client_secret)
    return Entry(
        found.token,
        stamp=order.source.stamp,
        identity=order.profile.identity(),
        stored_at=time.time(),
        renew_at=renew_at(order.profile, found.token),
        endpoint=found.endpoint if order.profile.issuer else "",
        conditions={variable: os.environ.get(variable) for variable in variables},
    )


def check_keys(profile: Profile) -> None:
    """Raise ConfigError for a mistake in the profile's table `sts`, before any request."""
    from credhelper.oauth.grants import aws_sts  # boto3, 100 ms, for this grant only

    aws_sts.settings(profile)


def keys(order: Order, plain: Entry) -> Entry:
    """Return the entry of the AWS keys that the access token of another entry buys."""
    from credhelper.oauth.grants import aws_sts
    from credhelper.system import resolver

    resolver.make_interruptible()
    found = aws_sts.assume(order.profile, plain.token)
    variables = {variable: os.environ.get(variable) for variable in aws_sts.VARIABLES}
    return Entry(
        found,
        stamp=order.source.stamp,
        identity=order.profile.identity(),
        stored_at=time.time(),
        renew_at=renew_at(order.profile, found, soft_s=aws_sts.SOFT_S, share=aws_sts.SOFT_SHARE),
        conditions={**plain.conditions, **variables},
    )


def conditions(order: Order) -> Mapping[str, str | None]:
    """Return what distinguishes this secret from another one at the same reference."""
    from credhelper.secrets import secret  # the backend is imported by now

    reference = order.profile.client_secret
    variables = {name: os.environ.get(name) for name in secret.variables(reference)}
    return {**variables, **secret.state(reference)}
