"""What is swept: a command line, and what the cache held before it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support import slots


@dataclass(frozen=True)
class Scenario:
    """A run. `age` makes the cache of it out of a good, new one, whose folder it is given."""

    name: str
    words: tuple[str, ...]
    age: Callable[[Path], object]
    has_waiter: bool = False


def entry(cache: Path) -> Path | None:
    """Return the entry of the only profile, if there is one."""
    found = [path for path in cache.glob("itwin-*") if "." not in path.name]
    return found[0] if found else None


def empty(cache: Path) -> None:
    """Leave no cache, and no folder for it."""
    for path in cache.iterdir():
        path.unlink()
    cache.rmdir()
    cache.parent.rmdir()


def soft(cache: Path) -> None:
    """Let the token be in its soft window: due for renewal, and good."""
    path = entry(cache)
    assert path
    lines = path.read_text().split("\n")[1:]
    lines[6] = "1"  # renew_at
    path.write_bytes(slots.sealed(path.name, "\n".join(lines).encode()))


def known(cache: Path) -> None:
    """Leave the index alone: the profiles are known, and nothing is cached."""
    for path in cache.iterdir():
        if not path.name.startswith("@index-"):
            path.unlink()


def keep(cache: Path) -> None:
    """Leave it as it is."""


SCENARIOS = (
    Scenario("cold", ("get",), empty),
    Scenario("renewal", ("get",), soft),
    Scenario("hit", ("get",), keep),
    Scenario("forget", ("forget",), keep),
    Scenario("waiter", ("get",), known, has_waiter=True),
    Scenario("first", ("get",), empty, has_waiter=True),
)
