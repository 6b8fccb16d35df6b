"""Whatever a process inherits: the documented answer, in time, and no file anywhere else.

The states are a covering array: each three values of any three factors meet in one of the rows.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box
from tests.support import covering_array, process_states
from tests.support.covering_array import Row
from tests.support.servers import counting
from tests.support.servers.counting import TokenServer
from tests.support.servers.scripted import Script, drip_body
from tests.support.slots import plant

SEED = 11
AT_ONCE = 4
DEADLINE_S, MARGIN_S = 1.0, 2.5
WAYS = {
    "hit": (["get"], 0, b'"AccessToken":"planted"'),
    "cold": (["get"], 0, b'"AccessToken":"canary-token-'),
    "drip": (["get"], 75, b""),
    "wrong secret": (["get"], 77, b""),
    "git": (["as", "git", "get"], 0, b"password=planted"),
    "exec": (["exec", "--", "/bin/true"], 0, b""),
}


@dataclass
class Servers:
    """The endpoints of the ways."""

    good: TokenServer
    wrong: TokenServer
    drip: str

    def url(self, way: str) -> str:
        """Return the token endpoint for a way."""
        others = {"drip": self.drip, "wrong secret": self.wrong.url}
        return others.get(way, self.good.url)


@pytest.fixture
def servers(tokens: TokenServer, scripted: Script) -> Iterator[Servers]:
    """Return the endpoints."""
    with counting.serving() as wrong:
        wrong.accepts = set()
        yield Servers(tokens, wrong, scripted(drip_body, kind="").url)


def snapshot(base: Path) -> dict[str, bytes]:
    """Return all files and folders, but for those of the cache.

    And what Python itself compiles before our first line, where a variable says so.
    """
    theirs = {base / "cache", base / "elsewhere"}
    paths = [path for path in base.rglob("*") if not theirs & {path, *path.parents}]
    paths += (base / "elsewhere").rglob("*credhelper*/*.pyc")
    return {str(p.relative_to(base)): p.read_bytes() if p.is_file() else b"" for p in paths}


def prepare(row: Row, way: str, base: Path, servers: Servers) -> dict[str, str]:
    """Make the folders of a row, and return the environment."""
    (base / "home").mkdir(parents=True)
    environ = {
        **process_states.environ(row, base),
        "CREDHELPER_CACHE_DIR": str(base / "cache"),
        "CREDHELPER_TOKEN_URL": servers.url(way),
        "CREDHELPER_HOSTS": "api.example.com",
        "CREDHELPER_PROVIDER": "itwin",
        "ITWIN_CLIENT_ID": "x",
        "ITWIN_CLIENT_SECRET": "the-callers-secret-5e21",
        "XDG_CONFIG_HOME": str(base / "no-config"),
    }
    if way == "drip":
        environ["CREDHELPER_DEADLINE"] = f"{DEADLINE_S:g}s"
    if way in ("hit", "git"):
        box = Box(base / "home", environ)
        plant(box, life_s=3600, renew_in_s=3000)
        box.cache.rename(base / "cache")
    return environ


def play(row: Row, way: str, base: Path, servers: Servers) -> str:
    """Run a way in a state; return what is wrong, "" if nothing is."""
    words, *_rest = WAYS[way]
    environ = prepare(row, way, base, servers)
    command = process_states.command(row, base, environ, [COMMAND, *words])
    before, started = snapshot(base), time.monotonic()
    try:
        done = subprocess.run(
            command, input=b"protocol=https\nhost=api.example.com\n\n", capture_output=True,
            check=False, timeout=40,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{way} {row}: never ends"
    took_s = time.monotonic() - started
    os.chmod(base / row["place"], 0o755)
    problem = judge(row, way, done)
    after = snapshot(base)
    if before != after:
        problem += f" files {sorted(before.items() ^ after.items())[:3]}"
    if way == "drip" and took_s > DEADLINE_S + 1 + MARGIN_S:
        problem += f" took {took_s:.1f} s"
    return f"{way} {row}: {problem} {done}" if problem else ""


def judge(row: Row, way: str, done: "subprocess.CompletedProcess[bytes]") -> str:
    """Return what is wrong with an answer."""
    _words, status, told = WAYS[way]
    closed = row["closed"]
    expected = {status}
    if "1" in closed and told:
        expected, told = {74}, b""  # nobody can be told
    if way == "exec" and row["alarm"] == "soon":
        expected |= {-signal.SIGALRM, 128 + signal.SIGALRM}  # the caller's own, for its command
    if way == "git" and "0" in closed:
        expected, told = {0} if closed == "0" else {0, 74}, b""  # nothing is asked
    if done.returncode not in expected:
        return f"status {done.returncode}, not {expected}"
    if told not in done.stdout or (not told and done.stdout):
        return "another answer"
    lines = 1 if done.returncode > 0 and "2" not in closed else 0
    if done.stderr.count(b"\n") != lines and done.returncode < 128:
        return "another stderr"
    return "" if not lines or done.stderr.startswith(b"credhelper: ") else "a foreign line"


def run_all(cases: list[tuple[Row, str]], folder: Path, servers: Servers) -> list[str]:
    """Return what is wrong with the cases; what fails is run once more, alone."""

    def run(number: int) -> str:
        return play(*cases[number], folder / f"row-{number}", servers)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        problems = list(pool.map(run, range(len(cases))))
    again = [number for number, problem in enumerate(problems) if problem]
    return [p for n in again if (p := play(*cases[n], folder / f"again-{n}", servers))]


@pytest.mark.unwatched
@pytest.mark.slow
def test_each_three_things_inherited_change_nothing(tmp_path: Path, servers: Servers) -> None:
    """The command is a factor, too: so each two things meet in each of the commands."""
    factors = {**process_states.possible(), "way": tuple(WAYS)}
    found = list(filter(process_states.starts, covering_array.rows(factors, strength=3, seed=SEED)))
    faults = run_all([(row, row["way"]) for row in found], tmp_path, servers)
    print(f"{len(found)} rows, {len(faults)} faults")  # noqa: T201 - seen with -s
    assert not faults, "\n".join(faults)


@pytest.mark.unwatched
@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_each_three_things_inherited_change_no_command(
    tmp_path: Path, servers: Servers, way: str
) -> None:
    """Each command in each row."""
    found = list(
        filter(
            process_states.starts,
            covering_array.rows(process_states.possible(), strength=3, seed=SEED),
        )
    )
    faults = run_all([(row, way) for row in found], tmp_path, servers)
    print(f"{len(found)} rows, {len(faults)} faults")  # noqa: T201 - seen with -s
    assert not faults, "\n".join(faults)


def test_a_covering_array_covers() -> None:
    """Each combination of values of three factors is in a row, and a seed gives the same rows."""
    factors = {"a": "12", "b": "123", "c": "1234", "d": "12"}
    found = covering_array.rows(factors, strength=3, seed=1)
    assert found == covering_array.rows(factors, strength=3, seed=1)
    for names in combinations(factors, 3):
        met = {tuple(row[name] for name in names) for row in found}
        assert met == set(product(*(factors[name] for name in names)))
    assert len(found) <= 36
