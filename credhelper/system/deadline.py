"""The limit of the whole run: over lock, question, name look-ups, secret, exchange and answer.

A library's own time limit bounds each read, not their sum (a drip server outlasts it), and name
resolution has none. The first limit is an alarm, which raises in the main thread past every
`except Exception`, and again each while, for one that strikes in a destructor is lost. The second
one, a second later, needs no bytecode of ours: see `watchdog`.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from credhelper.cache import BUDGET_S
from credhelper.system import watchdog

AGAIN_S = 0.4
HARD_S = 1.0


class DeadlineExceeded(BaseException):
    """The run's time is over. A BaseException, so that no library's retry loop swallows it.

    `waited_for` says for whom it waited for, "" if that is not known.
    """

    waited_for = ""


class Signalled(BaseException):
    """A signal asks us to leave; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _expire(_number: int, _frame: FrameType | None) -> None:
    raise DeadlineExceeded


def _leave(number: int, _frame: FrameType | None) -> None:
    raise Signalled(number)


def watch_signals() -> None:
    """Turn SIGINT, SIGTERM and SIGHUP into `Signalled`, so that nothing is left half done."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _leave)


def start(until: float) -> None:
    """Raise DeadlineExceeded in the main thread from `until` (monotonic) on, again each while."""
    watchdog.start(max(until, time.monotonic()) + HARD_S)
    signal.signal(signal.SIGALRM, _expire)
    # 0 would cancel it.
    signal.setitimer(signal.ITIMER_REAL, max(until - time.monotonic(), 0.001), AGAIN_S)


@contextmanager
def waiting_for(whom: str) -> Iterator[None]:
    """Say what the block waits for; of nested blocks the inner one counts."""
    try:
        yield
    except DeadlineExceeded as late:
        late.waited_for = late.waited_for or whom
        raise


def claim_line() -> bool:
    """Return whether the last line is the caller's to write: then no alarm strikes any more."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    return watchdog.claim()


def remaining_s() -> float:
    """Return the seconds that are left until the alarm; a whole run's where none is set."""
    return signal.getitimer(signal.ITIMER_REAL)[0] or BUDGET_S


def stop() -> None:
    """Cancel both limits."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    watchdog.stop()
