"""A command in GOAUTH, for module proxies and for modules fetched directly; go 1.24 and newer.

https://pkg.go.dev/cmd/go#hdr-GOAUTH_environment_variable. Before its first fetch go calls without
a URL, and gets each token that is in the cache, for the hosts that are named in full; nothing is
fetched then, since go may not need any of them. After an answer of 4xx it calls with the URL, once
for each, and sends what it gets a second time, but never reports the result of that.

So a 401 speaks of our token only if go had one for that host from its first call. A host that a
`*.suffix` covers cannot be named to go beforehand: there the server itself must have said it.
"""

import time

from credhelper import cache, caller, hosts
from credhelper.caller import Answer, Asked
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credhelper.errors import CredhelperError

CALLERS = ("go",)
# A rejected token is replaced for the first of many URLs; for the others it is new by then.
RECENT_S = 30
# RFC 6750 section 3.1: said of a token that was sent, not of a request without one.
INVALID = b'error="invalid_token"'


def ask(words: "Sequence[str]", environ: "Mapping[str, str]") -> Asked | Answer:
    """Return what `[PROFILE] [URL]` and the response on stdin ask for. Raises UsageError."""
    # An empty word is an empty URL, and no profile.
    if not words or (len(words) == 1 and words[0] and "://" not in words[0]):
        given = _given("".join(words), environ)
        return Answer("".join(_stanza(prefix, token) for prefix, token in given.items()))
    profile, [url] = caller.profile_and(words, 1)
    response = caller.read_input(b"\n\n")
    is_rejected = response.split(b" ", 2)[1:2] == [b"401"] and (
        INVALID in response or _prefix(url) in _given(profile, environ)
    )
    newer_than = time.time() - RECENT_S if is_rejected else 0.0
    return Asked(profile, environ=environ, url=url, newer_than=newer_than)


def reply(token: Token, asked: Asked) -> str:
    """Return the header for the whole host, so that go asks once for all of its paths."""
    return _stanza(_prefix(asked.url), token)


def refuse(error: "CredhelperError", _words: "Sequence[str]") -> Answer:
    """Say nothing for a host that is not ours: go asks about every URL that is not found."""
    if error.code == caller.UNKNOWN_HOST:
        return Answer()
    return Answer(line=error.line(), status=error.status)


def _given(profile: str, environ: "Mapping[str, str]") -> dict[str, Token]:
    """Return the cached tokens by the prefix that go gets without having asked for it."""
    folder, settings = cache.Folder(cache.directory(environ)), cache.source(environ)
    index = cache.read_index(folder, settings)
    try:
        rules = hosts.rules(index.hosts) if index else []
    except ValueError:
        return {}  # the index is damaged
    found = {}
    for pattern in [rule.pattern for rule in rules]:
        # None for what is no host's name, and for a host that two profiles claim.
        rule = hosts.match(rules, f"https://{pattern}", profile)
        slot = settings.slot(folder, rule.profile) if rule else None
        if entry := slot and cache.read_serving(slot, settings, environ, time.time()):
            # go compares text: the default port may be written, or not.
            for prefix in (f"https://{pattern}", f"https://{pattern.removesuffix(':443')}"):
                found[prefix] = entry.token
    return found


def _prefix(url: str) -> str:
    """Return the URL up to its path, as it is written: go cuts it at slashes only."""
    return "/".join(url.split("/", 3)[:3])


def _stanza(prefix: str, token: Token) -> str:
    return f"{prefix}\n\nAuthorization: Bearer {token.access_token}\n\n"
