"""The bare token: for rclone's `bearer_token_command`, API key helpers, mail programs, scripts."""

from credhelper.caller import Asked
from credhelper.token import Token

CALLERS = ("rclone", "ansible")


def reply(token: Token, _asked: Asked) -> str:
    """Return the token and a newline."""
    return f"{token.access_token}\n"
