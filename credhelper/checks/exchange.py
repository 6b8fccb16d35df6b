"""The exchange of the secret for a token: one login, past the cache."""

import time

from credhelper import oauth
from credhelper.walk import Walk, needed


def check(walk: Walk) -> tuple[str, str]:
    """Return how long a new token lives. Raises as `oauth.exchange`."""
    profile, secret = needed(walk.profile), needed(walk.secret)
    needed(walk.answer)
    walk.token = token = oauth.exchange(profile, secret, attempts=1)
    return f"{token.token_type} token, good for {token.expires_at - int(time.time())} s", ""
