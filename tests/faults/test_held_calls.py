"""No call outlives its deadline: each that may block never returns, one at a time.

The calls of a run are counted first; then there is a run for each of them, in which it is held,
and so is each later one of the same name on the same thing: a file system that hangs, a peer that
is mute. A signal interrupts it. Our own installation does not hang: from there the line comes that
says so. A limit of 20 s stands in the code for a run whose config is not known; here it is shorter.
"""

import itertools
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import scenarios
from tests.support.scenarios import SCENARIOS, Scenario
from tests.support.servers.counting import TokenServer
from tests.support.servers.openbao import Asked, Reply, Stub
from tests.support.supervisor import watched
from tests.support.supervisor.call import Call
from tests.support.supervisor.watched import Ended

pytestmark = pytest.mark.slow

CODE = """
import sys
from credhelper import cache
cache.BUDGET_S = float(sys.argv.pop(1))
sys.argv[0] = "credhelper"
from credhelper.__main__ import main
main()
"""
# The second limit comes a second after the first; the rest is a loaded machine's.
AFTER_S, MARGIN_S = 1.0, 1.5
AT_ONCE = 8
NAMES = ("/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf")
THINGS = ("stdin", "stdout", "stderr", "socket", "pipe")
_RANDOM = re.compile(r"\.[0-9a-f]{16}$")
_KEY = re.compile(r"-[0-9a-f]{1,16}(?=\.|$)")


@dataclass(frozen=True)
class Held:
    """A call that never returns: the n-th of its name on one thing, from 0 on."""

    signature: str
    nth: int

    def __str__(self) -> str:
        return f"{self.signature} #{self.nth}"


@dataclass
class Runs:
    """Where the runs take place."""

    folder: Path
    tokens: TokenServer
    address: str

    def __post_init__(self) -> None:
        self._numbers = itertools.count()

    def run(self, scenario: Scenario, deadline_s: float, is_held: Callable[[str], bool]) -> Ended:
        """Run a scenario in a new home; `is_held` is asked for the signature of each call."""
        home = self.folder / f"home-{next(self._numbers)}"

        def ask(call: Call) -> bool:
            signature = sign(call, home)
            return bool(signature) and is_held(signature)

        with scenarios.at(scenario, home, self.tokens, self.address, deadline_s=deadline_s) as box:
            return watched.run(
                [sys.executable, "-I", "-c", CODE, str(deadline_s), *scenario.words],
                is_held=ask,
                environ=box.environ,
                cwd=home,
                stdin=scenario.stdin,
                limit_s=deadline_s + 5,
            )

    def hold(self, scenario: Scenario, held: Held) -> Ended:
        """Run a scenario while a call of it is held."""
        seen = itertools.count()
        return self.run(
            scenario, scenario.deadline_s, lambda s: s == held.signature and next(seen) >= held.nth
        )


def sign(call: Call, home: Path) -> str:
    """Return name and thing of a call, the same in each run; "" for what does not hang."""
    where = call.where
    if where.startswith(f"{home}/"):
        where = _KEY.sub("-KEY", _RANDOM.sub(".RANDOM", where.replace(str(home), "~", 1)))
    elif not (where in THINGS or where in NAMES or (not where and "wait" in call.name)):
        return ""
    return f"{call.name} {where}"


@pytest.fixture
def runs(
    tmp_path: Path, tokens: TokenServer, stub: Callable[[Callable[[Asked], Reply]], Stub]
) -> Runs:
    """Return the runs with its servers."""
    watched.require()
    return Runs(tmp_path, tokens, stub(scenarios.manager).url)


def calls(runs: Runs, scenario: Scenario) -> list[Held]:
    """Return the calls of a run to hold: of equal ones the first, the second and the last."""
    counts: dict[str, int] = {}

    def count(signature: str) -> bool:
        counts[signature] = counts.get(signature, 0) + 1
        return False

    ended = runs.run(scenario, scenario.ample_s, count)
    assert ended.status == 0, ended
    return [
        Held(signature, nth)
        for signature, number in counts.items()
        for nth in sorted({0, min(1, number - 1), number - 1})
    ]


def fault(scenario: Scenario, held: Held, ended: Ended) -> str:
    """Return what is wrong with the end of a run, "" if nothing is."""
    told = b"AccessToken" if scenario.stdin == b"" else b"password="
    has_answered = ended.status == 0 and told in ended.stdout
    is_deaf = "std" in held.signature
    if ended.status is None or ended.took_s > scenario.deadline_s + AFTER_S + MARGIN_S:
        return f"{held}: took {ended.took_s:.1f} s: {ended}"
    if has_answered and not ended.stderr:
        return ""
    has_said = ended.stderr.startswith(b"credhelper: ") and ended.stderr.count(b"\n") == 1
    if ended.status in (74, 75) and not ended.stdout and (has_said or is_deaf):
        return ""
    return f"{held}: {ended}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_call_that_never_returns_is_left_in_time(runs: Runs, name: str) -> None:
    """By the deadline and a second: with the token, or as temporary or io and with one line."""
    scenario = SCENARIOS[name]
    found = calls(runs, scenario)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ended = list(pool.map(lambda held: fault(scenario, held, runs.hold(scenario, held)), found))
    # What failed may be the load's doing: alone it must not fail.
    suspect = [held for held, problem in zip(found, ended, strict=True) if problem]
    faults = [
        problem for held in suspect if (problem := fault(scenario, held, runs.hold(scenario, held)))
    ]
    assert not faults, "\n".join(faults)


def test_a_soft_renewal_answers_the_old_token_whatever_the_network_does(runs: Runs) -> None:
    """Each call on a socket, of the name look-up and of the store is held: nobody waits longer."""
    scenario = SCENARIOS["soft"]
    network = [
        held
        for held in calls(runs, scenario)
        if any(word in held.signature for word in ("socket", "/etc/", "fsync", "RANDOM"))
    ]
    assert network
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ended = dict(zip(network, pool.map(lambda h: runs.hold(scenario, h), network), strict=True))
    bad = {h: e for h, e in ended.items() if e.status or b'"AccessToken"' not in e.stdout}
    assert not {h: e for h in bad if (e := runs.hold(scenario, h)).status}, bad
