"""Which calls of a scenario are tampered with, how, and what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.long.sweep import fault
from tests.long.sweep.call import Call
from tests.long.sweep.checks import complaints
from tests.long.sweep.runner import Runner
from tests.long.sweep.scenario import Scenario


@dataclass(frozen=True)
class Tampering:
    """One call of a scenario and its fault."""

    scenario: Scenario
    call: Call
    fault: str


@dataclass(frozen=True)
class Outcome:
    """What came of it: the exit status (None if the call was not made again) and what is wrong."""

    tampering: Tampering
    status: int | None
    wrong: tuple[str, ...]


def calls(runner: Runner, scenario: Scenario) -> tuple[list[Call], list[Call]]:
    """Return the calls of an undisturbed run: those on our files and stdout, and all others.

    Of a run that another waits for only those count that it makes while it holds its first lock.
    """
    trial = runner.trial(scenario)
    assert trial.ran.status == 0, trial.ran
    found = trial.calls
    assert any(call.is_ours for call in found)
    if scenario.has_waiter:
        held, *further = [i + 1 for i, call in enumerate(found) if call.name == "flock"]
        found = found[held : further[0] - 1 if further else None]
    near = [call for call in found if runner.is_near(call)]
    return near, [call for call in found if call not in near]


def every(scenario: Scenario, chosen: list[Call], faults: tuple[str, ...]) -> Iterator[Tampering]:
    """Return each call with each fault; a run that another waits for can only be killed."""
    for call in chosen:
        for each in faults:
            if each == fault.KILL or not scenario.has_waiter:
                yield Tampering(scenario, call, each)


def few(scenario: Scenario, near: list[Call], far: list[Call]) -> Iterator[Tampering]:
    """Return some that need half a minute for all scenarios.

    Of each kind of call on our files the last is refused, with one of three errors, and of every
    second kind the first is killed; and so are two of the other calls.
    """
    for number, name in enumerate(sorted({call.name for call in near})):
        alike = [call for call in near if call.name == name]
        if number % 2 == 0:
            yield Tampering(scenario, alike[0], fault.KILL)
        if not scenario.has_waiter:
            yield Tampering(scenario, alike[-1], fault.ERRORS[number % 3])
    for call in far[:: len(far) // 2 + 1]:
        yield Tampering(scenario, call, fault.KILL)


def carry_out(runner: Runner, tampering: Tampering) -> Outcome:
    """Make the run, and look at all that must hold after it."""
    scenario, call = tampering.scenario, tampering.call
    trial = runner.trial(scenario, *fault.inject(tampering.fault, call))
    met = call.same_in(trial.calls)
    if met is None:
        return Outcome(tampering, None, ())
    wrong = complaints(runner, scenario, tampering.fault, met, trial)
    return Outcome(tampering, trial.ran.status, tuple(wrong))
