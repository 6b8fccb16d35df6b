"""What `credhelper get` prints: one JSON line in the style of AWS's `credential_process`.

Not AWS's own shape: an OAuth token is no pair of AWS keys and must not pretend to be one.
"""

from credhelper.caller import Asked
from credhelper.token import Token


def reply(token: Token, _asked: Asked) -> str:
    """Return Version, AccessToken, TokenType, Expiration and Scope in one JSON object."""
    return token.json()
