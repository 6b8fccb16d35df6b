"""Who we are where the secret lives."""

from credhelper.walk import Walk, needed


def check(walk: Walk) -> tuple[str, str]:
    """Return who the manager says we are. Raises the backend's CredhelperError."""
    profile, told = needed(walk.profile), needed(walk.told)
    walk.identity = next(told, f"backend {profile.client_secret.backend} names nobody")
    return walk.identity, ""
