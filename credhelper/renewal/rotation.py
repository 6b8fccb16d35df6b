"""An exchange that survives a rotation of the secret: no outage while old and new overlap."""

import logging
from collections.abc import Callable, Iterable
from functools import partial

from credhelper.config.profile import Profile
from credhelper.errors import ClientRefusedError, CredhelperError, DeniedError
from credhelper.oauth import exchange
from credhelper.secrets import secret
from credhelper.secrets.backend import visit
from credhelper.secrets.secret import Secret


def fetch(profile: Profile, *, attempts: int, endpoint: str = "") -> exchange.Exchanged:
    """Return a token for the secret; if the client is refused, for another version.

    First for the secret read again, if it has changed; then for the version before it, if the
    profile allows that. At most three logins, none with a secret that was refused already, and
    never with one that is only pending. `endpoint` as in `exchange.exchange`. Raises DeniedError
    that says which versions were tried.
    """
    key = f"profiles.{profile.name}"
    current = partial(secret.read, profile.client_secret, profile.settings, key=key)
    versions: tuple[tuple[str, Callable[[], Secret | None]], ...] = (
        ("current", current),
        ("current, read again", current),
        ("previous", partial(previous, profile)),
    )
    tried: dict[str, Secret] = {}
    refused: DeniedError = DeniedError("", hint="")
    for version, read in versions:
        client_secret = read()
        if client_secret is None or client_secret in tried.values():
            continue
        tried[version] = client_secret
        try:
            found = exchange.exchange(profile, client_secret, attempts=attempts, endpoint=endpoint)
        except ClientRefusedError as error:
            refused = error
        else:
            logging.getLogger(__name__).info("the server took the secret: %s version", version)
            return found
    raise refusal(profile, refused, tried)


def refusal(profile: Profile, refused: DeniedError, tried: Iterable[str]) -> DeniedError:
    """Return the server's refusal with the versions of the secret that were tried."""
    with visit(profile.client_secret.backend) as module:
        has_versions = hasattr(module, "read_previous")
    named = f" (versions of the secret tried: {'; '.join(tried)})" if has_versions else ""
    return DeniedError(
        refused.problem + named,
        hint=refused.hint,
        code=refused.code,
        correlation_id=refused.correlation_id,
        shared_s=refused.shared_s,
    )


def previous(profile: Profile) -> Secret | None:
    """Return the previous version; None if there is none, or it may not be read or tried."""
    if not profile.previous:
        return None
    key = f"profiles.{profile.name}"
    try:
        return secret.read_previous(profile.client_secret, profile.settings, key=key)
    except CredhelperError:
        return None  # the server's refusal is the error to show
