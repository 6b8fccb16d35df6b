"""Where a token may go: the hosts of the profiles, and the URL that a caller names.

A caller that names a URL gets the token of the profile whose `hosts` match it, and no other: a
helper that ignored the URL would hand the token to any server. Hosts are compared as they are
written, in lower case; what is not written plainly (a user part, a percent sign, a character that
only looks like another) has no origin, and so no token.
"""

TYPE_CHECKING = False  # `import typing` costs 6 ms, of a hit's 8
if TYPE_CHECKING:
    from collections.abc import Iterable

# The default port of a scheme (RFC 9110 section 4.2) need not be written.
_PORTS = {"https": "443", "http": "80"}
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
        return text if _is_visible(text) else ""
    if text.startswith("*."):
        suffix = _host_and_port(text[2:], "443")
        # `*.com` would be everybody; an IPv6 address has no dot.
        return f"*.{suffix}" if "." in suffix else ""
    return _host_and_port(text, "443")


def match(rules: "Iterable[Rule]", url: str, profile: str) -> Rule | None:
    """Return the rule that serves the URL: exact before suffix, the longest suffix first.

    With a profile only its rules count. None if there is no such rule, or if two profiles have
    the same.
    """
    where = url if url.startswith(AUDIENCE) and _is_visible(url) else origin(url)
    fitting = [
        rule
        for rule in rules
        if where and _fits(rule.pattern, where) and profile in ("", rule.profile)
    ]
    fitting.sort(key=lambda rule: (rule.pattern[0] != "*", len(rule.pattern)), reverse=True)
    others = {rule.profile for rule in fitting if rule.pattern == fitting[0].pattern}
    return fitting[0] if len(others) == 1 else None


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by its very spelling, without asking any resolver."""
    if host in ("localhost", "::1", "[::1]"):
        return True
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(map(_is_octet, parts))


def _is_octet(text: str) -> bool:
    # `127.0.0.999` and `127.1` are names, and a resolver's to answer.
    return text in map(str, range(256))


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
        return f"{host}:{port}" if len(host) > 4 and _ADDRESS.issuperset(host[1:-1]) else ""
    is_name = _NAME.issuperset(host) and all(host.split("."))
    return f"{host}:{port}" if is_name else ""


def _is_port(text: str) -> bool:
    # `isdigit` takes digits of other scripts, too; `0443` is 443 for one reader, not for another.
    is_number = text.isascii() and text.isdigit() and text[0] != "0"
    return is_number and len(text) <= 5 and int(text) < 65536


def _is_visible(text: str) -> bool:
    """Return whether a text is printable ASCII without spaces and backslashes."""
    return all("!" <= character <= "~" and character != "\\" for character in text)
