"""Where a token may go: patterns, the most specific one, and who owns it."""

import pytest

from credhelper import hosts
from credhelper.caller import Asked
from credhelper.hosts import Rule


def rule(text: str, profile: str = "a") -> Rule:
    """Return a rule of the pattern in its one spelling."""
    spelling = hosts.pattern(text)
    assert spelling, text
    return Rule(spelling, profile=profile, username="")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.example.com", "api.example.com:443"),
        ("https://API.Example.com/Path?x#y", "api.example.com:443"),
        ("HTTPS://api.example.com:8443/", "api.example.com:8443"),
        ("https://[2001:DB8::1]:8443/x", "[2001:db8::1]:8443"),
        ("https://[2001:db8::1]", "[2001:db8::1]:443"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://localhost", "localhost:80"),
        ("http://[::1]", "[::1]:80"),
        ("https://a_b-c.example", "a_b-c.example:443"),
        ("https://aXb.example/X", "axb.example:443"),
        ("https://a.example?x", "a.example:443"),
        ("https://a.example#y", "a.example:443"),
        ("https://a.example/!~", "a.example:443"),
        ("https://a.example:1", "a.example:1"),
        ("https://a.example:65535", "a.example:65535"),
    ],
)
def test_origin(url: str, origin: str) -> None:
    """A plain URL has one origin, in lower case with its port."""
    assert hosts.origin(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example:65536",
        f"https://a.example:{'1' * 5000}",
        "https://a.example/\\",
        "https://a.example/ ",
        "https://a.example/\x7f",
        "https://[::]",
        "https://[::1",
        "https://[2001::1:443",
        "https://2001::1]",
        "https://[a.example]",
        "https://[g::1]",
        "https://[::1g]",
        "http://a.example",
        "http://[::2]",
        "http://128.0.0.1",
        "ftp://localhost",
        "https",
        "https://",
    ],
)
def test_what_is_not_plainly_a_host_has_no_origin(url: str) -> None:
    """And without one no rule fits, not even one that would fit everything."""
    assert hosts.origin(url) == ""
    assert hosts.match([Rule("*", profile="a", username="")], url, "") is None


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("A.example", "a.example:443"),
        ("a.example:8443", "a.example:8443"),
        ("*.Example.com", "*.example.com:443"),
        ("*.example.com:8443", "*.example.com:8443"),
        ("//iam.example.com/Pools/~!", "//iam.example.com/Pools/~!"),
    ],
)
def test_a_pattern_has_one_spelling(text: str, spelling: str) -> None:
    """Lower case, with its port; an audience is kept as it is."""
    assert hosts.pattern(text) == spelling


@pytest.mark.parametrize(
    "text",
    [
        *("*.co.uk", "*.COM.AU", "*.co.uk:8443", "*.github.io", "*.web.app", "*.ac.jp"),
        *("*.0.0.1", "*.1.2.3.4", "*.example.1", "//"),
        *("[1:2:3]", "[1:2:3:4:5:6:7:8:9]", "[::]", "[:::1]", "[1::2::3]", "[12345::]", "[:1::]"),
        *("[1:2:3:4:5:6:7::8]", "[1:]", "[::ffff:1.2.3.4]"),
        *("1.2.3", "127.1", "0177.0.0.1", "127.0.0.01", "256.1.1.1", "2130706433", "0x7f000001"),
        *("1.2.3.4.5", "a.0x1", "example.1"),
    ],
)
def test_what_is_anybodys_or_no_address_is_no_pattern(text: str) -> None:
    """Strangers have names below a registry's suffix; an odd number is another address to some.

    Nor has such a host an origin, so that no suffix fits it.
    """
    assert hosts.pattern(text) == ""
    if text[0] not in "*/":
        assert hosts.origin(f"https://{text}") == ""


@pytest.mark.parametrize(
    "text",
    [
        *("*.example.co.uk", "*.co.example", "*.me.github.io", "*.co.corp", "*.net.example.com"),
        *("1.2.3.4", "255.255.255.255", "0.0.0.0", "a1", "1a", "1.2.3.4a", "xn--p1ai.example"),
        *("[::1]", "[1::]", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]", "[2001:db8::1]"),
    ],
)
def test_what_looks_like_that_and_is_not_is_a_pattern(text: str) -> None:
    """A domain of one's own below it, and addresses in full."""
    assert hosts.pattern(text) == f"{text}:443"


