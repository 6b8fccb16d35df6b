"""Time, the token endpoint and the disk of a simulation, as one process sees them."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Self

from credhelper import cache
from credhelper.errors import TemporaryError
from credhelper.renewal import lock
from credhelper.system import deadline

LIVES_S = (5, 29, 31, 45, 90, 149, 151, 200, 300, 300, 900, 900, 1500, 3600, 3600, 14400, 86400)
FAULTS = ("reset", "500", "429", "hang", "denied")
WAITS_S = (1, 5, 30, 7200)
# An answer takes this long, in s: at least, and at most.
LATENCY_S = (0.02, 2.0)
DESCRIPTOR = 1_000_000  # of the directory: none that the system knows


@dataclass
class Clock:
    """Three clocks in seconds: the server's, what the wall shows beside it, the monotonic one.

    It stands in for the module `time` and for the alarm, which both obey it.
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
            self.alarm = self.awake + deadline.AGAIN_S
            raise deadline.DeadlineExceeded

    def suspend(self, seconds: float) -> None:
        """Let the machine sleep."""
        self.true += seconds

    def step(self, seconds: float) -> None:
        """Set the wall clock, forward or back."""
        self.offset += seconds
        self.steps.append(self.true)

    def start(self, until: float) -> None:
        """Set the alarm, in the place of `deadline.start`."""
        self.alarm = max(until, self.awake + 0.001)

    def setitimer(self, _which: int, seconds: float, _again_s: float) -> None:
        """Set the alarm, in the place of the door's own call."""
        self.alarm = self.awake + seconds

    def stop(self) -> None:
        """Cancel the alarm."""
        self.alarm = 0.0

    def remaining_s(self) -> float:
        """Return the seconds until the alarm."""
        return self.alarm - self.awake if self.alarm else cache.BUDGET_S


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

    def __enter__(self) -> Self:
        """Be the session with itself."""
        return self

    def __exit__(self, *_raised: object) -> None:
        """Stay open for the next caller."""

    def post(self, *_arguments: object, **_settings: object) -> SimpleNamespace:
        """Answer a token request, in the place of `requests.Session.post`."""
        self.requests += 1
        token, offset = f"simulation-{self.requests}", self.clock.offset
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
            return _answer(429, {}, **{"Retry-After": str(self.dice.choice(WAITS_S))})
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
    """Files by name, whole, and the locks that are held."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.held: set[str] = set()

    def read(self, _folder: cache.Folder, name: str) -> bytes:
        """Return what is in a file, in the place of `cache.read_data`."""
        return self.files.get(name, b"")

    def write(self, name: str, data: bytes, *, folder: int) -> None:
        """Replace a file, in the place of `replacement.write`."""
        assert folder == DESCRIPTOR
        self.files[name] = data

    def unlink(self, _folder: cache.Folder, name: str) -> bool:
        """Delete a file, in the place of `removal.unlink`."""
        return self.files.pop(name, None) is not None

    def take(self, _folder: cache.Folder, name: str, suffix: str = lock.SUFFIX) -> "Held | None":
        """Return a lock, None if it is held, in the place of `lock.take`."""
        if name + suffix in self.held:
            return None
        self.held.add(name + suffix)
        return Held(self, name, name + suffix)


class Held:
    """A lock of the disk, as `lock.Lock`."""

    def __init__(self, disk: Disk, name: str, file: str) -> None:
        self.disk = disk
        self.name = name
        self.file = file

    def release(self) -> None:
        """Free it."""
        self.disk.held.discard(self.file)
