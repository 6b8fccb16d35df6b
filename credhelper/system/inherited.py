"""The caller's process state, which a child of ours must get back: see `exec`.

Umask, signal mask, ignored signals, a running alarm and the limit of core files pass through
execve(2), and are ours while we run.
"""

import os
import resource
import signal
import time
from collections.abc import Collection
from dataclasses import dataclass

# Python ignores these from its start on, so what the caller had is not known.
_PYTHONS = {signal.SIGPIPE, signal.SIGXFSZ}


@dataclass(frozen=True)
class Inherited:
    """The caller's state; at `started` (monotonic) `alarm_s` were left of its alarm, 0 of none.

    `core` is the soft limit of core files in bytes.
    """

    umask: int
    mask: frozenset[int]
    ignored: frozenset[int]
    alarm_s: float
    started: float
    core: int


def complete(  # noqa: PLR0913 - one per thing that passes through execve(2)
    umask: int,
    mask: Collection[int],
    ignored: Collection[int],
    alarm_s: float,
    started: float,
    *,
    core: int,
) -> Inherited:
    """Return the caller's state: what was taken over, and the signals that are still ignored."""
    still = {each for each in signal.valid_signals() if signal.getsignal(each) == signal.SIG_IGN}
    return Inherited(
        umask,
        frozenset(map(int, mask)),
        frozenset(map(int, still - _PYTHONS)) | frozenset(map(int, ignored)),
        alarm_s,
        started,
        core,
    )


def alarm_at(inherited: Inherited) -> float:
    """Return when the caller's alarm strikes (monotonic); endless for none."""
    return inherited.started + inherited.alarm_s if inherited.alarm_s else float("inf")


def restore(inherited: Inherited) -> None:
    """Give all of it back, for the command that this process becomes next."""
    restore_for_child(inherited)
    left_s = alarm_at(inherited) - time.monotonic()
    # One that is overdue comes at once; 0 would be none.
    signal.setitimer(signal.ITIMER_REAL, max(left_s, 1e-6) if inherited.alarm_s else 0)


def restore_for_child(inherited: Inherited) -> None:
    """Give back what a child has as well: an alarm does not pass through fork(2)."""
    os.umask(inherited.umask)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (inherited.core, hard))
    for number in signal.valid_signals():
        if number in inherited.ignored:
            signal.signal(number, signal.SIG_IGN)
        elif number in _PYTHONS or callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, inherited.mask)