@pytest.mark.parametrize("text", ["*", "*.", "*.com", "*.[::1]", "**.a.b", "a.*.b", "a b", "",
                                  "https://api.example.com", "a:0", "a:", "user@a", "a/b",
                                  "//a\tb", "a..b", ".a", "a.", "a\n"])  # fmt: skip
def test_a_pattern_that_can_match_nothing_is_none(text: str) -> None:
    """What is no host, or would be everybody, is refused where it is configured."""
    assert hosts.pattern(text) == ""


def test_the_most_specific_rule_wins() -> None:
    """Exact before suffix, the longer suffix before the shorter, whatever their order."""
    rules = [
        rule("*.example.com", "wide"),
        rule("*.b.example.com", "narrow"),
        rule("a.b.example.com", "exact"),
    ]
    for order in (rules, rules[::-1]):
        for url, profile in [("a.b", "exact"), ("c.b", "narrow"), ("b", "wide"), ("x.y", "wide")]:
            found = hosts.match(order, f"https://{url}.example.com", "")
            assert found
            assert found.profile == profile


def test_two_profiles_for_one_host_must_be_told_apart() -> None:
    """The same pattern in two profiles serves only whoever names the profile."""
    rules = [rule("a.example"), rule("a.example", "b"), rule("*.example.org")]
    assert hosts.match(rules, "https://a.example", "") is None
    found = hosts.match(rules, "https://a.example", "b")
    assert found
    assert found.profile == "b"
    assert hosts.match(rules, "https://x.example.org", "b") is None


def test_only_the_most_specific_rules_are_in_doubt() -> None:
    """Who else has a wider rule does not matter, and a wider rule does not settle a doubt."""
    wide = [rule("*.b.example"), rule("*.b.example", "b")]
    found = hosts.match([*wide, rule("a.b.example", "c")], "https://a.b.example", "")
    assert found
    assert found.profile == "c"
    doubtful = [rule("a.b.example"), rule("a.b.example", "b"), rule("*.b.example", "c")]
    assert hosts.match(doubtful, "https://a.b.example", "") is None


def test_an_audience_is_compared_as_a_whole() -> None:
    """No part, no case, no prefix of it will do."""
    rules = [rule("//iam.example.com/pools/p")]
    assert hosts.match(rules, "//iam.example.com/pools/p", "")
    for other in ("p2", "", "P", "p ", "p/x", "p?"):
        assert hosts.match(rules, f"//iam.example.com/pools/{other}", "") is None
    assert hosts.match(rules, "https://iam.example.com/pools/p", "") is None


RULES = [rule("a.example"), rule("b.example", "b"), rule("*.b.example", "b")]


@pytest.mark.parametrize(
    ("profile", "server", "allowed"),
    [
        ("a", "https://a.example", "a"),
        ("a", "https://b.example", None),
        ("a", "", None),
        ("a", None, "a"),
        ("b", "https://x.b.example/y", "b"),
        ("", "https://a.example", "a"),
        ("", "https://b.example", None),
        ("free", "https://a.example", "free"),
        ("free", "", "free"),
    ],
)
def test_a_server_that_need_not_be_named(
    profile: str, server: str | None, allowed: str | None
) -> None:
    """Its own hosts judge a profile that has any, the default's without a name; no other's do."""
    asked = Asked(profile, environ={}, server=server)
    if server is None:
        assert asked.server == ""
        return
    found = asked.allowed(RULES, "a")
    assert (found.profile if found else None) == allowed


def test_an_empty_url_is_a_url() -> None:
    """And no rule fits it; what a rule changes leaves it as it is, and one that was not named."""
    empty = Asked("a", environ={}, url="")
    assert empty.url
    assert empty.allowed(RULES, "a") is None
    assert empty.under(RULES[0]).url == empty.url
    assert Asked("a", environ={}).under(RULES[0]).url == ""


def test_rules_survive_the_index() -> None:
    """What the slow path writes, the door reads; damage is an error, not a guess."""
    rules = [Rule("a.example:443", profile="a", username="x y"), rule("*.b.example")]
    again = hosts.rules([each.line() for each in rules])
    assert [(r.pattern, r.profile, r.username) for r in again] == [
        ("a.example:443", "a", "x y"),
        ("*.b.example:443", "a", ""),
    ]
    with pytest.raises(ValueError, match="unpack"):
        hosts.rules(["a.example:443"])
