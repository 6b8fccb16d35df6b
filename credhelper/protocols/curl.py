"""A curl config, for `curl -K -`: the token is in no argument list."""

from credhelper.caller import Asked
from credhelper.token import Token


def reply(token: Token, _asked: Asked) -> str:
    """Return a `header` line of a curl config; a token needs no escaping."""
    return f'header = "Authorization: Bearer {token.access_token}"\n'
