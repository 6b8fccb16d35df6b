"""What must hold at each step, worked out again from what the server and the disk know."""

from collections import Counter, deque
from dataclasses import dataclass, field

from credhelper import cache
from credhelper.token import Entry, Token
from tests.long.clock.simulated import Clock, Disk, Server

# The specification's figures (seconds), not the package's: a change of those must be noticed.
HARD_S, SOFT_S, SOFT_SHARE, POSTPONE_S, ATTEMPTS = 30, 300, 0.2, 30, 3
HOUR_S = 3600
# Expiry and soft window are whole seconds, and an answer takes up to two.
ROUNDING_S = 4.0
# No token request while one that serves is cached, but one in POSTPONE_S; and after each setting
# of the clock one more, since nobody can tell how long ago the last one was.
RENEWALS_PER_HOUR = HOUR_S // POSTPONE_S


@dataclass
class Checks:
    """All that has been seen. A method raises AssertionError for what must not be."""

    clock: Clock
    server: Server
    disk: Disk
    slot: cache.Slot
    counts: Counter[str] = field(default_factory=Counter)
    renewals: deque[float] = field(default_factory=deque)
    most_in_an_hour: int = 0
    fetches: int = 0
    jumped: bool = False  # the clock, after the caller under way had decided to ask the server
    failed_at: float = float("-inf")
    refused: tuple[float, float] = (0.0, 0.0)

    def entry(self) -> Entry | None:
        """Return what is cached, whether it serves or not."""
        return cache.read(self.slot, {"CLIENT_SECRET": "x"})

    def asks(self) -> None:
        """Check a fetch, which may need three requests, as it begins: it must have a reason."""
        self.fetches += 1
        now, entry = self.clock.time(), self.entry()
        if entry and entry.stored_at <= now + 1 and entry.token.expires_at - now > HARD_S:
            self._renews(entry, now)
            return
        is_ended = entry and entry.stored_at <= now + 1
        why = "below the hard limit" if is_ended else "nothing cached or from the future"
        self.counts[f"requests, {why}"] += 1
        is_refused = self.refused[0] <= now < self.refused[1]
        assert not is_refused or self.jumped, "asked though refused just now"

    def asked(self, requests: int) -> None:
        """Check a fetch as it ends, that has made so many requests."""
        assert requests <= ATTEMPTS, "too many requests of one caller"

    def fails(self, shared_s: float) -> None:
        """Remember a fetch that fails. The next in the soft window comes POSTPONE_S after it.

        And if there is no token, `shared_s` after it, whatever else fails meanwhile.
        """
        self.failed_at = now = self.clock.time()
        since, until = self.refused
        if shared_s or not (since <= now + 1 and now < until):
            until = now + min(shared_s, HOUR_S)
        # Of a refusal that stands the time moves on: after a clock set back it is from the future.
        self.refused = now, until

    def succeeds(self) -> None:
        """Remember that a fetch has brought a token, which ends what failed before it."""
        self.refused, self.failed_at = (0.0, 0.0), float("-inf")

    def _renews(self, entry: Entry, now: float) -> None:
        """Check a request though a token serves: in the soft window, and not too often."""
        life_s = entry.token.expires_at - entry.stored_at
        soft_at = entry.token.expires_at - min(SOFT_S, SOFT_SHARE * life_s)
        is_soft = now > soft_at - ROUNDING_S
        assert is_soft or self.jumped, "renewed before the soft window"
        since_s = now - self.failed_at
        assert not 0 <= since_s < POSTPONE_S - 1, "renewed soon after a failure"
        self.counts["requests, in the soft window"] += 1
        true = self.clock.true
        self.renewals.append(true)
        while self.renewals[0] <= true - HOUR_S:
            self.renewals.popleft()
        steps = sum(at > true - HOUR_S - POSTPONE_S for at in self.clock.steps[-500:])
        assert len(self.renewals) <= RENEWALS_PER_HOUR + 1 + steps, "renewed endlessly"
        self.most_in_an_hour = max(self.most_in_an_hour, len(self.renewals))

    def prints(self, token: Token, started: float, least_s: float) -> None:
        """Check a token that is given out now by a run that began at that time of the server.

        From the cache it must have more than `least_s` left by the wall clock, a new one any time.
        """
        now = self.clock.time()
        left_s = token.expires_at - now
        grant = self.server.granted[token.access_token]
        if grant.at >= started:
            self.counts["printed new"] += 1
            assert left_s > 0, "a token that ended on its way was given out"
        else:
            self.counts["printed from the cache"] += 1
            entry = self.entry()
            assert left_s > least_s, "below the hard limit"
            assert entry, "from nowhere"
            same = entry.token.access_token == token.access_token
            assert not same or entry.stored_at <= now + 1, "from the future"
        # By the server's clock: as good as that, but for what the wall was set back since.
        true_left_s = grant.at + grant.life_s - self.clock.true
        self.counts["printed, ended for the server, the wall set back since"] += true_left_s <= 0
        assert true_left_s >= left_s - max(0.0, grant.offset - self.clock.offset) - 1e-3
