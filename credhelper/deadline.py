"""The limit of the whole run, kept by the kernel: one alarm over lock, secret, exchange, retries.

A library's own time limit bounds each read, not their sum (a drip server outlasts it), and name
resolution has none. The alarm raises in the main thread, past every `except Exception`.
"""

import os
import signal
from types import FrameType

BUDGET_S = 20.0


class DeadlineExceeded(BaseException):
    """The run's time is over. A BaseException, so that no library's retry loop swallows it."""


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


def start(seconds: float) -> None:
    """Raise DeadlineExceeded in the main thread after so many seconds."""
    # glibc's resolver cannot be interrupted and tries for 5 s x 2 per server (resolv.conf(5)).
    os.environ.setdefault("RES_OPTIONS", "timeout:2 attempts:2")
    signal.signal(signal.SIGALRM, _expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def remaining_s() -> float:
    """Return the seconds that are left; the whole budget where no alarm is set."""
    return signal.getitimer(signal.ITIMER_REAL)[0] or BUDGET_S


def stop() -> None:
    """Cancel the alarm."""
    signal.setitimer(signal.ITIMER_REAL, 0)
