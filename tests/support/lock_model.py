"""The protocol of `renewal.lock` as a machine of states, small enough to be explored whole.

Callers without a token take turns in any order, one step at a time. An adversary stops processes
that have a lock, lets them go on, or kills them. Sweepers delete the locks' files, as `forget` and
`removal.sweep` do. `lacks` names a rule of the protocol that is left out, to show what it is for.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

READ, OPEN, LOCK, COMPARE = "read", "open", "lock", "compare"
CHECK, ASK, STORE, MARK = "check", "ask", "store", "mark"
WAIT, UNLINK, END = "wait", "unlink", "end"
FIRST, SECOND = 0, 1
# The file that has the lock's name; larger numbers are files that were deleted meanwhile.
NAMED = 1
RULES = (
    "the second lock",
    "the comparison",
    "the deletion by the holder alone",
    "the reading under the lock",
    "the marker",
    "the alarm",
)
NO_SECOND, NO_COMPARISON, NO_HOLDER, NO_READING, NO_MARKER, NO_ALARM = RULES


class Caller(NamedTuple):
    """A process: its next step, which lock it is at, and the file of that which it has open."""

    step: str
    sweeps: bool = False
    lock: int = FIRST
    file: int = 0
    holds: bool = False
    is_impatient: bool = False
    is_stopped: bool = False

    def end(self) -> "Caller":
        """Return the process when it has ended: the kernel frees its lock."""
        return Caller(END)


class World(NamedTuple):
    """What all of them share: the entry, the marker, and what has happened so far."""

    has_entry: bool = False
    has_marker: bool = False
    requests: int = 0
    stops: int = 0
    kills: int = 0


class State(NamedTuple):
    """The processes, in no order, and the world."""

    callers: tuple[Caller, ...]
    world: World

    def believers(self, lock: int) -> int:
        """Return how many processes take themselves for the holder of a lock."""
        return sum(c.holds and c.lock == lock and c.step != COMPARE for c in self.callers)

    def is_over(self) -> bool:
        """Return whether every call has ended but those that are stopped."""
        return all(c.step == END or c.is_stopped for c in self.callers)


@dataclass(frozen=True)
class Protocol:
    """So many callers and sweepers, of which so many may be stopped or killed; a missing rule.

    The first sweeper deletes the first lock's file, the second one the second's.
    """

    callers: int
    sweepers: int = 0
    stops: int = 0
    kills: int = 0
    lacks: str = ""

    def begin(self) -> State:
        """Return the state before the first step: no entry, no marker, no lock."""
        sweepers = [Caller(OPEN, sweeps=True, lock=lock) for lock in range(self.sweepers)]
        return State(tuple(sorted([Caller(READ)] * self.callers + sweepers)), World())

    def steps(self, state: State) -> Iterator[tuple[Caller, Caller, State]]:
        """Yield what processes may do next: each before and after its step, and the state then."""
        for caller in sorted(set(state.callers)):
            if caller.step == END or caller.is_stopped:
                continue
            others = list(state.callers)
            others.remove(caller)
            for after, world in self._step(caller, others, state.world):
                rest = others
                if caller.step == UNLINK:
                    rest = [_without_name(each, caller.lock, others) for each in others]
                yield caller, after, State(tuple(sorted([*rest, after])), world)

    def blows(self, state: State) -> Iterator[State]:
        """Yield what the adversary may do: stop or kill a process with a lock, or let it go on."""
        for caller in sorted(set(state.callers)):
            others = list(state.callers)
            others.remove(caller)
            for after, world in self._blow(caller, state.world):
                yield State(tuple(sorted([*others, after])), world)

    def _blow(self, caller: Caller, world: World) -> Iterator[tuple[Caller, World]]:
        if caller.is_stopped:
            yield caller._replace(is_stopped=False), world
        elif caller.holds and world.stops < self.stops:
            yield caller._replace(is_stopped=True), world._replace(stops=world.stops + 1)
        if caller.holds and world.kills < self.kills:
            yield caller.end(), world._replace(kills=world.kills + 1)

    def _step(
        self, caller: Caller, others: list[Caller], world: World
    ) -> Iterator[tuple[Caller, World]]:
        match caller.step:
            case "ask":
                asked = world._replace(requests=world.requests + 1)
                yield caller._replace(step=STORE), asked
                yield caller._replace(step=MARK), asked
            case "store":
                yield caller.end(), world._replace(has_entry=True, has_marker=False)
            case "mark":
                yield caller.end(), world._replace(has_marker=self.lacks != NO_MARKER)
            case "wait":
                for after in self._waited(caller, others, world):
                    yield after, world
            case _:
                yield self._taken(caller, others, world), world

    def _taken(self, caller: Caller, others: list[Caller], world: World) -> Caller:
        is_settled = world.has_entry or world.has_marker
        match caller.step:
            case "read":
                return caller.end() if is_settled else caller._replace(step=OPEN)
            case "open":
                is_careless = caller.sweeps and self.lacks == NO_HOLDER
                return caller._replace(step=UNLINK if is_careless else LOCK, file=NAMED)
            case "lock":
                return self._lock(caller, others)
            case "compare":
                return self._compare(caller)
            case "check":
                return caller.end() if is_settled else caller._replace(step=ASK)
            case _:
                return caller.end()  # it has deleted a lock's file

    def _lock(self, caller: Caller, others: list[Caller]) -> Caller:
        if not any(each.holds and _same(each, caller) for each in others):
            return caller._replace(step=COMPARE, holds=True)
        if caller.sweeps:
            return caller.end()
        if caller.lock == FIRST and caller.is_impatient:
            if self.lacks == NO_SECOND:
                return caller._replace(step=ASK, file=0)
            return caller._replace(step=OPEN, lock=SECOND, file=0)
        return caller._replace(step=WAIT, lock=FIRST, file=0)

    def _compare(self, caller: Caller) -> Caller:
        if caller.file != NAMED and self.lacks != NO_COMPARISON:
            return caller._replace(step=OPEN, file=0, holds=False)
        if caller.sweeps:
            return caller._replace(step=UNLINK)
        return caller._replace(step=ASK if self.lacks == NO_READING else CHECK)

    def _waited(self, caller: Caller, others: list[Caller], world: World) -> Iterator[Caller]:
        """Yield what becomes of one who waits: nobody who works takes as long as its patience."""
        yield caller.end() if world.has_entry else caller._replace(step=READ)
        stopped = {each.lock for each in others if each.holds and each.is_stopped}
        if FIRST in stopped and not caller.is_impatient:
            yield caller._replace(is_impatient=True)
        if stopped == {FIRST, SECOND} and caller.is_impatient and self.lacks != NO_ALARM:
            yield caller.end()


def _same(one: Caller, other: Caller) -> bool:
    return (one.lock, one.file) == (other.lock, other.file)


def _without_name(caller: Caller, lock: int, all_of_them: list[Caller]) -> Caller:
    """Return a process after the file with a lock's name is deleted, which it may have open."""
    if (caller.lock, caller.file) != (lock, NAMED):
        return caller
    taken = {each.file for each in all_of_them if each.lock == lock}
    return caller._replace(file=next(number for number in range(2, 99) if number not in taken))


