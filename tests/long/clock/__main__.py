"""Run a simulation of many steps and print what was counted.

A broken property ends it with a traceback.

`python -m tests.long.clock [--steps N] [--seed S]`.
"""
# ruff: noqa: T201 - printing is its job

import argparse
import time

from tests.long.clock.simulation import Simulation


def main() -> None:
    """Run it, and print what was counted. Raises AssertionError where a property broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    simulation, begun = Simulation(arguments.seed), time.monotonic()
    checks = simulation.run(arguments.steps)
    print(f"{arguments.steps} steps in {time.monotonic() - begun:.0f} s")
    print(f"{simulation.clock.true - 1_800_000_000:.0f} s went by on the server")
    for name, count in sorted(checks.counts.items()):
        print(f"{name:<60}{count:>10}")
    print(f"{'renewals within one hour, at most':<60}{checks.most_in_an_hour:>10}")


if __name__ == "__main__":
    main()
