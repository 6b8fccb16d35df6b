"""The command `keyring`, which pip and uv run for the login of an index.

https://pip.pypa.io/en/stable/topics/authentication/#using-keyring-as-a-command-line-application
and https://github.com/jaraco/keyring#command-line-utility. It is a link of the user's own to
`credhelper`. A rejected token is never reported: `keyring del URL USER`, or `credhelper forget`,
is the way to another one.
"""

from credhelper import caller
from credhelper.caller import Answer, Asked, Rejected
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credhelper.errors import CredhelperError

CALLERS = ("pip", "uv", "twine", "poetry")
OPTIONS = {"--mode": ("password", "creds"), "--output": ("plain", "json")}


def ask(words: "Sequence[str]", _environ: "Mapping[str, str]") -> Asked | Rejected:
    """Return what `[PROFILE] ACTION SERVICE [USER]` asks for, options anywhere among the words.

    Without a user the answer has one, whatever the mode: a password alone would not be a login.
    Raises UsageError.
    """
    options, rest = _parted(words)
    number = 3 if rest[-3:-2] in (["get"], ["set"], ["del"]) else 2
    profile, (action, service, *user) = caller.profile_and(rest, number)
    url = service if "://" in service else caller.address(service)
    name = "".join(user)
    if action == "del":
        return Rejected(profile, url=url)
    if action != "get" or not name.isprintable():
        raise _unsupported(action)
    mode = options["--mode"] if name else "creds"
    return Asked(profile, words=[name, mode, options["--output"]], environ={}, url=url)


def reply(token: Token, asked: Asked) -> str:
    """Return the token as a password; with mode `creds` the user name before it."""
    user, mode, output = asked.words
    name, password = user or asked.username or caller.USERNAME, token.access_token
    if output == "json":
        named = f'"username":{caller.quote(name)},' if mode == "creds" else ""
        return f'{{{named}"password":"{password}"}}\n'
    return f"{name}\n{password}\n" if mode == "creds" else f"{password}\n"


def refuse(error: "CredhelperError", _words: "Sequence[str]") -> Answer:
    """Say nothing for a host that is not ours: with status 1 the caller goes on without."""
    if error.code == caller.UNKNOWN_HOST:
        return Answer(status=1)
    return Answer(line=error.line(), status=error.status)


def _parted(words: "Sequence[str]") -> "tuple[dict[str, str], list[str]]":
    """Return the options, as `--mode=creds` or `--mode creds`, and the rest. Raises UsageError."""
    options = {name: values[0] for name, values in OPTIONS.items()}
    rest = []
    left = iter(words)
    for word in left:
        if word[:1] != "-":
            rest.append(word)
            continue
        name, equals, value = word.partition("=")
        options[name] = value if equals else next(left, "")
        if options[name] not in OPTIONS.get(name, ()):
            raise _unsupported(name)
    return options, rest


def _unsupported(what: str) -> "CredhelperError":
    from credhelper.errors import UsageError

    if what == "set":
        msg = "credhelper fetches its tokens itself and stores no password"
        return UsageError(msg, hint="leave it out: `get` works without")
    msg = "that `keyring` command is not supported"
    return UsageError(msg, hint="known: get URL [USER], --mode creds, --output json, del URL USER")
