"""What a traced run did with an entry, its marker and its locks, in the words of `lock_model`."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from credhelper.renewal import lock, refusal
from tests.support.lock_model import (
    ASK,
    CHECK,
    COMPARE,
    END,
    FIRST,
    LOCK,
    MARK,
    OPEN,
    READ,
    SECOND,
    STORE,
    WAIT,
)

_NAMES = (
    *("open", "openat", "flock", "fstat", "newfstatat", "statx", "rename", "renameat", "renameat2"),
    *("unlink", "unlinkat", "close", "connect", "exit_group"),
)
# -y shows the path of a descriptor, -v the number of a file, -ttt when a call was made.
COMMAND = ("strace", "-f", "-y", "-v", "-s", "0", "-ttt",
           "-e", "trace=" + ",".join(f"?{name}" for name in _NAMES))  # fmt: skip
FREE = "free"  # the step after which the lock is nobody's
_LINE = re.compile(r"(\d+) +([\d.]+) (?:<\.\.\. )?(\w+)(.*)")


@dataclass(frozen=True)
class Event:
    """A step that was made between two times, at which lock, and whether it found what it sought.

    That is an entry, a lock that was free, or the same file under its name.
    """

    step: str
    began: float
    ended: float
    lock: int = FIRST
    found: bool = True


@dataclass(frozen=True)
class Hold:
    """A lock of a process. It was held between `since` and `until` for certain, never beyond."""

    lock: int
    asked: float
    since: float
    until: float
    freed: float


def events(trace: str, name: str) -> list[Event]:
    """Return the steps of the process that was traced first, for the entry of that name."""
    found, files = [], dict.fromkeys((FIRST, SECOND), "")
    for call, text, began, ended in _calls(trace):
        number = SECOND if f"{name}{lock.SECOND}" in text else FIRST
        is_lock = f"{name}{lock.SUFFIX}" in text
        if call == "connect" and "AF_INET" in text:
            found.append(Event(ASK, began, ended))
        elif call == "exit_group" or (is_lock and call in ("close", "unlink", "unlinkat")):
            found.append(Event(FREE, began, ended, number))
        elif call.startswith("open") and is_lock:
            found.append(Event(OPEN, began, ended, number))
        elif call.startswith("open") and f'"{name}", O_RDONLY' in text:
            found.append(Event(READ, began, ended, found=" = -1" not in text))
        elif call == "flock":
            found.append(Event(LOCK, began, ended, number, found=" = 0" in text))
        elif "stat" in call and is_lock:
            inode = "".join(re.findall(r"(?:st_ino|stx_ino)=(\d+)", text))
            if f'"{name}{lock.SUFFIX}' not in text:
                files[number] = inode
            else:
                found.append(Event(COMPARE, began, ended, number, found=inode == files[number]))
        elif call.startswith("rename") and f', "{name}' in text:
            is_marker = f'"{name}{refusal.SUFFIX}"' in text
            found.append(Event(MARK if is_marker else STORE, began, ended))
    return found


def _calls(trace: str) -> Iterator[tuple[str, str, float, float]]:
    """Yield name, text, beginning and end of each call; one may stand in two lines.

    A call has ended for certain when the next one begins. The duration that strace can print is too
    short by what it takes to print the arguments: 20 microseconds, in which another gets the lock.
    """
    begun: dict[str, tuple[str, float]] = {}
    calls: list[tuple[str, str, float]] = []
    first = trace.split(" ", 1)[0]
    for line in trace.splitlines():
        match = _LINE.fullmatch(line)
        if not match or match[1] != first:
            continue
        text, at = match[4], float(match[2])
        if text.endswith("<unfinished ...>"):
            begun[match[3]] = text, at
            continue
        if "<... " in line:
            before, at = begun.pop(match[3])
            text = before + text
        calls.append((match[3], text, at))
    ends = [at for _name, _text, at in calls[1:]] + [math.inf]
    for (name, text, at), ended in zip(calls, ends, strict=True):
        yield name, text, at, ended


def path(made: list[Event]) -> list[str]:
    """Return the model's steps of one process, from its first to its end."""
    steps = [READ]
    for event in made:
        step = event.step
        if STORE in steps or step == FREE:
            continue
        if step == READ and steps[-1] in (COMPARE, CHECK):
            step = CHECK
        elif step == READ and steps[-1] == LOCK:
            steps.append(WAIT)
        if step != steps[-1]:
            steps.append(step)
    return [*steps, END]


def holds(made: list[Event]) -> Iterator[Hold]:
    """Yield the locks that a process has had, from the comparison on."""
    for number, event in enumerate(made):
        if event.step != COMPARE or not event.found:
            continue
        got = next(each for each in reversed(made[:number]) if each.step == LOCK)
        freed = next(each for each in made[number:] if each.step == FREE)
        yield Hold(event.lock, got.began, got.ended, freed.began, freed.ended)


def twice_held(runs: list[list[Event]]) -> list[tuple[Hold, Hold]]:
    """Return the pairs of processes that had the same lock at the same time."""
    held = [hold for made in runs for hold in holds(made)]
    return [
        (one, two)
        for one, two in combinations(held, 2)
        if one.lock == two.lock and max(one.since, two.since) < min(one.until, two.until)
    ]


def complaints(runs: list[list[Event]]) -> list[str]:
    """Return what no run of the model does; times that a call may have had are all allowed."""
    found = [f"two holders: {one} and {two}" for one, two in twice_held(runs)]
    held = [(number, hold) for number, made in enumerate(runs) for hold in holds(made)]
    stored = [event for made in runs for event in made if event.step == STORE]
    begins, lasts = min(each.began for each in stored), min(each.ended for each in stored)
    for number, made in enumerate(runs):
        for event in made:
            others = [hold for who, hold in held if who != number and hold.lock == event.lock]
            if event.step == LOCK and not event.found and not _overlaps(event, others):
                found.append(f"refused a lock that nobody held: {event}")
            if event.step == READ and event.found and event.ended < begins:
                found.append(f"read before anything was stored: {event}")
            if event.step == READ and not event.found and event.began > lasts:
                found.append(f"missed what was stored: {event}")
    return found


def _overlaps(event: Event, held: list[Hold]) -> bool:
    return any(hold.asked < event.ended and event.began < hold.freed for hold in held)
