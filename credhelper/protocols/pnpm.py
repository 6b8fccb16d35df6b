"""pnpm's `tokenHelper`: the value of the Authorization header.

pnpm 10 sends it as it is, pnpm 12 adds the scheme only where there is none: so it is always there.
"""

from credhelper.caller import Asked
from credhelper.token import Token


def reply(token: Token, _asked: Asked) -> str:
    """Return `Bearer …` and a newline."""
    return f"Bearer {token.access_token}\n"
