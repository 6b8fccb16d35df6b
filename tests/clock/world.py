"""Time, the token endpoint and the disk of a walk, as one process sees them."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

from credhelper import deadline
from credhelper.errors import TemporaryError

LIVES_S = (5, 29, 31, 45, 90, 149, 151, 200, 300, 300, 900, 900, 1500, 3600, 3600, 14400, 86400)
FAULTS = ("reset", "500", "429", "hang", "denied")
# An answer takes this long, in s: at least, and at most.
LATENCY_S = (0.02, 2.0)


@dataclass
class Clock:
    """Three clocks in seconds: the server's, what the wall shows beside it, the monotonic one.

    It stands in for the module `time` and for the deadline's alarm, which both obey it.
    """

    true: float = 1_800_000_000.0
    offset: float = 0.0
    awake: float = 0.0
    alarm: float = 0.0
    steps: list[float] = field(default_factory=list)

    def time(self) -> float:
        """Return the wall clock."""
        return self.true + self.offset

    def monotonic(self) -> float:
        """Return the monotonic clock, which stands still in suspend."""
        return self.awake

    def sleep(self, seconds: float) -> None:
        """Let time pass. Raises DeadlineExceeded at the alarm."""
        struck = bool(self.alarm) and self.awake + seconds >= self.alarm
        passed_s = max(0.0, self.alarm - self.awake) if struck else seconds
        self.true += passed_s
        self.awake += passed_s
        if struck:
            raise deadline.DeadlineExceeded

    def suspend(self, seconds: float) -> None:
        """Let the machine sleep."""
        self.true += seconds

    def step(self, seconds: float) -> None:
        """Set the wall clock, forward or back."""
        self.offset += seconds
        self.steps.append(self.true)

    def start(self, seconds: float) -> None:
        """Set the alarm."""
        self.alarm = self.awake + seconds

    def stop(self) -> None:
        """Cancel the alarm."""
        self.alarm = 0.0

    def remaining_s(self) -> float:
        """Return the seconds until the alarm."""
        return self.alarm - self.awake if self.alarm else deadline.BUDGET_S


@dataclass(frozen=True)
class Grant:
    """A token's life in s, when the server granted it, and how far the wall was off when asked."""

    life_s: int
    at: float
    offset: float


@dataclass
class Server:
    """The token endpoint. `share` of its requests fail; `befall` is what happens meanwhile."""

    clock: Clock
    dice: random.Random
    befall: Callable[[], None]
    life_s: int = 3600
    share: float = 0.02
    granted: dict[str, Grant] = field(default_factory=dict)
    requests: int = 0

    def send(self, *_arguments: object, **_settings: object) -> SimpleNamespace:
        """Answer a token request, in the place of `oauth._send`."""
        self.requests += 1
        token, offset = f"walk-{self.requests}", self.clock.offset
        fault = self.dice.choice(FAULTS) if self.dice.random() < self.share else ""
        life_s = self.life_s
        self.clock.sleep(3600.0 if fault == "hang" else self.dice.uniform(*LATENCY_S) / 2)
        if not fault:
            self.granted[token] = Grant(life_s, self.clock.true, offset)
        self.befall()
        self.clock.sleep(self.dice.uniform(*LATENCY_S) / 2)
        if fault == "reset":
            raise TemporaryError("the connection was reset", hint="try again later")
        if fault == "500":
            return _answer(500, {})
        if fault == "429":
            return _answer(429, {}, **{"Retry-After": str(self.dice.choice([1, 5, 30, 7200]))})
        if fault == "denied":
            return _answer(401, {"error": "invalid_client"})
        document = {"access_token": token, "token_type": "Bearer", "expires_in": life_s}
        return _answer(200, document)


def _answer(status: int, document: dict[str, object], **headers: str) -> SimpleNamespace:
    return SimpleNamespace(
        status_code=status,
        headers=headers,
        content=json.dumps(document).encode(),
        url="https://127.0.0.1/token",
    )


class Disk:
    """Files by name as lists of lines, and the locks that are held."""

    def __init__(self) -> None:
        self.files: dict[str, list[str]] = {}
        self.held: set[str] = set()

    def read_lines(self, _where: str, name: str) -> list[str]:
        """Return the lines of a file, in the place of `cache.read_lines`."""
        return self.files.get(name, [])

    def replace(self, _where: str, name: str, lines: list[str]) -> None:
        """Write a file, in the place of `store.replace`."""
        self.files[name] = lines

    def end(self, _where: str, name: str) -> None:
        """Delete a marker, in the place of `refusal.end`."""
        self.files.pop(f"{name}.refused", None)

    def take(self, _where: str, name: str) -> "Held | None":
        """Return a lock, None if it is held, in the place of `lock.take`."""
        if name in self.held:
            return None
        self.held.add(name)
        return Held(self, name)


class Held:
    """A lock of the disk, as `lock.Lock`."""

    waited_s = 0.0

    def __init__(self, disk: Disk, name: str) -> None:
        self.disk = disk
        self.name = name

    def release(self) -> None:
        """Free it."""
        self.disk.held.discard(self.name)
