"""A hostile URL never gets a token, however a caller carries it."""

import json

import pytest

from credhelper import caller, hosts
from credhelper.hosts import Rule
from tests.support import transcript
from tests.support.hostile_urls import HOSTILE
from tests.support.transcript import HOSTS, Transcript

RULES = [Rule(hosts.pattern(each), profile="env", username="") for each in HOSTS.split(",")]
GOOD = "https://api.example.com"
# The first conversation of each protocol whose caller names a URL.
DRIVEN = [
    script
    for script in (transcript.read(name)[0] for name in transcript.names())
    if "api.example.com" in script.stdin + " ".join(script.command)
]


def carry(text: str, url: str, *, as_json: bool = False) -> str:
    """Return what the caller says for that URL instead of the good one."""
    scheme, _separator, rest = url.partition("://")
    if "protocol=https\n" in text:
        text = text.replace("protocol=https\n", f"protocol={scheme}\n")
        return text.replace("host=api.example.com", f"host={rest}")
    if as_json:
        url, rest = json.dumps(url)[1:-1], json.dumps(rest)[1:-1]
    if GOOD in text:
        return text.replace(GOOD, url)
    return text.replace("api.example.com", rest)


def hear(monkeypatch: pytest.MonkeyPatch, script: Transcript, url: str) -> hosts.Rule | None:
    """Return the rule that lets the token go to that URL, as the door and `cli` look for it."""
    stdin = carry(script.stdin, url, as_json=script.stdin.startswith("{"))
    monkeypatch.setattr(caller, "read_input", lambda until=b"": stdin.encode())
    words = [carry(word, url) for word in script.command]
    words = words[3:] if words[0] == "credhelper" else words[1:]
    protocol = caller.load(script.protocol)
    assert protocol
    asked = caller.hear(protocol, words).asked
    if not isinstance(asked, caller.Asked):
        return None
    assert asked.url, "a protocol whose caller names a URL must say so"
    return hosts.match(RULES, asked.url, asked.profile)


@pytest.mark.parametrize("script", DRIVEN, ids=lambda script: script.protocol)
@pytest.mark.parametrize("url", HOSTILE, ids=ascii)
def test_a_hostile_url_gets_no_token(
    monkeypatch: pytest.MonkeyPatch, script: Transcript, url: str
) -> None:
    """No rule fits it; the caller's own scheme is all that a bare host leaves out."""
    rest = url.partition("://")[2]
    carries_scheme = GOOD in script.stdin + " ".join(script.command) or script.protocol == "git"
    # As a bare host it may be a good one: the caller always speaks https to it.
    bare = rest.strip() if script.protocol == "docker" else rest
    if not carries_scheme and hosts.match(RULES, caller.address(bare), ""):
        return
    assert hear(monkeypatch, script, url) is None


@pytest.mark.parametrize("script", DRIVEN, ids=lambda script: script.protocol)
@pytest.mark.parametrize(
    "url",
    [GOOD, "https://API.example.com", "https://api.example.com:443", "https://x.corp.example"],
)
def test_a_good_url_gets_its_token(
    monkeypatch: pytest.MonkeyPatch, script: Transcript, url: str
) -> None:
    """The same way of asking finds the rule for a good URL: the test above is not vacuous."""
    assert hear(monkeypatch, script, url)


BARE = [script for script in DRIVEN if script.protocol in ("git", "docker", "keyring", "terraform")]
# What a caller that has decoded a host may name: none of it is the host alone.
DECODED = [
    *("api.example.com/.evil.example", "api.example.com?.evil.example"),
    *("api.example.com#.evil.example", "api.example.com/", "api.example.com?", "api.example.com#"),
    *("api.example.com/@evil.example", "api.example.com:443/.evil.example", "/api.example.com"),
    *("api.example.com@evil.example", "evil.example@api.example.com", "@api.example.com"),
    *("api.example.com%2f.evil.example", "api.example.com%00.evil.example", "api.example.com."),
    *("api.example.com\\.evil.example", "api.example.com;.evil.example", "api.example.com:443:"),
    *("api.example.com evil.example", "api.example.com\t.evil.example", "api.example.com\x7f"),
    *("api.example.com\xa0", "x.corp.example/.evil"),
    *("x.corp.example?", "127.0.0.1:8080/.evil.example", "", "://", "https://", "///"),
]


@pytest.mark.parametrize("script", BARE, ids=lambda script: script.protocol)
@pytest.mark.parametrize("host", DECODED, ids=ascii)
def test_more_than_a_host_is_no_host(
    monkeypatch: pytest.MonkeyPatch, script: Transcript, host: str
) -> None:
    """Where a caller gives the host apart, nothing ends it: its own library looks it up whole."""
    carried = {
        "git": f"protocol=https\nhost={host}\n\n",
        "docker": host,
    }.get(script.protocol, "")
    monkeypatch.setattr(caller, "read_input", lambda until=b"": carried.encode())
    words = {"keyring": ["get", host], "terraform": ["get", host]}.get(script.protocol, ["get"])
    protocol = caller.load(script.protocol)
    assert protocol
    asked = caller.hear(protocol, words).asked
    if isinstance(asked, caller.Asked):
        assert asked.url, "without a URL the default profile would be served"
        assert hosts.match(RULES, asked.url, asked.profile) is None


@pytest.mark.parametrize(
    ("name", "words", "stdin"),
    [
        ("bazel", ["get"], '{"uri":""}'),
        ("cargo", [""], ""),
        ("cargo", ["sparse+"], ""),
        ("docker", ["get"], ""),
        ("docker", ["get"], " \t\r\n"),
        ("git", ["get"], ""),
        ("git", ["get"], "protocol=https\n\n"),
        ("git", ["get"], "protocol=https\nhost=\n\n"),
        ("git", ["get"], "protocol=\nhost=api.example.com\n\n"),
        ("git", ["get"], "protocol=https://api.example.com/\nhost=evil.example\n\n"),
        ("goauth", [""], ""),
        ("goauth", ["env", ""], ""),
        ("google", [], ""),
        ("keyring", ["get", ""], ""),
        ("keyring", ["get", "", "user"], ""),
        ("kubelet", [], '{"kind":"CredentialProviderRequest","apiVersion":"%s","image":""}'),
        ("terraform", ["get", ""], ""),
    ],
)
def test_an_empty_url_gets_no_token(
    monkeypatch: pytest.MonkeyPatch, name: str, words: list[str], stdin: str
) -> None:
    """It names a URL, and none that is served: never the token of the default profile."""
    stdin = stdin.replace("%s", "credentialprovider.kubelet.k8s.io/v1")
    monkeypatch.setattr(caller, "read_input", lambda until=b"": stdin.encode())
    protocol = caller.load(name)
    assert protocol
    asked = caller.hear(protocol, words).asked
    if isinstance(asked, caller.Asked):
        assert asked.url
        assert (
            hosts.match([*RULES, Rule("docker.io:443", profile="env", username="")], asked.url, "")
            is None
        )
    else:
        assert not isinstance(asked, caller.Answer) or "Bearer" not in asked.text


def test_the_table_is_large_enough() -> None:
    """At least sixty, no two alike."""
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60
