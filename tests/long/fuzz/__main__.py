"""Fuzzing led by coverage: `python -m tests.long.fuzz [TARGET …] [--seconds N]`, default all.

Needs the extra `fuzz`. What fails is kept in the target's corpus, as a file `crash-…`.
"""
# ruff: noqa: T201 - printing is its job

import argparse
import importlib
import pkgutil
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

import credhelper

with atheris.instrument_imports(include=["credhelper"]):
    # All of it at once: what a function imports later would not be seen.
    for each in pkgutil.walk_packages(credhelper.__path__, f"{credhelper.__name__}."):
        importlib.import_module(each.name)
    from tests.long.fuzz import catalogue, inputs

SIZE_LIMIT = 8192


def main() -> int:
    """Run the targets one after the other, each in a process of its own; 1 if one has failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=30, help="for each target")
    parser.add_argument("--inside", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    known = catalogue.find()
    if arguments.inside:
        _fuzz(known[arguments.targets[0]], arguments.inside, arguments.seconds)
    names = arguments.targets or list(known)
    if wrong := set(names) - set(known):
        parser.error(f"no target {', '.join(wrong)}; known: {', '.join(known)}")
    print(f"{'target':<20}{'executions':>12}{'edges':>8}{'features':>10}  outcome", flush=True)
    held = [_start(name, arguments.seconds) for name in names]  # all, though one may fail
    return int(not all(held))


def _start(name: str, seconds: int) -> bool:
    """Fuzz a target in a process of its own and print a line; return whether it has held."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        command = [sys.executable, "-m", "tests.long.fuzz", name, "--inside", folder]
        done = subprocess.run(
            [*command, "--seconds", str(seconds)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        told = done.stderr.decode(errors="replace") + done.stdout.decode(errors="replace")
        numbers = re.findall(r"^#([0-9]+)\s.* cov: ([0-9]+) ft: ([0-9]+)", told, re.MULTILINE)
        executions, edges, features = numbers[-1] if numbers else ("0", "0", "0")
        outcome = "held" if not done.returncode else "failed"
        print(f"{name:<20}{executions:>12}{edges:>8}{features:>10}  {outcome}", flush=True)
        if not done.returncode:
            return True
        found = [path for path in Path(folder).glob("crash-*") if path.is_file()]
        for path in found:
            kept = catalogue.CORPUS / name / path.name[:14]
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(path.read_bytes())
            print(f"kept as {kept}", flush=True)
        print("\n".join(told.splitlines()[-25:]), flush=True)
        return False


def _fuzz(target: catalogue.Target, folder: str, seconds: int) -> None:
    """Fuzz a target until the time is over; does not return."""
    name = sys.argv[1]
    seeds, kept = Path(folder) / "seeds", Path(folder) / "new"
    seeds.mkdir()
    kept.mkdir()
    for number, data in enumerate(catalogue.corpus(name).values()):
        (seeds / str(number)).write_bytes(data)
    words = Path(folder) / "words"
    lines = ["".join(f"\\x{byte:02x}" for byte in word[:60]) for word in inputs.WORDS]
    words.write_text("".join(f'"{line}"\n' for line in lines))

    def one(data: bytes) -> None:
        catalogue.run(target, data)

    # No alarm of libFuzzer's own: ours count processor time, and deadlines are the package's.
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={SIZE_LIMIT}",
        "-timeout=86400",
        "-rss_limit_mb=0",
    ]
    options += [f"-dict={words}", f"-artifact_prefix={folder}/", str(kept), str(seeds)]
    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
