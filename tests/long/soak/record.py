"""What a soak has seen, counted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from credhelper.token import HARD_S
from tests.long.soak.endpoint import Asked, Granted
from tests.long.soak.long_process import Look
from tests.long.soak.profiles import FORGET, FRESH, KEPT, LIST, Home

# A 429 is shared with other callers for its Retry-After, here 1 s; the rest is for a busy machine.
ECHO_S = 3.0
# Expiry and soft window are whole seconds.
ROUNDING_S = 2.0
# These print no token.
SILENT = (LIST, FORGET)


@dataclass(frozen=True)
class Run:
    """One finished run, its times in unix seconds. `kind` is the class of its error, or "".

    `good_until` is when the token that was cached as it began falls below the hard limit; 0 for
    none, or where it was not wanted.
    """

    caller: str
    profile: str
    started: float
    ended: float
    kind: str
    tokens: tuple[str, ...]
    good_until: float


@dataclass
class Record:
    """All that happened in `seconds`; the properties are the counts that a bound is set to."""

    home: Home
    seconds: float
    runs: list[Run] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    granted: dict[str, Granted] = field(default_factory=dict)
    strays: list[str] = field(default_factory=list)
    looks: list[list[Look]] = field(default_factory=list)
    endings: list[int] = field(default_factory=list)
    left_files: int = 0
    files: int = 0

    def of(self, *callers: str) -> list[Run]:
        """Return the runs of these callers."""
        return [run for run in self.runs if run.caller in callers]

    def needless(self) -> int:
        """Count failures of those for whom a token above the hard limit was cached all the time."""
        return sum(
            bool(run.kind) and run.good_until > run.ended and not self._was_forgotten(run)
            for run in self.runs
        )

    def _was_forgotten(self, run: Run) -> bool:
        return any(
            each.profile == run.profile and each.started < run.ended and run.started < each.ended
            for each in self.of(FORGET)
        )

    def unexplained(self) -> int:
        """Count failures though the endpoint had served the profile well and time was left."""
        return sum(
            bool(run.kind)
            and run.ended - run.started < self.home.deadline_s
            and not any(
                each.client_id == run.profile
                and each.outcome != "granted"
                and run.started - ECHO_S < each.at < run.ended
                for each in self.asked
            )
            for run in self.runs
        )

    def unfit(self) -> int:
        """Count answers without just one token, or with one that is not theirs or about to end."""
        return sum(
            not self._fits(run) for run in self.runs if not run.kind and run.caller not in SILENT
        )

    def _fits(self, run: Run) -> bool:
        if len(run.tokens) != 1 or run.tokens[0] not in self.granted:
            return False
        granted = self.granted[run.tokens[0]]
        is_new = granted.at >= run.started
        lasts = granted.expires_at - run.started > HARD_S
        return granted.client_id == run.profile and (is_new or lasts)

    def early(self) -> list[bool]:
        """Return for each token granted while the one before still did whether that is explained.

        By a `forget`, a `--fresh`, or a caller that has waited for the lock to its patience's end.
        """
        return [
            self._is_excused(profile, before, each)
            for profile in {run.profile for run in self.runs}
            for before, each in _pairs(self.granted.values(), profile)
            if each.at < before.at + self.home.cover_s(profile, before.life_s) - ROUNDING_S
        ]

    def _is_excused(self, profile: str, before: Granted, each: Granted) -> bool:
        return any(
            run.profile == profile
            and run.started < each.at
            and before.at < run.ended
            and (run.caller in (FRESH, FORGET) or run.ended - run.started >= self.home.patience_s)
            for run in self.runs
        )

    def requests_per_minute(self, *, kept: bool) -> float:
        """Return the rate of the residents' profile, or of all the others."""
        count = sum((each.client_id == KEPT) is kept for each in self.asked)
        return 60 * count / self.seconds

    def growth(self) -> tuple[int, int]:
        """Return the most that a resident has grown after a third of its time: descriptors, KiB."""
        pairs = [(looks[len(looks) // 3], looks[-1]) for looks in self.looks]
        return (
            max(last.descriptors - first.descriptors for first, last in pairs),
            max(last.resident_kib - first.resident_kib for first, last in pairs),
        )

    def dead_files(self) -> int:
        """Count looks at a refreshed file that was not there, or held an ended token."""
        return sum(
            each.left_s is None or each.left_s <= 0 for looks in self.looks for each in looks
        )


def _pairs(granted: Iterable[Granted], profile: str) -> list[tuple[Granted, Granted]]:
    """Return each token of a profile with the one before it."""
    own = sorted((each for each in granted if each.client_id == profile), key=lambda g: g.at)
    return list(pairwise(own))
