"""The exchange, though the secret be rotated meanwhile: no outage while old and new overlap."""

import logging
from collections.abc import Callable
from functools import partial

from credhelper import oauth, secret
from credhelper.errors import CredhelperError, DeniedError
from credhelper.profile import Profile
from credhelper.secret import Secret
from credhelper.token import Token


def exchange(profile: Profile, *, attempts: int) -> Token:
    """Return a token for the secret; after `invalid_client` for another version of it.

    First for the secret read again, if it has changed; then for the version before it, if the
    profile allows that. At most three logins, none with a secret that was refused already, and
    never with one that is only pending. Raises DeniedError that says which versions were tried.
    """
    key = f"profiles.{profile.name}"
    current = partial(secret.read, profile.client_secret, profile.settings, key=key)
    versions: list[tuple[str, Callable[[], Secret | None]]]
    versions = [("current", current), ("current, read again", current)]
    if profile.previous:
        versions.append(("previous", partial(_previous, profile, key=key)))
    tried: dict[str, Secret] = {}
    refused = DeniedError("", hint="")
    for version, read in versions:
        client_secret = read()
        if client_secret is None or client_secret in tried.values():
            continue
        tried[version] = client_secret
        try:
            token = oauth.exchange(profile, client_secret, attempts=attempts)
        except DeniedError as error:
            if error.code != "invalid_client":
                raise
            refused = error
        else:
            logging.getLogger(__name__).info("the server took the secret: %s version", version)
            return token
    problem = f"{refused.problem} (versions of the secret tried: {'; '.join(tried)})"
    raise DeniedError(
        problem, hint=refused.hint, code=refused.code, correlation_id=refused.correlation_id
    )


def _previous(profile: Profile, *, key: str) -> Secret | None:
    """Return the previous version; None if there is none, or this identity may not read it."""
    try:
        return secret.read_previous(profile.client_secret, profile.settings, key=key)
    except CredhelperError:
        return None  # what the server refused is the news, not this
