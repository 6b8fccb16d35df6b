"""The story with real processes: one flight, two windows, outages, rotation."""

import os
import signal
import time
from pathlib import Path

import pytest

from credhelper import cache
from credhelper.config import load
from credhelper.errors import DeniedError
from credhelper.renewal import fetch, issue, order
from credhelper.system import deadline
from credhelper.token import HARD_S, Token
from tests.conftest import Box
from tests.support.servers.counting import TokenServer
from tests.support.slots import of, plant


@pytest.mark.unwatched  # 200 watched processes outlast the patience of a caller
@pytest.mark.parametrize(
    "arguments", [["get"], pytest.param(["get", "env"], marks=pytest.mark.slow)]
)
def test_a_cold_herd_makes_one_request(box: Box, tokens: TokenServer, arguments: list[str]) -> None:
    """200 processes on an empty cache: one token request, 200 equal answers, no litter."""
    box.itwin(tokens.url)
    answers = box.herd(200, *arguments)
    assert {answer.token() for answer in answers} == {"canary-token-1"}
    assert tokens.count == 1
    assert not [name for name in os.listdir(box.cache) if name.startswith(".")]


@pytest.mark.slow
def test_a_herd_of_fresh_callers_shares(box: Box, tokens: TokenServer) -> None:
    """`--fresh` gives a token newer than the call; callers that wait for it share one."""
    box.itwin(tokens.url)
    box.run("get").token()
    tokens.gate.clear()
    processes = [box.start("get", "--fresh") for _ in range(10)]
    assert tokens.arrived.wait(30)
    # All have started when they hold or wait for the lock; each has the lock file open by then.
    until = time.monotonic() + 30
    while time.monotonic() < until and not all(_waits(p.pid) for p in processes):
        time.sleep(0.01)
    tokens.gate.set()
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert "canary-token-1" not in str(answers)
    assert tokens.count <= 3


def _waits(pid: int) -> bool:
    """Return whether a process has imported the slow path: it sleeps or waits for the server."""
    try:
        maps = Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return True
    return "_hashlib" in maps or "_blake2" in maps


def test_inside_the_soft_window_one_renews_and_the_rest_are_served(
    box: Box, tokens: TokenServer
) -> None:
    """While one caller renews, the others answer at once with the token that is still good."""
    box.itwin(tokens.url)
    plant(box, life_s=200, renew_in_s=-1)
    tokens.gate.clear()
    renewing = box.start("get")
    assert tokens.arrived.wait(30)
    assert {answer.token() for answer in box.herd(20, "get")} == {"planted"}
    tokens.gate.set()
    assert "canary-token-1" in renewing.communicate(timeout=30)[0]
    assert tokens.count == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "document"),
    [
        (503, {}),
        (500, {}),
        (429, {}),
        (200, {"token_type": "mac"}),
        (400, {"error": "invalid_client"}),
    ],
)
def test_an_outage_is_bridged_by_a_token_that_is_still_good(
    box: Box, tokens: TokenServer, status: int, document: dict[str, object]
) -> None:
    """A failed renewal in the soft window serves the old token; not every caller tries it."""
    box.itwin(tokens.url)
    plant(box, life_s=200, renew_in_s=-1)
    tokens.status, tokens.document = status, document
    assert box.run("get").token() == "planted"
    assert tokens.count == 1
    assert box.run("get").token() == "planted"
    assert tokens.count == 1


