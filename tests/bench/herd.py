"""Many processes at once, beside as many bare interpreters."""

import random
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import home
from tests.bench.clock import Clock
from tests.bench.home import Home
from tests.bench.result import HerdRow
from tests.bench.servers import Servers
from tests.bench.venvs import Venv

BARE = "bare interpreters"
SIZES = (200, 500)


@dataclass
class Herd:
    """One kind of herd, what to do before it, and what came of its repetitions."""

    name: str
    number: int
    argv: list[str]
    home: Home
    prepare: Callable[[], None]
    walls: list[float] = field(default_factory=list)
    failures: int = 0
    requests: list[int] = field(default_factory=list)
    reads: list[int] = field(default_factory=list)

    def run(self, clock: Clock, servers: Servers) -> None:
        """Run it once more. A process that printed no answer has failed, whatever its status."""
        self.prepare()
        before = servers.counts()
        sample = clock.measure(self.argv, self.home.environ, self.number)
        after = servers.counts()
        self.walls.append(sample.ms)
        silent = 0 if self.name == BARE else self.number - len(sample.lines)
        self.failures += max(sample.failures, silent)
        self.requests.append(after["token_requests"] - before["token_requests"])
        self.reads.append(after["secret_reads"] - before["secret_reads"])

    def row(self, bare_ms: float) -> HerdRow:
        """Return its line of the table; `bare_ms` is 1.00."""
        wall_ms = statistics.median(self.walls)
        is_bare = self.name == BARE
        return HerdRow(
            self.name,
            self.number,
            wall_ms=round(wall_ms, 1),
            ratio=round(wall_ms / bare_ms, 3),
            failures=self.failures,
            token_requests=None if is_bare else max(self.requests),
            secret_reads=max(self.reads) if self.name in ("cold vault", "cold aws") else None,
        )


def run(venv: Venv, servers: Servers, clock: Clock, root: Path, rounds: int) -> list[HerdRow]:
    """Run every herd once a round, in shuffled order; return the medians, [] for no round."""
    if not rounds:
        return []
    herds = list(_herds(venv, servers, clock, root))
    for _ in range(rounds):
        for herd in random.sample(herds, len(herds)):
            herd.run(clock, servers)
    bare = {herd.number: statistics.median(herd.walls) for herd in herds if herd.name == BARE}
    return [herd.row(bare[herd.number]) for herd in herds]


def _herds(venv: Venv, servers: Servers, clock: Clock, root: Path) -> Iterator[Herd]:
    get = [venv.command, "get"]
    plain = home.make(root, "herd-bare")
    env = home.of(root, "herd-env", "env", servers)
    for number in SIZES:
        yield Herd(BARE, number, [venv.python, "-I", "-c", "pass"], plain, _nothing)
        yield Herd("cold env", number, get, env, env.drop)
    for backend in ("vault", "aws"):
        where = home.of(root, f"herd-{backend}", backend, servers, relay=True)
        yield Herd(f"cold {backend}", 200, get, where, where.drop)
    warm = home.of(root, "herd-warm", "env", servers)
    for number in SIZES:
        yield Herd("warm", number, get, warm, _filling(clock, get, warm))
    soft = home.of(root, "herd-soft", "env", servers)
    yield Herd("in the soft window", 200, get, soft, _aging(clock, get, soft))


def _nothing() -> None:
    """Prepare nothing."""


def _filling(clock: Clock, get: list[str], where: Home) -> Callable[[], None]:
    def fill() -> None:
        clock.measure(get, where.environ)

    return fill


def _aging(clock: Clock, get: list[str], where: Home) -> Callable[[], None]:
    def age() -> None:
        where.drop()
        clock.measure(get, where.environ)
        where.age()

    return age
