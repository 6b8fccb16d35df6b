"""Single commands, interleaved: each round runs every one of them once, in shuffled order."""

import random
import statistics

from tests.bench.case import Case
from tests.bench.clock import Clock, Sample
from tests.bench.result import Row

MEMORY_RUNS = 5


def run(cases: list[Case], clock: Clock, rounds: int, skipped: dict[str, str]) -> list[Row]:
    """Return the medians. A peer that fails is skipped; ours must not: RuntimeError."""
    cases = [case for case in cases if _works(case, clock, skipped)]
    samples: dict[str, list[Sample]] = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in random.sample(cases, len(cases)):
            sample = _once(case, clock)
            if sample.failures:
                raise RuntimeError(f"{case.name} failed")
            samples[case.name].append(sample)
    ms = {name: statistics.median(s.ms for s in each) for name, each in samples.items()}
    mib = {case.name: _peak_mib(case, clock) for case in cases}
    return [
        Row(
            case.name,
            case.kind,
            ms=round(ms[case.name], 2),
            ratio=round(ms[case.name] / ms[case.yardstick], 3),
            mib=round(mib[case.name], 1),
            memory_ratio=round(mib[case.name] / mib[case.yardstick], 3),
        )
        for case in cases
    ]


def _once(case: Case, clock: Clock, count: int = 1) -> Sample:
    if case.cold:
        case.cold.drop()
    return clock.measure(case.argv, case.environ, count)


def _peak_mib(case: Case, clock: Clock) -> float:
    return statistics.median(_once(case, clock, 0).kib for _ in range(MEMORY_RUNS)) / 1024


def _works(case: Case, clock: Clock, skipped: dict[str, str]) -> bool:
    """Run it twice, unmeasured: for the caches of file system, bytecode and tokens."""
    samples = [_once(case, clock) for _ in range(2)]
    is_silent = case.kind != "bare" and not samples[-1].lines
    if not any(sample.failures for sample in samples) and not is_silent:
        return True
    if case.kind != "peer":
        raise RuntimeError(f"{case.name} failed")
    skipped[case.name] = "it printed no answer"
    return False
