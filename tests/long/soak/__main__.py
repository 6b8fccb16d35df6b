"""Many callers for N minutes; print a table, and end with status 1 if a bound is broken.

`python -m tests.long.soak [--minutes N] [--seed S] [--faults SHARE]`.
"""
# ruff: noqa: T201 - printing is its job

import argparse
import sys
import tempfile
from pathlib import Path

from tests.long.soak import report, trial


def main() -> int:
    """Run a soak and print what was counted; return 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.01, help="share of failing requests")
    arguments = parser.parse_args()
    plan = trial.Plan(60 * arguments.minutes, arguments.seed, arguments.faults)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        seen = trial.run(plan, Path(folder))
    for name, figures in report.table(seen):
        print(f"{name:<56} {figures}")
    broken = report.broken(seen)
    for sentence in broken:
        print(f"broken: {sentence}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
