"""The secret reference: its backend is here and takes the profile's settings."""

from credhelper import secret
from credhelper.walk import Walk, needed


def check(walk: Walk) -> tuple[str, str]:
    """Return the reference. Raises ConfigError."""
    profile = needed(walk.profile)
    key = f"profiles.{profile.name}"
    walk.told = secret.describe(profile.client_secret, profile.settings, key=key)
    return str(profile.client_secret), ""
