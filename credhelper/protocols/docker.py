"""A docker credential helper; Podman, skopeo, BuildKit, Helm and others run it, too.

https://github.com/docker/docker-credential-helpers. Whatever goes wrong is said on stdout, with
status 1: the text is part of the contract, and callers compare it.
"""

from credhelper import __version__, caller, hosts
from credhelper.caller import Answer, Asked, Listing, Rejected
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from credhelper.errors import CredhelperError
    from credhelper.hosts import Rule

CALLERS = ("podman", "skopeo", "buildkit", "buildx", "oras", "helm")
# With exactly this text the caller goes on without a token.
NOT_FOUND = "credentials not found in native keychain\n"
NO_URL = "no credentials server URL\n"


def ask(
    words: "Sequence[str]", _environ: "Mapping[str, str]"
) -> Asked | Answer | Rejected | Listing:
    """Return what `[PROFILE] ACTION` and the URL on stdin ask for.

    Raises UsageError for an unknown action, ProtocolError for a URL that is no text.
    """
    profile, (action,) = caller.profile_and(words, 1)
    if action == "list":
        return Listing()
    if action == "version":
        return Answer(f"credhelper {__version__}\n")
    if action not in ("get", "erase"):
        raise _unsupported(action)
    server = caller.text_of(caller.read_input())
    server = server.strip(caller.BLANKS)  # as docker's own library
    if not server:
        return Answer(NO_URL, status=1)
    if action == "erase":
        return Rejected(profile, url=_url(server))
    return Asked(profile, words=[server], environ={}, url=_url(server))


def reply(token: Token, asked: Asked) -> str:
    """Return the token as the password for the server, under the very name that was asked for.

    Not as an identity token (user name `<token>`), which the caller would try to exchange.
    """
    server, name = map(caller.quote, (asked.words[0], asked.username or caller.USERNAME))
    return f'{{"ServerURL":{server},"Username":{name},"Secret":"{token.access_token}"}}\n'


def refuse(error: "CredhelperError", _words: "Sequence[str]") -> Answer:
    """Say on stdout what is wrong; for a host that is not ours, what lets the caller go on."""
    unknown = error.code == caller.UNKNOWN_HOST
    return Answer(NOT_FOUND if unknown else f"{error.line()}\n", status=1)


def listing(rules: "Iterable[Rule]") -> str:
    """Return a JSON object of the servers that `get` answers for to their user names.

    Without `*` patterns and audiences, which are no servers.
    """
    rules = list(rules)
    names = {}
    for rule in rules:
        url = f"https://{rule.pattern.removesuffix(':443')}"
        if rule.pattern[0] not in "*/" and hosts.match(rules, url, ""):
            names[url] = rule.username or caller.USERNAME
    pairs = (f"{caller.quote(url)}:{caller.quote(name)}" for url, name in names.items())
    return f"{{{','.join(pairs)}}}\n"


def _url(server: str) -> str:
    """Return the server as a URL; mostly it is a bare host, on loopback for plain http, too."""
    return server if server.startswith(("https://", "http://")) else caller.address(server)


def _unsupported(action: str) -> "CredhelperError":
    from credhelper.errors import UsageError

    if action == "store":
        msg = "credhelper fetches its tokens itself and stores no other"
        return UsageError(msg, hint="do not log in to this registry; `get` works without")
    return UsageError("that docker action is unknown", hint="known: get, erase, list, version")
