"""One HTTP header line, for `curl -H @-` and its like."""

from credhelper.caller import Asked
from credhelper.token import Token


def reply(token: Token, _asked: Asked) -> str:
    """Return `Authorization: Bearer …` (RFC 6750 section 2.1) and a newline."""
    return f"Authorization: Bearer {token.access_token}\n"