@pytest.mark.slow
def test_a_renewal_that_is_late_does_not_ask_for_a_longer_deadline(
    box: Box, tokens: TokenServer
) -> None:
    """The soft budget has ended: a longer `deadline` would change nothing."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_DEADLINE"] = "4s"
    plant(box, life_s=200, renew_in_s=-1)
    tokens.gate.clear()
    ran = box.run("get", "-v")
    tokens.gate.set()
    assert "planted" in ran.stdout
    assert "within 2 s" in ran.stderr
    assert ran.stderr.endswith("; try again later\n")


def test_an_expired_token_is_never_served(box: Box, tokens: TokenServer) -> None:
    """Below the hard window an outage is an outage."""
    box.itwin(tokens.url)
    plant(box, life_s=HARD_S - 1, renew_in_s=-1)
    tokens.status, tokens.document = 429, {}
    box.environ["CREDHELPER_DEADLINE"] = "1s"
    box.run("get").refused(75)


def test_a_token_too_short_to_keep_is_printed(box: Box, tokens: TokenServer) -> None:
    """A token that came short is the best there is: out with it, but not into the cache."""
    box.itwin(tokens.url)
    tokens.document = {"token_type": "bearer", "expires_in": 10}
    assert box.run("get").token() == "canary-token-1"
    assert box.run("get").token() == "canary-token-2"


def test_min_ttl_renews_early(box: Box, tokens: TokenServer) -> None:
    """A caller that needs more life than is left gets a new token."""
    box.itwin(tokens.url)
    box.run("get").token()
    assert box.run("get", "--min-ttl", "30m").token() == "canary-token-1"
    assert box.run("get", "--min-ttl", "2h").token() == "canary-token-2"


def test_a_stopped_holder_is_served_around(box: Box, tokens: TokenServer) -> None:
    """A token that still serves is printed at once while the renewing process is stopped."""
    box.itwin(tokens.url)
    plant(box, life_s=200, renew_in_s=-1)
    tokens.gate.clear()
    holder = box.start("get")
    assert tokens.arrived.wait(30)
    holder.send_signal(signal.SIGSTOP)
    assert box.run("get").token() == "planted"
    holder.kill()
    holder.communicate()


@pytest.mark.slow
def test_a_stopped_holder_without_a_token_costs_ten_seconds(box: Box, tokens: TokenServer) -> None:
    """A caller waits for a stopped holder, but not for ever: then it fetches alone."""
    box.itwin(tokens.url)
    tokens.gate.clear()
    holder = box.start("get")
    assert tokens.arrived.wait(30)
    holder.send_signal(signal.SIGSTOP)
    tokens.gate.set()
    started = time.monotonic()
    assert box.run("get").token() == "canary-token-2"
    assert 9 < time.monotonic() - started < 15
    holder.kill()
    holder.communicate()


def test_a_killed_holder_leaves_the_lock_free(box: Box, tokens: TokenServer) -> None:
    """The kernel frees a dead process's lock: the next call goes ahead at once."""
    box.itwin(tokens.url)
    tokens.gate.clear()
    holder = box.start("get")
    assert tokens.arrived.wait(30)
    holder.kill()
    holder.communicate()
    tokens.gate.set()
    started = time.monotonic()
    assert box.run("get").token() == "canary-token-2"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(box: Box, tokens: TokenServer, number: signal.Signals) -> None:
    """A signal during the exchange: status 128+n within a second, nothing on stdout, no trace."""
    box.itwin(tokens.url)
    tokens.gate.clear()
    process = box.start("get")
    assert tokens.arrived.wait(30)
    started = time.monotonic()
    process.send_signal(number)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 128 + number
    assert time.monotonic() - started < 1


def test_a_silent_server_ends_at_the_deadline(box: Box, tokens: TokenServer) -> None:
    """The whole run has a limit of its own, whatever each read is allowed."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_DEADLINE"] = "1s"
    tokens.gate.clear()
    started = time.monotonic()
    assert "within 1 s" in box.run("get").refused(75)
    assert time.monotonic() - started < 3


def test_a_secret_rotated_in_between_is_read_again(
    box: Box, tokens: TokenServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After invalid_client a changed secret is used once; the same one is not sent twice."""
    file = tmp_path / "secret"
    file.write_text("old")
    monkeypatch.setenv("CREDHELPER_CACHE_DIR", str(tmp_path / "cache"))
    settings = {
        "token_url": tokens.url,
        "client_id": "x",
        "client_secret": f"file:{file}",
        "client_auth": "client_secret_post",
    }
    source = cache.Source("", stamp="")
    item = load.Profiles(source, "p", {"p": settings}).get("p")
    tokens.status, tokens.document = 400, {"error": "invalid_client"}
    with pytest.raises(DeniedError):
        issue.issue(order.place(item, source, started=time.monotonic()))
    deadline.stop()
    assert [form["client_secret"] for form in tokens.forms] == ["old"]

    tokens.gate.clear()
    tokens.arrived.clear()
    box.environ["CREDHELPER_CONFIG"] = str(
        box.config("\n".join(["[profiles.p]", *(f'{k} = "{v}"' for k, v in settings.items())]))
    )
    process = box.start("get")
    assert tokens.arrived.wait(30)
    file.write_text("new")
    tokens.gate.set()
    process.communicate(timeout=30)
    assert [form["client_secret"] for form in tokens.forms] == ["old", "old", "new"]


