"""The secret: that it is there and may be read, how old it is; never what it is."""

from credhelper import secret
from credhelper.walk import Walk, needed


def check(walk: Walk) -> tuple[str, str]:
    """Return version and age of the secret. Raises the backend's CredhelperError."""
    profile, told = needed(walk.profile), needed(walk.told)
    needed(walk.identity)
    key = f"profiles.{profile.name}"
    walk.secret = secret.read(profile.client_secret, profile.settings, key=key)
    return next(told, "there; neither version nor age is kept"), ""
