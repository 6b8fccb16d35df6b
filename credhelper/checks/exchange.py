"""The exchange of the secret for a token: one login, past the cache."""

import time

from credhelper import oauth
from credhelper.errors import DeniedError
from credhelper.walk import Walk, needed


def check(walk: Walk) -> tuple[str, str]:
    """Return how long a new token lives. Raises as `oauth.exchange`."""
    profile, secret = needed(walk.profile), needed(walk.secret)
    needed(walk.answer)
    try:
        token = oauth.exchange(profile, secret, attempts=1)
    except DeniedError as error:
        if error.code == "invalid_client" and profile.client_auth == "client_secret_post":
            error.hint += '; or the server wants client_auth = "client_secret_basic"'
        raise
    walk.token = token
    return f"{token.token_type} token, good for {token.expires_at - int(time.time())} s", ""