def test_a_read_only_cache_still_answers(box: Box, tokens: TokenServer) -> None:
    """Where nothing can be kept the token is fetched and printed, silently."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_CACHE_DIR"] = "/proc/credhelper"
    assert box.run("get").token() == "canary-token-1"
    assert "could not be kept" in box.run("get", "-v").stderr


def test_an_ephemeral_profile_is_never_kept(box: Box, tokens: TokenServer) -> None:
    """`ephemeral = true` leaves no token on the disk."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_EPHEMERAL"] = "true"
    assert box.run("get").token() == "canary-token-1"
    assert box.run("get").token() == "canary-token-2"
    assert not any("canary" in p.read_text() for p in box.cache.iterdir())


def test_the_windows() -> None:
    """Renewal begins a fifth of the life before the end, at most 300 s, or where the user says."""
    settings = {"token_url": "https://a/t", "client_id": "x", "client_secret": "env:X"}
    source = cache.Source("", stamp="")
    now = time.time()
    cases = [(3600, {}, 300), (100, {}, 20), (3600, {"renew_before": "900s"}, 900)]
    for life_s, extra, before_s in cases:
        item = load.Profiles(source, "p", {"p": {**settings, **extra}}).get("p")
        token = Token("a", token_type="Bearer", expires_at=int(now + life_s), scope="")
        assert token.expires_at - fetch.renew_at(item, token) == pytest.approx(before_s, abs=2)


@pytest.mark.parametrize("arguments", [["get"], ["get", "p"], ["as", "token", "p"]])
def test_an_edited_config_never_serves_the_old_token(
    box: Box, tokens: TokenServer, arguments: list[str]
) -> None:
    """Whether the profile is named or not, and however it is asked for."""
    path = box.config(
        f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "x"\nclient_secret = "env:X"\n'
    )
    box.environ["X"] = "secret"
    assert "canary-token-1" in box.run(*arguments).stdout
    assert "canary-token-1" in box.run(*arguments).stdout
    path.write_text(path.read_text() + 'scope = "other"\n')
    assert "canary-token-2" in box.run(*arguments).stdout
    assert [form.get("scope") for form in tokens.forms] == [None, "other"]


def test_a_touched_config_costs_no_request(box: Box, tokens: TokenServer) -> None:
    """A token of the same settings is kept under the config's new state, and keeps its age."""
    path = box.config(
        f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "x"\nclient_secret = "env:X"\n'
    )
    box.environ["X"] = "secret"
    box.run("get").token()
    source = load.profiles(box.environ).source
    before = cache.read(of(box.cache, source, "p"), box.environ)
    path.write_text(path.read_text() + "# a remark\n")
    assert box.run("get").token() == "canary-token-1"
    after = cache.read(of(box.cache, source, "p"), box.environ)
    assert before
    assert after
    assert before.stored_at == after.stored_at
    assert before.stamp != after.stamp == load.profiles(box.environ).source.stamp
    assert tokens.count == 1


def test_a_bridged_token_never_passes_for_a_fresh_one(box: Box, tokens: TokenServer) -> None:
    """`--fresh` fails in an outage, also after another caller has stored the old token again."""
    box.itwin(tokens.url)
    plant(box, life_s=200, renew_in_s=-1)
    tokens.status, tokens.document = 429, {}
    assert box.run("get").token() == "planted"
    plant(box, life_s=200, renew_in_s=-1)
    # Not a fault that is tried again: its retries and the deadline would race for the message.
    tokens.status, tokens.document = 400, {"error": "invalid_client"}
    assert "invalid_client" in box.run("get", "--fresh").refused(77)
