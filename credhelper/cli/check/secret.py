"""The secret: its reference, who we are at its manager, and whether it can be read."""

from credhelper.cli.check import exposure
from credhelper.cli.check.run import Results, needed
from credhelper.config.profile import Profile
from credhelper.errors import CredhelperError
from credhelper.secrets import secret
from credhelper.secrets.secret import Secret
from credhelper.system import redaction

_LIMIT = 2000  # characters: a Vault token may have many policies
_WITHHELD = "what the manager says of us is not shown: it holds a part of a secret"


def check_reference(results: Results) -> tuple[str, str]:
    """Return the reference; a warning if others may change or read a file of its backend.

    Raises ConfigError if there is no such backend, or it does not accept the profile's settings.
    """
    profile = needed(results.profile)
    key = f"profiles.{profile.name}"
    results.description = secret.describe(profile.client_secret, profile.settings, key=key)
    return str(profile.client_secret), exposure.of_backend(profile)


def check_identity(results: Results) -> tuple[str, str]:
    """Return who we are at the manager; a warning if that identity will end.

    Raises the backend's CredhelperError.
    """
    profile, description = needed(results.profile), needed(results.description)
    nobody = f"backend {profile.client_secret.backend} names nobody"
    try:
        text, hint = next(description, (nobody, ""))
    except CredhelperError as error:
        if error.code:
            _read(profile)
            error.problem = _shown(error.problem)
        raise
    results.read = _read(profile)
    return _shown(text), hint


def check_secret(results: Results) -> tuple[str, str]:
    """Return version and age of the secret; a warning if others may change or read its file.

    Raises the backend's CredhelperError.
    """
    profile, description = needed(results.profile), needed(results.description)
    needed(results.read)
    detail, hint = next(description, ("there; neither version nor age is kept", ""))
    list(description)  # at its end the backend revokes its login
    if isinstance(results.read, CredhelperError):
        raise results.read
    results.secret = results.read
    return detail, hint or exposure.of_reference(profile.client_secret)


def _read(profile: Profile) -> Secret | CredhelperError:
    """Read the secret before the manager's words are shown, which may hold it. Raises nothing."""
    key = f"profiles.{profile.name}"
    try:
        return secret.read(profile.client_secret, profile.settings, key=key)
    except CredhelperError as error:
        return error  # `check_secret` raises it


def _shown(text: str) -> str:
    return redaction.sentence(text, limit=_LIMIT) or _WITHHELD
