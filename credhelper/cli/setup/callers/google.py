"""Google's client libraries and gcloud: an external account (https://google.aip.dev/auth/4117)."""

import json

from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError

WHERE = (
    "save it as a file, name that in GOOGLE_APPLICATION_CREDENTIALS, "
    "and set GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1"
)
TIMEOUT_MS = 30_000  # the default; our own limit of a whole run is below it


def text(target: Target) -> str:
    """Return a file's text for each audience among the hosts. Raises ConfigError."""
    command = " ".join(target.command("google"))
    # The libraries split it at spaces, whatever is quoted.
    if " " in target.folder:
        hint = "install it in a path without spaces"
        raise ConfigError("Google's libraries cannot run what has a space in its path", hint=hint)
    source = {"executable": {"command": command, "timeout_millis": TIMEOUT_MS}}
    return "".join(_account(audience, source) for audience in target.audiences())


def _account(audience: str, source: object) -> str:
    account = {
        "type": "external_account",
        "audience": audience,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": source,
    }
    return json.dumps(account, indent=2) + "\n"
