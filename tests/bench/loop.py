"""Ten thousand warm calls in a row and 500 at once fail never and leave nothing behind.

`python tests/bench/loop.py [--number N] [--command PATH]` prints counts and times. Without a
command it installs the checkout into a temporary virtual environment first.
"""
# ruff: noqa: T201 - printing is its job

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench import home, servers
from tests.bench.clock import Clock
from tests.bench.home import Home
from tests.bench.venvs import usual

NUMBER, AT_ONCE = 10_000, 500


def main() -> None:
    """Run both against one token endpoint. Ends with status 1 and a sentence if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=NUMBER, help="of calls in a row")
    parser.add_argument("--command", type=Path, help="an installed credhelper")
    arguments = parser.parse_args()
    if not 1 <= arguments.number <= 1_000_000:
        parser.error("--number must be between 1 and 1000000")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        root = Path(folder)
        command = str(arguments.command.absolute() if arguments.command else _install(root))
        with servers.tokens(root) as address, Clock(root) as clock:
            where = home.make(root, "loop", **home.endpoint(f"http://{address}/token"))
            warm_up = clock.measure([command, "get"], where.environ)
            if warm_up.failures:
                sys.exit("the first, cold call failed")
            _in_a_row(command, where, clock, arguments.number)
            _at_once(command, where, clock)
            requests = servers.counts(address)["token_requests"]
    if requests != 1:
        sys.exit(f"{requests} token requests instead of 1")
    print("1 token request in all, no failure, nothing left behind")


def _install(root: Path) -> str:
    installed = usual(root / "venv")
    return installed.command


def _in_a_row(command: str, where: Home, clock: Clock, number: int) -> None:
    begun = time.monotonic()
    failures = sum(not _succeeds(command, where, clock) for _ in range(number))
    _report(f"{number} in a row", time.monotonic() - begun, failures, where)


def _succeeds(command: str, where: Home, clock: Clock) -> bool:
    sample = clock.measure([command, "get"], where.environ)
    return not sample.failures and len(sample.lines) == 1


def _at_once(command: str, where: Home, clock: Clock) -> None:
    sample = clock.measure([command, "get"], where.environ, AT_ONCE)
    failures = max(sample.failures, AT_ONCE - len(sample.lines))
    _report(f"{AT_ONCE} at once", sample.ms / 1000, failures, where)


def _report(name: str, took_s: float, failures: int, where: Home) -> None:
    litter = where.litter()
    print(f"{name}: {took_s:.1f} s, {failures} failures, {len(litter)} stray files", flush=True)
    if failures or litter:
        sys.exit(f"{name} must neither fail nor leave files behind")


if __name__ == "__main__":
    main()
