"""URLs, host patterns and durations, each beside an independent, simpler reading."""

import re
from urllib.parse import urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from credhelper import hosts
from credhelper.config import schema
from credhelper.errors import ConfigError
from credhelper.system import url
from tests.long.fuzz import checks

_URL = re.compile(
    r"(https?)://([a-z0-9._-]+|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?(?:[/?#][!-~]*)?",
    re.ASCII | re.IGNORECASE,
)
_LOOPBACK = re.compile(r"localhost|\[::1\]|127(\.[0-9]{1,3}){3}")


def allows(pattern: str, address: str) -> bool:
    """Return whether a pattern of `hosts`, as it is written, may ever match an address."""
    if pattern.startswith("//"):
        return pattern == address
    found = _URL.fullmatch(address)
    if found is None or "\\" in address:
        return False
    host = found[2].lower()
    if found[1].lower() == "http" and not _LOOPBACK.fullmatch(host):
        return False
    port = found[3] or {"https": "443", "http": "80"}[found[1].lower()]
    split = re.fullmatch(r"(.*?)(?::([0-9]+))?", pattern.lower())
    name, its_port = (split[1], split[2] or "443") if split else ("", "")
    fits = host.endswith(name[1:]) and host != name[1:] if name[:2] == "*." else host == name
    return fits and port == its_port


def fuzz_host(data: bytes) -> None:
    """Let a pattern match nothing outside itself, whatever stands beside it."""
    first, second, address = map(checks.word, checks.parts(data, 3))
    given = {"a": first, "b": second}
    rules = [
        hosts.Rule(hosts.pattern(text), profile=name, username="")
        for name, text in given.items()
        if hosts.pattern(text)
    ]
    found = hosts.match(rules, address, "")
    assert found is None or allows(given[found.profile], address)
    for rule in rules:
        assert hosts.pattern(rule.pattern) == rule.pattern
        assert hosts.rules([rule.line()])[0].pattern == rule.pattern


def fuzz_url(data: bytes) -> None:
    """Let an endpoint have the same host for us and for the library that connects."""
    text = checks.word(data)
    assert url.host_of(text).isascii() or not text.isascii()
    try:
        assert url.endpoint(text, key="k") == text
    except ConfigError as error:
        checks.check(error)
        return
    parts = urlsplit(text)
    assert parts.scheme in ("https", "http")
    assert parts.scheme == "https" or hosts.is_loopback(url.host_of(text))
    try:
        theirs = parse_url(text)
    except LocationParseError:
        return
    assert (theirs.host or "").strip("[]").lower() == url.host_of(text)
    assert theirs.auth is None


def fuzz_duration(data: bytes) -> None:
    """Read a duration: a plain number of seconds."""
    try:
        assert 0 <= schema.duration_s(checks.word(data), key="k") < 3600 * 10**6
    except ConfigError as error:
        checks.check(error)
