"""Time passes or jumps, and callers come: through the real door and the real renewal."""

import _signal  # type: ignore[import-not-found]  # as in `miss`
import os
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest

from credhelper import __main__ as door
from credhelper import cache
from credhelper.config import load
from credhelper.errors import CredhelperError
from credhelper.oauth import exchange
from credhelper.renewal import (
    fetch,
    issue,
    lock,
    miss,
    order,
    outcome,
    refusal,
    removal,
    store,
    wait,
)
from credhelper.renewal.order import Order
from credhelper.system import deadline, files, http
from credhelper.token import Entry, Token
from tests.long.clock.checks import HARD_S, Checks
from tests.long.clock.simulated import DESCRIPTOR, LIVES_S, Clock, Disk, Server

DAY_S = 86400.0
ENVIRON = {
    "HOME": "/nowhere",
    "CREDHELPER_TOKEN_URL": "https://127.0.0.1/token",
    "CREDHELPER_CLIENT_ID": "simulation",
    "CREDHELPER_CLIENT_SECRET": "env:CLIENT_SECRET",
    "CLIENT_SECRET": "x",
}
Reply = Callable[[Token], str]
Refuse = Callable[[CredhelperError], tuple[int, str, int]]
# How often callers come, in s; from many a second in a build farm to a few a day.
PAUSES_S = ((0.1, 5.0), (0.1, 5.0), (1.0, 60.0), (30.0, 900.0), (900.0, 3 * 3600.0))


@dataclass
class Simulation:
    """One simulation from a seed; two with the same seed are the same."""

    seed: int

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.clock, self.disk = Clock(), Disk()
        self.server = Server(self.clock, self.dice, self._befall)
        self.profiles = load.profiles(ENVIRON)
        self.slot = self.profiles.source.slot(cache.Folder("/nowhere"), "env")
        self.checks = Checks(self.clock, self.server, self.disk, self.slot)
        self.pause_s = PAUSES_S[0]
        self.depth = 0
        self.slept = False

    def run(self, steps: int) -> Checks:
        """Return the checks after so many steps. Raises AssertionError where a property broke."""
        with self.inside():
            for _step in range(steps):
                self._event()
                self.call()
        return self.checks

    def inside(self) -> AbstractContextManager[None]:
        """Let the package live in this simulated until the block ends."""
        return _instead(self)

    def _event(self) -> None:
        """Let time pass; now and then the clock jumps, or the server changes."""
        roll = self.dice.random()
        if roll < 0.94:
            self.clock.sleep(self.dice.uniform(*self.pause_s))
        elif roll < 0.98:
            self._jump()
        elif roll < 0.983:
            self.pause_s = self.dice.choice(PAUSES_S)
        elif roll < 0.993:
            self.server.life_s = self.dice.choice(LIVES_S)
        else:
            self.server.share = self.dice.choice([0.0, 0.02, 0.02, 0.02, 0.02, 0.02, 0.5, 1.0])

    def _jump(self) -> None:
        """Suspend the machine, or set its clock, by seconds to days."""
        size_s = self.dice.choice([1.0, 20.0, 60.0, 1800.0, 3600.0, DAY_S, 3 * DAY_S])
        size_s *= self.dice.uniform(0.5, 1.0)
        kind = self.dice.choice(["suspend", "forward", "back"])
        self.checks.counts[kind] += 1
        if kind == "suspend":
            self.clock.suspend(size_s)
        else:
            self.clock.step(size_s if kind == "forward" else -size_s)

    def _befall(self) -> None:
        """Let something happen while a request or a wait is under way."""
        roll = self.dice.random()
        if roll < 0.03:
            self._jump()
        elif roll < 0.1 and self.depth < 3:
            # Another process: it has an alarm of its own.
            alarm = self.clock.alarm
            self.call()
            self.clock.alarm = alarm

    def call(self) -> None:
        """Let a caller come, as `main` and then `cli` do."""
        self.depth += 1
        if self.depth == 1:
            self.slept = False  # at most once in a run, and in those that come meanwhile
        started = self.clock.true
        ENVIRON.setdefault("CLIENT_SECRET", "x")  # which the process before took out of its own
        self.clock.start(self.clock.monotonic() + cache.BUDGET_S)
        printed: list[Token] = []

        def reply(token: Token) -> str:
            if self.dice.random() < 0.01:
                self._jump()  # the machine slept between the check and here
                self.checks.jumped = True
            printed[:] = [token]
            return ""

        def write(_descriptor: int, _text: str) -> bool:
            if printed:
                self.checks.prints(printed[0], started, HARD_S)
            return True

        def refuse(error: CredhelperError) -> tuple[int, str, int]:
            self.checks.counts[f"failed: {error.word}"] += 1
            return 2, "", error.status

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(door, "_written", write)
            try:
                self._ask(self.clock.monotonic(), started, reply, refuse)
            except _Left:
                pass
            except CredhelperError as error:
                refuse(error)
            finally:
                self.clock.stop()
                self.checks.jumped = False
                self.depth -= 1

    def _ask(self, begun: float, started: float, reply: Reply, refuse: Refuse) -> None:
        """Ask the door, then `issue`, from `begun` (monotonic) or `started` (of the server) on."""
        try:
            where = door._folder_and_source()  # noqa: SLF001 - it is the door
            held, _ = door._serve(where, ("env", ""), begun, reply, refuse)  # noqa: SLF001
        except deadline.DeadlineExceeded:
            held = None  # as `main` does: `cli` says so
        wanted = order.place(self.profiles.get("env"), self.profiles.source, started=begun)
        token = issue.issue(wanted, held).token
        self.checks.prints(token, started, 0 if self.slept else HARD_S)


