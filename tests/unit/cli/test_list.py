"""`list`: the state of each profile's token and how its last exchange failed, never a value."""

import json
import time
from typing import Any

import pytest

from credhelper.cli.commands.list import Row, text
from credhelper.errors import ConfigError, CredhelperError, ProtocolError, TemporaryError
from credhelper.renewal.refusal import DENIED_S
from credhelper.system import terminal
from tests.conftest import Box
from tests.support.canary import CLIENT_SECRET as SECRET
from tests.support.canary import leaks
from tests.support.servers.counting import TokenServer
from tests.support.slots import plant
from tests.support.terminal import seen_on_terminal


def row(box: Box) -> dict[str, Any]:
    """Return what is told of the only profile; no secret and no token is."""
    ran = box.run("list", "--json")
    assert (ran.status, ran.stderr) == (0, "")
    plain = box.run("list").stdout
    assert not leaks((ran.stdout + plain).encode(), SECRET, "canary-token-1")
    (found,) = json.loads(ran.stdout)
    assert isinstance(found, dict)
    return found


def test_the_state_of_a_token(box: Box, tokens: TokenServer) -> None:
    """None, fresh with its life, soft, expired; beside it the host and the secret's place."""
    box.itwin(tokens.url)
    first = row(box)
    assert (first["state"], first["remaining_s"], first["last_error"]) == ("none", None, None)
    assert (first["host"], first["default"]) == ("127.0.0.1", True)
    assert first["secret_reference"] == "env:ITWIN_CLIENT_SECRET"
    expiration = json.loads(box.run("get").stdout)["Expiration"]
    fresh = row(box)
    assert (fresh["state"], fresh["expiration"]) == ("fresh", expiration)
    assert 3500 < fresh["remaining_s"] <= 3600
    assert " fresh  59m " in box.run("list").stdout
    plant(box, life_s=200, renew_in_s=-1)
    assert row(box)["state"] == "soft"
    assert " soft (renewing)  3m " in box.run("list").stdout
    plant(box, life_s=20, renew_in_s=-1)
    assert (row(box)["state"], row(box)["remaining_s"]) == ("expired", None)


@pytest.mark.slow
def test_a_refusal_that_stands_is_a_state(box: Box, tokens: TokenServer) -> None:
    """As long as it stands; then it is only the last error."""
    box.itwin(tokens.url)
    tokens.status, tokens.document = 400, {"error": "invalid_client"}
    box.run("get").refused(77)
    started = time.monotonic()
    refused = row(box)
    assert refused["state"] == "refused" or time.monotonic() - started > DENIED_S
    assert refused["last_error"]["class"] == "denied"
    assert refused["last_error"]["code"] == "invalid_client"
    time.sleep(DENIED_S)
    assert row(box)["state"] == "none"
    assert row(box)["last_error"]["ago_s"] >= int(DENIED_S)


FAILURES = [
    (408, {}, TemporaryError),
    (400, {"error": "invalid_scope"}, ConfigError),
    (200, {"token_type": "mac"}, ProtocolError),
]


@pytest.mark.slow
@pytest.mark.parametrize(("status", "document", "kind"), FAILURES)
def test_the_last_error_is_known_and_shared_with_nobody(
    box: Box,
    tokens: TokenServer,
    status: int,
    document: dict[str, object],
    kind: type[CredhelperError],
) -> None:
    """Of every class; the next caller asks for itself, and its success ends it."""
    box.itwin(tokens.url)
    good = (tokens.status, tokens.document)
    tokens.status, tokens.document = status, document
    line = box.run("get").refused(kind.status)
    before = tokens.count
    error = row(box)["last_error"]
    assert error["class"] == kind.word
    assert line == f"credhelper: {kind.word}: {error['problem']}; {error['hint']}"
    assert row(box)["state"] == "none"
    assert f"{kind.word}, " in box.run("list").stdout
    (marker,) = box.cache.glob("*.refused")
    assert marker.stat().st_mode & 0o777 == 0o600
    assert not leaks(marker.read_bytes(), SECRET)
    box.run("get").refused(kind.status)
    assert tokens.count > before
    tokens.status, tokens.document = good
    box.run("get").token()
    assert row(box)["last_error"] is None
    assert not list(box.cache.glob("*.refused"))


@pytest.mark.slow
def test_a_failed_renewal_is_known_though_the_caller_was_served(
    box: Box, tokens: TokenServer
) -> None:
    """In the soft window the old token is the answer, and `list` tells what goes wrong."""
    box.itwin(tokens.url)
    plant(box, life_s=200, renew_in_s=-1)
    tokens.status = 503
    assert box.run("get").token() == "planted"
    assert row(box)["last_error"]["class"] == "temporary"
    assert box.run("forget").status == 0
    assert row(box)["last_error"] is None


