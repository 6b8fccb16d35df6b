"""The clock walks: nothing expired is given out, nothing is renewed endlessly.

A million steps: `python -m tests.long.clock`.
"""

import shutil
import sys

import pytest

from credhelper.renewal import fetch, refusal
from credhelper.token import HARD_S, Entry
from tests.conftest import Box
from tests.long.clock import checks, simulated
from tests.long.clock.simulation import Simulation
from tests.support.servers.counting import TokenServer

pytestmark = pytest.mark.slow
STEPS = 30_000


@pytest.mark.slow
def test_a_walk() -> None:
    """Whatever the clock does, each token given out and each request has its reason."""
    counts = Simulation(1).run(STEPS).counts
    assert counts["requests, in the soft window"] > 50
    assert counts["printed from the cache"] > STEPS / 4
    assert min(counts[jump] for jump in ("suspend", "forward", "back")) > 100


def test_a_walk_can_be_repeated() -> None:
    """The seed decides about everything."""
    first, second = Simulation(2).run(2000), Simulation(2).run(2000)
    assert first.counts == second.counts
    assert first.counts != Simulation(3).run(2000).counts


BREAKS: dict[str, tuple[object, str, object, str]] = {
    "always stale": (fetch, "renew_at", lambda *_a, **_k: 0, "before the soft window"),
    "never fresh": (Entry, "is_fresh", lambda *_a: False, "before the soft window"),
    "no postponement": (refusal, "POSTPONE_S", 0, "soon after a failure"),
    "no limit": (Entry, "serves", lambda self, now, *_a: self.stored_at <= now + 1, "limit"),
    "future": (
        Entry,
        "serves",
        lambda self, now, *_a: self.token.expires_at - now > HARD_S,
        "from the future",
    ),
    "unheard refusal": (refusal, "read", lambda *_a, **_k: None, "though refused"),
    "many attempts": (fetch, "ATTEMPTS", 9, "too many requests"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_is_noticed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Each property fails, by its name, when the decision that it watches is another."""
    owner, member, broken, told = BREAKS[name]
    monkeypatch.setattr(owner, member, broken)
    with pytest.raises(AssertionError, match=told):
        Simulation(1).run(STEPS)


def test_an_endless_renewal_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound of renewals in an hour fails, too, where any time is good enough for one."""
    monkeypatch.setattr(fetch, "renew_at", lambda *_a, **_k: 0)
    monkeypatch.setattr(checks, "SOFT_S", 10**6)
    monkeypatch.setattr(checks, "SOFT_SHARE", 2)
    with pytest.raises(AssertionError, match="renewed endlessly"):
        Simulation(1).run(STEPS)


def test_a_renewal_that_failed_while_the_clock_was_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next one waits for the soft window, which has not begun by the clock as it is now."""
    monkeypatch.setattr(simulated, "FAULTS", ("reset",))
    simulation = Simulation(1)
    with simulation.inside():
        simulation.server.share = 0.0
        simulation.call()
        simulation.clock.sleep(3400)
        simulation.server.share = 1.0
        simulation.server.befall = lambda: simulation.clock.step(-1800)
        simulation.call()
        simulation.clock.sleep(60)
        simulation.call()
    assert simulation.checks.fetches == 2


def test_a_renewal_that_fails_while_a_refusal_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts, too: the next one waits as long as ever, and the refusal stands as before."""
    monkeypatch.setattr(simulated, "FAULTS", ("429",))
    monkeypatch.setattr(simulated, "WAITS_S", (7200,))
    simulation = Simulation(1)
    simulation.server.befall = lambda: None
    with simulation.inside():
        simulation.server.share = 0.0
        simulation.call()
        simulation.clock.sleep(3400)
        simulation.server.share = 1.0
        simulation.call()
        until = simulation.checks.refused[1]
        monkeypatch.setattr(simulated, "FAULTS", ("reset",))
        for _each in range(3):
            simulation.clock.sleep(checks.POSTPONE_S + 1)
            simulation.call()
            simulation.call()
        failure = refusal.last(simulation.slot)
        assert failure
        assert failure.until == pytest.approx(until, abs=1)
    assert simulation.checks.fetches == 5


# The door itself, in a process whose clock goes on while it makes its answer.
_SLEEPER = """
import sys, time
from credhelper import __main__ as door
from credhelper.token import Token
real, slept = time.time, [0.0]
time.time = lambda: real() + slept[0]
def reply(token):
    slept[0] = float(sys.argv[1])
    return token.json()
held = door._serve(door._folder_and_source(), ("env", ""), time.monotonic(), reply, None)
print("held back", *held)
"""


@pytest.mark.parametrize("hours", [0.5, 1.5])
def test_a_machine_that_sleeps_before_the_door_prints(
    box: Box, tokens: TokenServer, hours: float
) -> None:
    """A token that ended between check and print is left to the slow path, which looks anew."""
    box.itwin(tokens.url)
    token = box.run("get").token()
    ran = box.call(sys.executable, "-c", _SLEEPER, str(hours * 3600))
    assert (ran.status, ran.stderr) == (0, "")
    assert (token in ran.stdout) is (hours < 1)
    assert (ran.stdout == "held back None \n") is (hours > 1)


@pytest.mark.skipif(not shutil.which("faketime"), reason="faketime is not installed")
def test_a_clock_that_is_set_to_and_fro(box: Box, tokens: TokenServer) -> None:
    """Under libfaketime a setting costs one request, or none where a good token is cached."""
    box.itwin(tokens.url)
    counts = []
    for offset in ("+0", "-2h", "-90m", "-2h", "+3h", "+210m", "+0", "-40y", "+0"):
        for protocol in ("process", "token", "header"):
            ran = box.call(
                "faketime", "-f", offset, shutil.which("credhelper") or "", "as", protocol
            )
            assert (ran.status, ran.stderr) == (0, "")
            assert f"canary-token-{tokens.count}" in ran.stdout
        counts.append(tokens.count)
    assert counts == [1, 2, 2, 2, 3, 3, 4, 5, 6]
