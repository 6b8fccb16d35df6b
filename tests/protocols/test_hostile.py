"""A hostile URL never gets a token, however a caller carries it."""

import json

import pytest

from credhelper import hosts, protocols
from credhelper.hosts import Rule
from tests.protocols import transcript
from tests.protocols.hostile import HOSTILE
from tests.protocols.transcript import HOSTS, Transcript

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
    monkeypatch.setattr(protocols, "read_input", lambda until=b"": stdin.encode())
    words = [carry(word, url) for word in script.command]
    words = words[3:] if words[0] == "credhelper" else words[1:]
    protocol = protocols.own(script.protocol)
    assert protocol
    asked = protocols.hear(protocol, words).asked
    if not isinstance(asked, protocols.Asked):
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
    if not carries_scheme and hosts.match(RULES, f"https://{rest}", ""):
        return  # as a bare host it is a good one: the caller always speaks https to it
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


def test_the_table_is_large_enough() -> None:
    """At least sixty, no two alike."""
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60
