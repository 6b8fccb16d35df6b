"""Shell assignments, for `eval "$(credhelper as env)"`; the shell is the word after the profile."""

from credhelper import caller
from credhelper.caller import Asked
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Between single quotes all is literal in all three, but for the quote itself, written as here, and
# for fish's backslash, which no token has.
SHELLS = {
    "sh": ("export {name}='{value}'\n", "'\\''"),
    "fish": ("set -gx {name} '{value}'\n", "\\'"),
    "powershell": ("$Env:{name} = '{value}'\n", "''"),
}


def ask(words: "Sequence[str]", environ: "Mapping[str, str]") -> Asked:
    """Return what `[PROFILE] [SHELL]` asks for. Raises UsageError."""
    asked = caller.ask(words, environ)
    shell = asked.words[0] if asked.words else "sh"
    if shell not in SHELLS:
        from credhelper.errors import UsageError

        raise UsageError("that shell is unknown", hint=f"known: {', '.join(SHELLS)}")
    return Asked(asked.profile, words=[shell], environ=environ)


def reply(token: Token, asked: Asked) -> str:
    """Return assignments of ACCESS_TOKEN and ACCESS_TOKEN_EXPIRATION."""
    line, quote = SHELLS[asked.words[0]]
    values = {"ACCESS_TOKEN": token.access_token, "ACCESS_TOKEN_EXPIRATION": token.expiration()}
    return "".join(
        line.format(name=name, value=value.replace("'", quote)) for name, value in values.items()
    )
