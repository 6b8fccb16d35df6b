"""Do tests notice changes? `python -m tests.long.mutation [token cache oauth url conversation]`.

Needs the extras `test` and `mutation`. Takes minutes per group, and under an hour in all. Prints
the figures of each module and every survivor; the status is 1 where a group is below the goal.
"""
# ruff: noqa: T201 - printing is its job

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.long.mutation.ground import Ground
from tests.long.mutation.mutant import Mutant, mutants
from tests.long.mutation.subject import GOAL, SUBJECTS, Subject


def main() -> int:
    """Judge the groups; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.long.mutation", description=__doc__)
    parser.add_argument("group", nargs="*", help=" ".join(SUBJECTS), default=list(SUBJECTS))
    groups = parser.parse_args().group
    if unknown := set(groups) - set(SUBJECTS):
        parser.error(f"no such group: {' '.join(unknown)}")
    with tempfile.TemporaryDirectory(prefix="mutation-", ignore_cleanup_errors=True) as folder:
        ground = Ground(Path(folder))
        ground.prepare()
        rates = [rate(name, SUBJECTS[name], ground) for name in groups]
    return int(min(rates) < GOAL)


def rate(name: str, subject: Subject, ground: Ground) -> float:
    """Return how many of a group's mutants are killed, 0 to 1; print its figures."""
    for stage in subject.stages:
        if ground.test(stage) != "survived":
            sys.exit(f"{name}: {stage} fails without any change")
    counts = [count(f"credhelper/{module}.py", subject, ground) for module in subject.modules]
    total = sum(counts, Counter[str]())
    born = total.total() - total["stillborn"]
    killed = total["killed"] / born
    print(f"{name}: {killed:.1%} of {born} mutants killed", flush=True)
    return killed


def count(path: str, subject: Subject, ground: Ground) -> Counter[str]:
    """Return how many mutants of a module met which fate; print those that were not killed."""
    fates: Counter[str] = Counter()
    for mutant in mutants(path, (ground.tree / path).read_text()):
        fate = ground.judge(mutant, subject.stages)
        fates[fate] += 1
        if fate in ("survived", "timeout"):
            show(mutant, fate)
    figures = ", ".join(f"{fates[each]} {each}" for each in ("killed", "survived", "timeout"))
    print(f"{path}: {figures}; {fates['stillborn']} could not be imported", flush=True)
    return fates


def show(mutant: Mutant, fate: str) -> None:
    """Print a mutant, so that one can find it."""
    print(f"{fate}\n{mutant}\n", flush=True)


sys.exit(main())
