"""The crash sweep, bounded: the first and the last call of each kind. Whole: `tests.long.sweep`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.long.sweep import call, fault, plan
from tests.long.sweep.checks import complaints
from tests.long.sweep.runner import Runner, runner
from tests.long.sweep.scenario import SCENARIOS, Scenario


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Runner]:
    """Return a runner, where faults can be injected."""
    if why := fault.missing():
        pytest.skip(why)
    with runner(tmp_path / "home") as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_no_fault_loses_a_token_or_tears_the_cache(ready: Runner, scenario: Scenario) -> None:
    """Each kind of call is killed and refused once; the run, its files and the next calls hold."""
    chosen = list(plan.few(scenario, *plan.calls(ready, scenario)))
    outcomes = [plan.carry_out(ready, each) for each in chosen]
    assert len(outcomes) >= 6
    assert [each for each in outcomes if each.wrong or each.status is None] == []


def test_the_verdict_sees_what_is_wrong(ready: Runner) -> None:
    """A torn entry, litter of a run that was not killed, a lost token and a traceback are told."""
    scenario = SCENARIOS[0]
    trial = ready.trial(scenario)
    last = trial.calls[-1]
    assert complaints(ready, scenario, "EIO", last, trial) == []
    (ready.box.cache / "itwin-torn").write_text("half")
    (ready.box.cache / ".itwin.tmp").touch()
    trial.ran.status, trial.ran.stdout, trial.ran.stderr = 70, "", "Traceback\n  line\n"
    told = " ".join(complaints(ready, scenario, "EIO", last, trial))
    for word in ("torn", "litter", "stderr was", "the status was 70"):
        assert word in told


def test_a_call_is_counted_as_strace_counts() -> None:
    """By name, of the first process; `main()` begins where three descriptors are looked at."""
    lines = ["7 read(3</a>, ", '7 newfstatat(0</n>, ""', "8 read(4</b>, ", '7 newfstatat(1</n>, ""']
    lines += ['7 newfstatat(2</n>, ""', '7 openat(5</h>, "/c/x") = 3</c/x>', "7 +++ exited +++"]
    found = call.parse("\n".join(lines))
    assert [(each.name, each.number, each.is_ours) for each in found] == [
        ("read", 1, False),
        *(("newfstatat", number, True) for number in (1, 2, 3)),
        ("openat", 1, True),
    ]
    assert found[-1].touches("/c")
    assert not found[-1].touches("/x")
