"""Where a token may go: the hosts of the profiles, and the URL that a caller names.

A caller that names a URL gets the token of the profile whose `hosts` match it, and no other: a
helper that ignored the URL would hand the token to any server. Hosts are compared as they are
written, in lower case; what is not written plainly (a user part, a percent sign, a character that
only looks like another) has no origin, and so no token.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# The default port of a scheme (RFC 9110 section 4.2) need not be written.
_PORTS = {"https": "443", "http": "80"}
# Registries below a country's domain sell names there, so `*.co.uk` is anybody's; others give them
# away. The list of all has ten thousand lines, and is out of date when it is published: here is
# what somebody may take for their own.
_SHARED = {"ac", "co", "com", "edu", "gov", "net", "or", "org"}
_GIVEN_AWAY = {
    *("appspot.com", "azurestaticapps.net", "azurewebsites.net", "blogspot.com", "cloudapp.net"),
    *("cloudfront.net", "firebaseapp.com", "fly.dev", "github.io", "gitlab.io", "herokuapp.com"),
    *("netlify.app", "ngrok-free.app", "ngrok.io", "onrender.com", "pages.dev", "readthedocs.io"),
    *("run.app", "vercel.app", "web.app", "workers.dev"),
}
# Without a colon: an IPv6 address stands in brackets. Not `re`, whose import is half a hit's time.
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_ADDRESS = frozenset("0123456789abcdef:")
# What starts so is no host but an audience (Google's workload identity), compared as a whole.
AUDIENCE = "//"


class Rule:
    """A host pattern, the profile whose token may go there, and its user name for Basic."""

    __slots__ = ("pattern", "profile", "username")

    def __init__(self, pattern: str, *, profile: str, username: str) -> None:
        self.pattern = pattern
        self.profile = profile
        self.username = username

    def line(self) -> str:
        """Return the rule as a line of the index; a tab stands in none of its parts."""
        return f"{self.pattern}\t{self.profile}\t{self.username}"


def rules(lines: "Iterable[str]") -> "list[Rule]":
    """Return the rules of an index. Raises ValueError for what `Rule.line` does not write."""
    found = []
    for line in lines:
        text, profile, username = line.split("\t")
        if not text or pattern(text) != text:
            msg = "a line of the index has no pattern"
            raise ValueError(msg)
        found.append(Rule(text, profile=profile, username=username))
    return found


def origin(url: str) -> str:
    """Return `host:port` of a plain https URL (http on loopback); "" for any other text."""
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _PORTS or not _is_visible(url):
        return ""
    authority = rest
    for end in "/?#":
        authority = authority.partition(end)[0]
    where = _host_and_port(authority, _PORTS[scheme])
    return where if scheme == "https" or is_loopback(where.rpartition(":")[0]) else ""


def pattern(text: str) -> str:
    """Return the one spelling of a pattern of `hosts`; "" for what can match nothing.

    `host`, `host:port`, `*.suffix` for every name below it, or `//…` for an audience.
    """
    if text.startswith(AUDIENCE):
        return text if _is_visible(text) and len(text) > len(AUDIENCE) else ""
    if text.startswith("*."):
        suffix = _host_and_port(text[2:], "443")
        return f"*.{suffix}" if suffix and not _is_everybodys(suffix.rpartition(":")[0]) else ""
    return _host_and_port(text, "443")


def match(rules: "Iterable[Rule]", url: str, profile: str) -> Rule | None:
    """Return the rule that serves the URL, None if there is none, or if two profiles have it."""
    found = fitting(rules, url, profile)
    return found[0] if len({rule.profile for rule in found}) == 1 else None


def fitting(rules: "Iterable[Rule]", url: str, profile: str) -> "list[Rule]":
    """Return the rules of the pattern that fits the URL best, one for each profile that has it.

    Exact before suffix, the longest suffix first. With a profile only its rules count.
    """
    where = url if url.startswith(AUDIENCE) and _is_visible(url) else origin(url)
    found = [
        rule
        for rule in rules
        if where and _fits(rule.pattern, where) and profile in ("", rule.profile)
    ]
    found.sort(key=lambda rule: (rule.pattern[0] != "*", len(rule.pattern)), reverse=True)
    return [rule for rule in found if rule.pattern == found[0].pattern]


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by its very spelling, without asking any resolver."""
    if host in ("localhost", "::1", "[::1]"):
        return True
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(map(_is_octet, parts))


def _is_octet(text: str) -> bool:
    return text.isdigit() and int(text) < 256 and str(int(text)) == text


def _is_everybodys(suffix: str) -> bool:
    """Return whether names below it belong to strangers, or no names can be below it."""
    first, _dot, rest = suffix.partition(".")
    is_registry = len(rest) == 2 and first in _SHARED
    return not rest or is_registry or suffix in _GIVEN_AWAY or _is_octet(suffix.rpartition(".")[2])


def _fits(rule: str, where: str) -> bool:
    return where.endswith(rule[1:]) if rule[0] == "*" else where == rule


def _host_and_port(authority: str, default_port: str) -> str:
    """Return `host:port` in lower case, "" if it is not plainly a host and a port."""
    host, colon, port = authority.lower().rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority.lower(), default_port
    if not _is_port(port):
        return ""
    if host[:1] == "[" and host[-1:] == "]":
        return f"{host}:{port}" if _is_address(host[1:-1]) else ""
    labels = host.split(".")
    if not _NAME.issuperset(host) or not all(labels):
        return ""
    # What ends in a number is an address to whoever connects: 0177.0.0.1 is 127.0.0.1.
    is_number = labels[-1].isdigit() or labels[-1].startswith("0x")
    is_plain = not is_number or (len(labels) == 4 and all(map(_is_octet, labels)))
    return f"{host}:{port}" if is_plain else ""


def _is_address(text: str) -> bool:
    """Return whether it is an IPv6 address of RFC 4291 section 2.2, forms 1 and 2, and no `::`."""
    if text == "::" or not _ADDRESS.issuperset(text):
        return False
    left, gap, right = text.partition("::")
    groups = [group for part in (left, right) if part for group in part.split(":")]
    is_whole = len(groups) < 8 if gap else len(groups) == 8
    return is_whole and all(1 <= len(group) <= 4 for group in groups)


def _is_port(text: str) -> bool:
    # `isdigit` takes digits of other scripts, too; `0443` is 443 for one reader, not for another.
    is_number = text.isascii() and text.isdigit() and text[0] != "0"
    return is_number and len(text) <= 5 and int(text) < 65536


def _is_visible(text: str) -> bool:
    """Return whether a text is printable ASCII without spaces and backslashes."""
    return all("!" <= character <= "~" and character != "\\" for character in text)
