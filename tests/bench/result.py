"""What a benchmark found, as it goes into the JSON: no host name, no path."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One command: medians, and ratios to the bare interpreter of the same environment."""

    name: str
    kind: str
    ms: float
    ratio: float
    mib: float
    memory_ratio: float


@dataclass(frozen=True)
class HerdRow:
    """Many at once: median wall time, its ratio to as many bare interpreters; sums of the rest."""

    name: str
    number: int
    wall_ms: float
    ratio: float
    failures: int
    token_requests: int | None
    """Of the worst repetition; None where there was no credhelper."""
    secret_reads: int | None


@dataclass(frozen=True)
class Goal:
    """One line of the goals: a figure, its limit, and whether it keeps to it."""

    name: str
    limit: str
    figure: float
    met: bool


@dataclass(frozen=True)
class Result:
    """Everything that one run measured, and on what."""

    machine: dict[str, str]
    packages: dict[str, str]
    rounds: int
    herd_rounds: int
    rows: list[Row]
    herds: list[HerdRow]
    goals: list[Goal] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Result:
    """Return what `write` wrote."""
    found = json.loads(path.read_text(encoding="utf-8"))
    found["rows"] = [Row(**row) for row in found["rows"]]
    found["herds"] = [HerdRow(**row) for row in found["herds"]]
    found["goals"] = [Goal(**goal) for goal in found["goals"]]
    return Result(**found)
