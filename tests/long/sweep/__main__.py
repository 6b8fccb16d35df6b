"""`python -m tests.long.sweep` prints a row per scenario and fault, and each failure's call.

The status is 1 if anything is wrong. Whole, it takes hours: `--every 50` tampers with each call on
our own files and with every fiftieth of the others, which the interpreter and the libraries make.
"""

import argparse
import queue
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.long.sweep import fault, plan
from tests.long.sweep.runner import Runner, runner
from tests.long.sweep.scenario import SCENARIOS

WORKERS = 2


def main() -> int:
    """Sweep what the command line asks for; return 1 if anything is wrong."""
    options = _options()
    if why := fault.missing():
        sys.exit(why)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        runners: queue.SimpleQueue[Runner] = queue.SimpleQueue()
        for number in range(WORKERS):
            runners.put(stack.enter_context(runner(Path(folder, str(number)))))
        outcomes = _sweep(options, runners)
    _report(outcomes)
    _say(f"{len(outcomes)} runs in {time.monotonic() - started:.0f} s")
    return int(any(outcome.wrong for outcome in outcomes))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.long.sweep", description=__doc__)
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--scenario", action="append", choices=names, help="all, if not given")
    parser.add_argument("--fault", action="append", choices=fault.FAULTS, help="the same")
    every = "of the calls that are not on our files only each so many-th; 0 for none"
    parser.add_argument("--every", type=int, default=1, help=every)
    return parser.parse_args()


def _sweep(options: argparse.Namespace, runners: "queue.SimpleQueue[Runner]") -> list[plan.Outcome]:
    """Carry out all that is planned, on two runners at once."""
    todo: list[plan.Tampering] = []
    for scenario in SCENARIOS:
        if scenario.name not in (options.scenario or [scenario.name]):
            continue
        first = runners.get()
        near, far = plan.calls(first, scenario)
        runners.put(first)
        chosen = near + (far[:: options.every] if options.every else [])
        _say(f"{scenario.name}: {len(near)} calls on our files, {len(far)} others")
        todo += plan.every(scenario, chosen, tuple(options.fault or fault.FAULTS))

    def carry_out(tampering: plan.Tampering) -> plan.Outcome:
        mine = runners.get()
        try:
            outcome = plan.carry_out(mine, tampering)
        finally:
            runners.put(mine)
        for problem in outcome.wrong:
            _say(f"{tampering.scenario.name} {tampering.fault} {tampering.call}: {problem}")
        return outcome

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(carry_out, todo))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _report(outcomes: list[plan.Outcome]) -> None:
    """Print a row per scenario and fault: calls, not met again, answered all the same, right."""
    _say(f"{'scenario':10} {'fault':8} {'calls':>6} {'unmet':>6} {'exit 0':>7} {'right':>6}")
    for scenario in SCENARIOS:
        for name in fault.FAULTS:
            row = [
                o for o in outcomes if (o.tampering.scenario, o.tampering.fault) == (scenario, name)
            ]
            if not row:
                continue
            unmet = sum(outcome.status is None for outcome in row)
            answered = sum(outcome.status == 0 for outcome in row)
            right = sum(not outcome.wrong for outcome in row)
            _say(f"{scenario.name:10} {name:8} {len(row):6} {unmet:6} {answered:7} {right:6}")


if __name__ == "__main__":
    sys.exit(main())
