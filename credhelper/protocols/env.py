"""Shell assignments, for `eval "$(credhelper as env)"`; the shell is the word after the profile."""

from credhelper.protocols import Asked
from credhelper.token import Token

# Single quotes are literal in all three, and a token or a time holds none.
SHELLS = {
    "sh": "export {name}='{value}'\n",
    "fish": "set -gx {name} '{value}'\n",
    "powershell": "$Env:{name} = '{value}'\n",
}


def reply(token: Token, asked: Asked) -> str:
    """Return assignments of ACCESS_TOKEN and ACCESS_TOKEN_EXPIRATION. Raises UsageError."""
    shell = asked.words[0] if asked.words else "sh"
    if shell not in SHELLS:
        from credhelper.errors import UsageError  # not on the way of a hit

        raise UsageError("that shell is unknown", hint=f"known: {', '.join(SHELLS)}")
    line = SHELLS[shell]
    values = {"ACCESS_TOKEN": token.access_token, "ACCESS_TOKEN_EXPIRATION": token.expiration()}
    return "".join(line.format(name=name, value=value) for name, value in values.items())
