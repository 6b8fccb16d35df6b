"""The goals of the project, each beside the figure that was measured for it."""

from collections.abc import Iterator

from tests.bench.peer import AWS, BAO
from tests.bench.result import Goal, HerdRow, Row

WARM, WARM_MEMORY = 0.95, 1.05
COLD = {"cold env": 9.0, "cold vault": 10.5, "cold aws": 22.0}
BESIDE = {"cold vault": (BAO, 0.85), "cold aws": (AWS, 0.6)}
HERD = {"cold env": 1.2, "cold vault": 1.2, "cold aws": 1.4, "warm": 0.95}


def judge(rows: list[Row], herds: list[HerdRow]) -> list[Goal]:
    """Return every goal for which there is a figure."""
    return [*_single(rows), *_herds(herds)]


def _at_most(name: str, figure: float, limit: float) -> Goal:
    return Goal(name, f"at most {limit:g}", round(figure, 3), met=figure <= limit)


def _exactly(name: str, figure: int, limit: int) -> Goal:
    return Goal(name, f"exactly {limit}", figure, met=figure == limit)


def _single(rows: list[Row]) -> Iterator[Goal]:
    found = {row.name: row for row in rows}
    for row in rows:
        if row.kind == "warm":
            yield _at_most(f"{row.name}: time", row.ratio, WARM)
            yield _at_most(f"{row.name}: memory", row.memory_ratio, WARM_MEMORY)
    for name, limit in COLD.items():
        yield _at_most(f"{name}: time", found[name].ratio, limit)
    for name, (peer, limit) in BESIDE.items():
        if peer in found:
            yield _at_most(f"{name} to {peer}", found[name].ms / found[peer].ms, limit)


def _herds(herds: list[HerdRow]) -> Iterator[Goal]:
    for row in herds:
        name = f"{row.number} {row.name}"
        if row.name in HERD and row.number == 200:
            yield _at_most(f"{name}: wall", row.ratio, HERD[row.name])
        yield _exactly(f"{name}: failures", row.failures, 0)
        if row.token_requests is not None:
            expected = 0 if row.name == "warm" else 1
            yield _exactly(f"{name}: token requests", row.token_requests, expected)
        if row.secret_reads is not None:
            yield _exactly(f"{name}: secret reads", row.secret_reads, 1)