@pytest.mark.slow
def test_a_failure_of_other_settings_is_not_told(box: Box) -> None:
    """Another scope is another exchange; a config that was only touched is the same."""
    text = '[profiles.p]\nprovider = "itwin"\nclient_id = "x"\nclient_secret = "env:S"\n'
    box.config(text)
    box.run("get").refused(78)
    assert "variable S is not set" in row(box)["last_error"]["problem"]
    box.config(text + "# a comment\n")
    assert "variable S is not set" in row(box)["last_error"]["problem"]
    box.config(text + 'scope = "other"\n')
    assert row(box)["last_error"] is None


def test_a_lesser_failure_leaves_a_refusal_standing(box: Box, tokens: TokenServer) -> None:
    """A caller past the cache that meets an outage does not end what stands for all."""
    box.itwin(tokens.url)
    tokens.status, tokens.headers = 429, {"Retry-After": "60"}
    line = box.run("get").refused(75)
    tokens.status, tokens.headers = 200, {}
    tokens.document = {"token_type": "mac"}
    box.run("get", "--fresh").refused(76)
    assert box.run("get").refused(75) == line


def test_a_disk_that_refuses_changes_nothing(box: Box, tokens: TokenServer) -> None:
    """The failing run says the same, with the same status, and `list` goes on."""
    box.itwin(tokens.url)
    tokens.status, tokens.document = 400, {"error": "invalid_scope"}
    line = box.run("get").refused(78)
    box.environ["CREDHELPER_CACHE_DIR"] = "/proc/credhelper"
    assert box.run("get").refused(78) == line
    assert row(box)["last_error"] is None


def test_a_broken_profile_hides_no_other(box: Box) -> None:
    """It has a row with its config error, without an escape code that the file may hold."""
    good = 'token_url = "https://a.example/t"\nclient_id = "x"\nclient_secret = "env:X"\n'
    bad = f'{good}"\\u001b[31m" = 1\n'
    box.config(f"[profiles.a]\n{good}[profiles.b]\n{bad}[profiles.c]\n{good}")
    ran = box.run("list")
    head, *lines = ran.stdout.splitlines()
    assert (ran.status, ran.stderr) == (0, "")
    assert [line.split()[0] for line in lines] == ["a", "b", "c"]
    assert "config: profiles.b.?[31m is not a key" in lines[1]
    column = head.index("TOKEN")
    assert [line[column:].split()[0] for line in lines] == ["none", "broken", "none"]
    found = json.loads(box.run("list", "--json").stdout)
    assert [each["profile"] for each in found] == ["a", "b", "c"]
    assert (found[1]["state"], found[1]["last_error"]["class"]) == ("broken", "config")
    assert len({frozenset(each) for each in found}) == 1


def test_no_config_is_an_error_as_elsewhere(box: Box) -> None:
    """Nothing to list is a failure status, not an empty list."""
    box.run("list", "--json").refused(78)


@pytest.mark.slow
def test_a_terminal_gets_colours_and_no_longer_lines(box: Box, tokens: TokenServer) -> None:
    """A pipe gets neither, and NO_COLOR is honoured."""
    box.itwin(tokens.url)
    tokens.status = 503
    box.run("get").refused(75)
    box.environ |= {"TERM": "xterm", "COLUMNS": "80"}
    plant(box, life_s=200, renew_in_s=-1)
    assert "\x1b[33msoft (renewing)\x1b[0m" in seen_on_terminal(box, "list")
    piped = box.run("list").stdout
    assert "\x1b" not in piped
    assert max(map(len, piped.splitlines())) > 80
    box.environ["NO_COLOR"] = "1"
    plain = seen_on_terminal(box, "list")
    assert "\x1b" not in plain
    assert max(map(len, plain.splitlines())) <= 80


def test_the_widest_column_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short columns stay whole; in every width each line fits, down to sixty."""
    monkeypatch.setenv("NO_COLOR", "1")
    error: dict[str, str | int | None] = {
        "class": "config",
        "problem": "word " * 30,
        "hint": "h",
        "ago_s": 5,
    }
    found = [Row("a", True, "h.example", "vault:secret/" + "p" * 90 + "#f", last_error=error)]
    assert max(map(len, text(found, 0).splitlines())) > 250
    for columns in (60, 80, 132, 200):
        head, line = text(found, columns).splitlines()
        assert max(len(head), len(line)) <= columns
        assert line.startswith("a *      h.example  vault:sec")
        assert head.index("TOKEN") == line.index("none")
        assert line.endswith("…")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (3299, "54m"), (3600, "1h 0m"), (7500, "2h 5m"),
     (86399, "23h 59m"), (86400, "1d 0h"), (360000, "4d 4h")],
)  # fmt: skip
def test_a_life_in_words(seconds: int, words: str) -> None:
    """Two units at most, rounded down."""
    assert terminal.duration(seconds) == words