class _Left(BaseException):
    """The process has ended, as after `os._exit`."""


class _System:
    """`os` for the door, which ends its process with it."""

    environ = ENVIRON

    @staticmethod
    def _exit(_status: int) -> None:
        raise _Left


@contextmanager
def _instead(simulation: Simulation) -> Iterator[None]:
    """Put the simulation's time, server and disk in the places of the real ones."""
    clock, disk = simulation.clock, simulation.disk

    def counted(order: Order, old: Entry | None, plain: Callable[[], Entry]) -> fetch.Obtained:
        checks, server = simulation.checks, simulation.server
        checks.asks()
        fetches, requests = checks.fetches, server.requests
        try:
            obtained = real_grant(order, old, plain)
        except CredhelperError as error:
            checks.fails(error.shared_s or error.retry_after_s or 0.0)
            raise
        except deadline.DeadlineExceeded:
            checks.fails(0.0)
            raise
        else:
            checks.succeeds()
            return obtained
        finally:
            if checks.fetches == fetches:  # nobody else's are among them
                checks.asked(server.requests - requests)

    def keep(slot: cache.Slot, entry: Entry) -> None:
        real_write(slot, entry)
        if not simulation.slept and simulation.dice.random() < 0.01:
            simulation.slept = True
            clock.suspend(simulation.dice.choice(LIVES_S))

    real_write, real_grant = store.write, fetch.GRANTS[""]  # where requests begin
    with pytest.MonkeyPatch.context() as patch:
        for module in (door, fetch, issue, outcome, wait, miss, exchange, order, refusal, http):
            patch.setattr(module, "time", clock)
        for name in ("start", "stop", "remaining_s"):
            patch.setattr(deadline, name, getattr(clock, name))
        patch.setattr(_signal, "setitimer", clock.setitimer)
        patch.setattr(os, "environ", ENVIRON)
        patch.setattr(os, "getpid", lambda: 1)  # which spreads the pauses of those who wait
        patch.setattr(door, "os", _System)
        patch.setattr(http, "random", simulation.dice)
        patch.setattr(http, "open_session", lambda *_a, **_k: simulation.server)
        patch.setitem(fetch.GRANTS, "", counted)
        patch.setattr(cache, "source", lambda _environ: simulation.profiles.source)
        patch.setattr(cache, "read_data", disk.read)
        patch.setattr(files, "write", disk.write)
        patch.setattr(store, "_check_replaceable", lambda *_a: None)
        patch.setattr(removal, "unlink", disk.unlink)
        patch.setattr(store, "write", keep)
        patch.setattr(lock, "take", disk.take)
        patch.setattr(lock, "make", lambda _folder: DESCRIPTOR)
        store.write_index(
            simulation.slot.folder, simulation.profiles.source, simulation.profiles.index()
        )
        yield