@dataclass
class Explored:
    """What was met in all states.

    `excess` is the most requests beyond one, and one for each process stopped or killed;
    `believers` the most holders of one lock; `endless` the number of states from which some call
    never ends.
    """

    states: int = 0
    excess: int = -1000
    requests: int = 0
    believers: int = 0
    endless: int = 0
    moves: set[tuple[str, str]] = field(default_factory=set)


def explore(protocol: Protocol) -> Explored:
    """Return what is met in every state that can be reached."""
    found, before = Explored(), defaultdict(list)
    seen, todo = {protocol.begin()}, [protocol.begin()]
    while todo:
        state = todo.pop()
        world = state.world
        found.requests = max(found.requests, world.requests)
        found.excess = max(found.excess, world.requests - 1 - world.stops - world.kills)
        found.believers = max(found.believers, *map(state.believers, (FIRST, SECOND)))
        following = list(protocol.blows(state))
        for old, new, after in protocol.steps(state):
            if not old.sweeps:
                found.moves.add((old.step, new.step))
            before[after].append(state)
            following.append(after)
        fresh = set(following) - seen
        seen |= fresh
        todo += fresh
    found.states, found.endless = len(seen), len(seen) - len(_leading(before, seen))
    return found


def _leading(before: dict[State, list[State]], seen: set[State]) -> set[State]:
    """Return the states from which every call can end, though the adversary does nothing more."""
    good = {state for state in seen if state.is_over()}
    todo = list(good)
    while todo:
        fresh = set(before[todo.pop()]) - good
        good |= fresh
        todo += fresh
    return good
