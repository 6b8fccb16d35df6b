"""The lock's protocol explored whole, and without each of its rules; and a real herd beside it."""

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from credhelper import cache
from tests.conftest import Box
from tests.long.sweep import fault
from tests.support import lock_trace, slots
from tests.support.lock_model import (
    ASK,
    COMPARE,
    FIRST,
    LOCK,
    NO_ALARM,
    NO_COMPARISON,
    NO_HOLDER,
    NO_MARKER,
    NO_READING,
    NO_SECOND,
    OPEN,
    READ,
    RULES,
    SECOND,
    STORE,
    Protocol,
    explore,
)
from tests.support.lock_trace import FREE, Event
from tests.support.servers.counting import TokenServer

NUMBER = 30
# Half of it is waited for a holder that is stopped.
DEADLINE_S = 16


@pytest.mark.parametrize(
    "protocol",
    [
        Protocol(4),
        Protocol(4, stops=1),
        Protocol(4, kills=1),
        Protocol(3, stops=1, kills=1),
        Protocol(3, stops=2),
        Protocol(3, sweepers=1, stops=1),
        Protocol(2, sweepers=1, stops=1, kills=1),
        pytest.param(Protocol(5, stops=1), marks=pytest.mark.slow),
        pytest.param(Protocol(4, sweepers=1, stops=1), marks=pytest.mark.slow),
        pytest.param(Protocol(3, sweepers=2, stops=1), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_the_protocol_holds_in_every_order(protocol: Protocol) -> None:
    """One request, and one for each holder stopped or killed; never two holders; all end."""
    found = explore(protocol)
    assert found.states > 50
    assert found.excess <= 0
    assert found.believers == 1
    assert found.endless == 0


# The protocol without a rule: its requests, holders of one lock, and whether every call ends.
LAMED = [
    (Protocol(4, stops=1, lacks=NO_SECOND), 4, 1, True),
    (Protocol(3, sweepers=1, lacks=NO_COMPARISON), 2, 2, True),
    (Protocol(3, sweepers=1, lacks=NO_HOLDER), 2, 2, True),
    (Protocol(4, lacks=NO_READING), 4, 1, True),
    (Protocol(4, lacks=NO_MARKER), 4, 1, True),
    (Protocol(3, stops=2, lacks=NO_ALARM), 2, 1, False),
]


@pytest.mark.slow
@pytest.mark.parametrize(("lamed", "requests", "believers", "all_end"), LAMED, ids=str)
def test_each_rule_is_needed(
    lamed: Protocol,
    requests: int,
    believers: int,
    all_end: bool,  # noqa: FBT001 - a row
) -> None:
    """Without one there are two holders, as many requests as callers, or a call without end."""
    found = explore(lamed)
    assert (found.requests, found.believers, not found.endless) == (requests, believers, all_end)
    assert found.excess > 0 or not all_end


def test_each_rule_is_left_out_once() -> None:
    """No rule of the model is there for nothing."""
    assert tuple(row[0].lacks for row in LAMED) == RULES


@pytest.mark.slow
def test_a_real_herd_is_a_run_of_the_model(box: Box, tokens: TokenServer) -> None:
    """Its holder is stopped for a while: two requests, and each call in the model's order."""
    if why := fault.missing():
        pytest.skip(why)
    box.itwin(tokens.url)
    box.environ["CREDHELPER_DEADLINE"] = f"{DEADLINE_S}s"
    box.run("get").token()
    box.run("forget")
    tokens.forms.clear()
    traces = [box.home / f"trace-{number}" for number in range(NUMBER)]
    processes = _herd(box, tokens, traces)
    answers = [process.communicate(timeout=60) for process in processes]
    assert {process.returncode for process in processes} == {0}
    assert {stderr for _stdout, stderr in answers} == {""}
    name = slots.name(cache.source(box.environ))
    runs = [lock_trace.events(trace.read_text(), name) for trace in traces]
    _check(runs, tokens.count)


def _herd(box: Box, tokens: TokenServer, traces: list[Path]) -> list["subprocess.Popen[str]"]:
    """Start callers under strace. The first one is stopped while it asks, until another has."""

    def start(trace: Path) -> "subprocess.Popen[str]":
        words = [*lock_trace.COMMAND[1:], "-o", str(trace), box.command, "get"]
        return box.start(*words, command=lock_trace.COMMAND[0])

    tokens.arrived.clear()
    tokens.gate.clear()
    processes = [start(traces[0])]
    assert tokens.arrived.wait(30)
    holder = int(traces[0].read_text().split(" ", 1)[0])
    os.kill(holder, signal.SIGSTOP)
    try:
        tokens.gate.set()
        processes += [start(trace) for trace in traces[1:]]
        until = time.monotonic() + 2 * DEADLINE_S
        while tokens.count < 2 and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        os.kill(holder, signal.SIGCONT)
    return processes


def _check(runs: list[list[Event]], requests: int) -> None:
    moves = explore(Protocol(3, stops=1)).moves
    for made in runs:
        assert set(pairwise(lock_trace.path(made))) <= moves, lock_trace.path(made)
    assert lock_trace.complaints(runs) == []
    steps = [event.step for made in runs for event in made]
    assert steps.count(ASK) == steps.count(STORE) == requests == 2
    assert all(event.found for made in runs for event in made if event.step == COMPARE)
    second = [(made[0], event) for made in runs for event in made if event.lock == SECOND]
    assert second
    assert all(event.began - first.began > DEADLINE_S / 4 for first, event in second)


# Takes a lock many times, and deletes its file every second time.
_TAKER = """
import sys
from credhelper import cache
from credhelper.renewal import lock
folder, number = cache.Folder(sys.argv[1]), 0
while number < 30:
    if held := lock.take(folder, "env-0"):
        number += 1
        held.remove() if number % 2 else held.release()
"""


def test_a_lock_that_is_deleted_again_and_again_has_one_holder(box: Box) -> None:
    """Though each taker sleeps between opening and locking, and the file is another one then."""
    if why := fault.missing():
        pytest.skip(why)
    traces = [box.home / f"trace-{number}" for number in range(4)]
    words = [*lock_trace.COMMAND[1:], "-e", "inject=flock:delay_enter=2ms"]
    taker = [sys.executable, "-c", _TAKER, str(box.cache)]
    processes = [
        box.start(*words, "-o", str(trace), *taker, command=lock_trace.COMMAND[0])
        for trace in traces
    ]
    assert {process.communicate(timeout=60)[1] for process in processes} == {""}
    runs = [lock_trace.events(trace.read_text(), "env-0") for trace in traces]
    compared = [event.found for made in runs for event in made if event.step == COMPARE]
    assert compared.count(True) == 4 * 30
    assert False in compared
    assert lock_trace.twice_held(runs) == []


def test_what_no_run_of_the_model_does_is_noticed() -> None:
    """Two holders at once, a lock refused by nobody, a token from nowhere, one that is missed."""

    def held(begun: float) -> list[Event]:
        steps = (READ, OPEN, LOCK, COMPARE, STORE, FREE)
        return [Event(step, begun + n, begun + n + 0.1) for n, step in enumerate(steps, start=1)]

    good = [event for event in held(0) if event.step != READ]
    assert lock_trace.complaints([good]) == []
    assert "two holders" in lock_trace.complaints([good, held(0.5)[1:]])[0]
    for event, told in (
        (Event(LOCK, 20, 21, FIRST, found=False), "nobody held"),
        (Event(LOCK, 3, 4, SECOND, found=False), "nobody held"),
        (Event(READ, 1, 2), "before anything"),
        (Event(READ, 20, 21, found=False), "missed"),
    ):
        [line] = lock_trace.complaints([good, [event]])
        assert told in line
