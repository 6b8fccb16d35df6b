"""The walk: time passes or jumps, and a caller comes, through the real door and the real story."""

import os
import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import pytest

from credhelper import __main__ as door
from credhelper import cache, deadline, issue, lock, oauth, profile, refusal, store, transport
from credhelper.errors import CredhelperError
from credhelper.profile import Profile
from credhelper.token import Token
from tests.clock.judge import HARD_S, Judge
from tests.clock.world import LIVES_S, Clock, Disk, Server

DAY_S = 86400.0
ENVIRON = {
    "HOME": "/nowhere",
    "CREDHELPER_TOKEN_URL": "https://127.0.0.1/token",
    "CREDHELPER_CLIENT_ID": "walk",
    "CREDHELPER_CLIENT_SECRET": "env:CLIENT_SECRET",
    "CLIENT_SECRET": "x",
}
# How often callers come, in s; from many a second in a build farm to a few a day.
PAUSES_S = ((0.1, 5.0), (0.1, 5.0), (1.0, 60.0), (30.0, 900.0), (900.0, 3 * 3600.0))


@dataclass
class Walk:
    """One walk from a seed; two with the same seed are the same."""

    seed: int

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.clock, self.disk = Clock(), Disk()
        self.server = Server(self.clock, self.dice, self._befall)
        self.profiles = profile.load(ENVIRON)
        self.name = self.profiles.source.entry_name("env")
        self.judge = Judge(self.clock, self.server, self.disk, self.name)
        self.pause_s = PAUSES_S[0]
        self.depth = 0
        self.slept = False

    def run(self, steps: int) -> Judge:
        """Return the judge after so many steps. Raises AssertionError where a property broke."""
        with self.inside():
            for _step in range(steps):
                self._event()
                self.call()
        return self.judge

    def inside(self) -> AbstractContextManager[None]:
        """Let the package live in this world until the block ends."""
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
        self.judge.counts[kind] += 1
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
            alarm, self.clock.alarm = self.clock.alarm, 0.0
            self.call()
            self.clock.alarm = alarm

    def call(self) -> None:
        """Let a caller come, as `main` and then `cli` do."""
        self.depth += 1
        if self.depth == 1:
            self.slept = False  # at most once in a run, and in those that come meanwhile
        started = self.clock.true
        printed: list[Token] = []

        def reply(token: Token) -> str:
            if self.dice.random() < 0.01:
                self._jump()  # the machine slept between the check and here
            printed[:] = [token]
            return ""

        def write(_text: str) -> bool:
            self.judge.prints(printed[0], started, HARD_S)
            return True

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(door, "_written", write)
            try:
                held = door._serve(lambda: door.find("env"), reply)  # noqa: SLF001 - it is the door
                order = issue.Order(self.profiles.get("env"), self.profiles.source)
                token = issue.issue(order, held).token
                self.judge.prints(token, started, 0 if self.slept else HARD_S)
            except _Left:
                pass
            except CredhelperError as error:
                self.judge.counts[f"failed: {error.word}"] += 1
            finally:
                self.depth -= 1


class _Left(BaseException):
    """The process has ended, as after `os._exit`."""


class _System:
    """`os` for the door, which ends its process with it."""

    environ = ENVIRON

    @staticmethod
    def _exit(_status: int) -> None:
        raise _Left


@contextmanager
def _instead(walk: Walk) -> Iterator[None]:
    """Put the walk's time, server and disk in the places of the real ones."""
    clock, disk = walk.clock, walk.disk

    def fetch(profile: Profile, attempts: int) -> Token:
        judge, server = walk.judge, walk.server
        judge.asks()
        fetches, requests = judge.fetches, server.requests
        try:
            return real_fetch(profile, attempts)
        finally:
            if judge.fetches == fetches:  # nobody else's are among them
                judge.asked(server.requests - requests)

    def keep(where: str, name: str, entry: cache.Entry) -> None:
        before = walk.judge.entry()
        if before and before.token.access_token == entry.token.access_token:
            walk.judge.failed_at = clock.time()  # the old one once more: its renewal has failed
        real_write(where, name, entry)
        if not walk.slept and walk.dice.random() < 0.01:
            walk.slept = True
            clock.suspend(walk.dice.choice(LIVES_S))

    real_write, real_fetch = store.write, issue._fetch  # noqa: SLF001 - where requests begin
    with pytest.MonkeyPatch.context() as patch:
        for module in (door, issue, lock, oauth, refusal, transport):
            patch.setattr(module, "time", clock)
        for name in ("start", "stop", "remaining_s"):
            patch.setattr(deadline, name, getattr(clock, name))
        patch.setattr(os, "environ", ENVIRON)
        patch.setattr(os, "getpid", lambda: 1)  # which spreads the pauses of those who wait
        patch.setattr(door, "os", _System)
        patch.setattr(transport, "random", walk.dice)
        patch.setattr(transport, "open_session", lambda *_a, **_k: nullcontext())
        patch.setattr(issue, "_fetch", fetch)
        patch.setattr(oauth, "_send", walk.server.send)
        patch.setattr(cache, "source", lambda _environ: walk.profiles.source)
        patch.setattr(cache, "read_lines", disk.read_lines)
        patch.setattr(store, "replace", disk.replace)
        patch.setattr(store, "write", keep)
        patch.setattr(refusal, "end", disk.end)
        patch.setattr(lock, "take", disk.take)
        yield
