"""Another user of the machine, who moves while we stand at a call on the file system.

The victim's process is stopped before each of its calls on the files that both can reach; then the
attacker plays. Nothing of the victim's that is not ours is read, changed or deleted; no secret is
sent to the attacker's endpoint, and none, nor a token, lies where the attacker reads.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import shared_machine
from tests.support.servers import counting
from tests.support.servers.counting import TokenServer
from tests.support.shared_machine import Machine
from tests.support.users import OTHER, US

pytestmark = pytest.mark.slow

AWAY = "mv $shared/victim $shared/old$$ || rm -f $shared/victim"
BACK = "rm -rf $shared/victim; mv $shared/old* $shared/victim"
CACHE_MOVES = {
    "rename": AWAY,
    "link to the home": f"{AWAY}; ln -s $home $shared/victim",
    "link to .ssh": f"{AWAY}; ln -s $home/.ssh $shared/victim",
    "own folder": f"{AWAY}; mkdir -m 777 $shared/victim",
    "own folder full of links": (
        f"{AWAY}; mkdir -m 755 $shared/victim; cd $shared/old*; for f in *; do"
        " ln $home/.netrc $shared/victim/$f || ln -s $home/.netrc $shared/victim/$f; done"
    ),
    "fifo": f"{AWAY}; mkfifo -m 666 $shared/victim",
    "modes": "chmod -R 777 $shared/victim",
    "parent": "mv $shared $shared-old; ln -s $home $shared",
    "team": "mv $shared/team $shared/team-old; ln -s $home/.ssh $shared/team",
    "team made anew": "mv $shared/team $shared/team-old; mkdir -m 777 $shared/team",
}
CONFIG_MOVES = {
    "own file": "rm -f $sticky/c.toml $shared/c/c.toml; cp $den/evil.toml $sticky/c.toml;"
    " cp $den/evil.toml $shared/c/c.toml",
    "own folder": "mv $shared/c $shared/c-old; mkdir $shared/c; cp $den/evil.toml $shared/c/c.toml",
    "link": "mv $shared/c $shared/c-old; ln -s $den $shared/c; rm $sticky/c.toml;"
    " ln -s $den/evil.toml $sticky/c.toml",
    "hard link to the victim's": "rm -f $sticky/c.toml; ln $home/good.toml $sticky/c.toml",
    "the victim's again": "rm -rf $shared/c; mv $shared/c-old $shared/c",
    "fifo": "rm -f $sticky/c.toml; mkfifo $sticky/c.toml",
}
# Before the first call, and at the stop.
TWO_STEPS = [
    ("own file", "hard link to the victim's"),
    ("link", "hard link to the victim's"),
    ("own folder", "the victim's again"),
    ("link", "the victim's again"),
]


@dataclass(frozen=True)
class Scene:
    """What the victim has, and runs: each prepares the machine and returns the words."""

    prepare: Callable[[Machine], tuple[str, ...]]
    moves: tuple[tuple[str, str], ...]


def _cache(machine: Machine) -> None:
    machine.environ["CREDHELPER_CACHE_DIR"] = str(machine.shared / "victim")
    machine.own(machine.shared / "victim", "")
    ended = machine.run(("get",), {}, [])
    assert ended.status == 0, ended


def renewal(machine: Machine) -> tuple[str, ...]:
    """Renew a token in a folder that stands in a shared one: it writes, and sweeps."""
    _cache(machine)
    return ("get", "--fresh")


def hit(machine: Machine) -> tuple[str, ...]:
    """Read a token there."""
    _cache(machine)
    return ("get",)


def forget(machine: Machine) -> tuple[str, ...]:
    """Delete all there."""
    _cache(machine)
    return ("forget", "--all")


def first(machine: Machine) -> tuple[str, ...]:
    """Make the folder, two deep."""
    machine.environ["CREDHELPER_CACHE_DIR"] = str(machine.shared / "team" / "victim")
    (machine.shared / "team").mkdir()
    (machine.shared / "team").chmod(0o777)
    return ("get",)


def link(machine: Machine) -> tuple[str, ...]:
    """Follow a link of the victim's own to the cache."""
    machine.own(machine.home / "cache", "")
    (machine.shared / "victim").symlink_to(machine.home / "cache")
    os.chown(machine.shared / "victim", US, US, follow_symlinks=False)
    machine.environ["CREDHELPER_CACHE_DIR"] = str(machine.shared / "victim")
    return ("get",)


def _configs(machine: Machine, path: Path) -> tuple[str, ...]:
    machine.config(machine.den / "evil.toml", machine.evil.url, OTHER)
    machine.config(machine.home / "good.toml", machine.tokens.url)
    machine.environ["CREDHELPER_CONFIG"] = str(path)
    machine.own(machine.shared / "c", "").chmod(0o755)
    machine.config(machine.shared / "c/c.toml", machine.tokens.url)
    return ("get",)


def shared_config(machine: Machine) -> tuple[str, ...]:
    """Read a config file in a folder of the victim's, which stands in a shared one."""
    return _configs(machine, machine.shared / "c/c.toml")


def sticky_config(machine: Machine) -> tuple[str, ...]:
    """Read a config file in a sticky folder, where the attacker is first."""
    return _configs(machine, machine.sticky / "c.toml")


def linked_config(machine: Machine) -> tuple[str, ...]:
    """Find the config by a link of the victim's own into the shared folder."""
    words = _configs(machine, machine.home / "linked/c.toml")
    (machine.home / "linked").symlink_to(machine.shared / "c")
    os.chown(machine.home / "linked", US, US, follow_symlinks=False)
    return words


CACHE = tuple(("", name) for name in CACHE_MOVES)
CONFIG = (*(("", name) for name in CONFIG_MOVES), *TWO_STEPS)
SCENES = {
    "hit": Scene(hit, CACHE),
    "renewal": Scene(renewal, CACHE),
    "forget": Scene(forget, CACHE),
    "first": Scene(first, CACHE),
    "link": Scene(link, CACHE),
    "shared config": Scene(shared_config, CONFIG),
    "sticky config": Scene(sticky_config, CONFIG),
    "linked config": Scene(linked_config, CONFIG),
}
RUNS = 16  # of each scene, spread over its stops and the moves


@pytest.fixture
def machines(tokens: TokenServer) -> Iterator[Callable[[], Machine]]:
    """Return the way to new machines, where both users may look."""
    shared_machine.require()
    made: list[str] = []

    def make() -> Machine:
        made.append(tempfile.mkdtemp())
        os.chmod(made[-1], 0o755)
        return Machine(Path(made[-1]), tokens, evil)

    with counting.serving() as evil:
        yield make
    for each in made:
        shutil.rmtree(each)


def play(machine: Machine, scene: Scene, stop: int, moves: tuple[str, str]) -> str:
    """Play the moves, the second at the stop; return what may not be, "" if nothing."""
    table = {"": "true", **CACHE_MOVES, **CONFIG_MOVES}
    words = scene.prepare(machine)
    machine.attack(table[moves[0]])
    before, stops = machine.state(), list[str]()
    ended = machine.run(words, {stop: table[moves[1]]}, stops)
    where = f"{moves} at {stops[stop] if stop < len(stops) else 'the end'}"
    if ended.status not in (0, 64, 74, 75, 78):
        return f"{where}: {ended}"
    after = machine.state()
    ours = (f"{machine.home}/cache/", f"{machine.home}/.ssh/victim")
    changed = {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)}
    if changed := {path for path in changed if not path.startswith(ours)}:
        return f"{where}: changed {changed}"
    if strayed := machine.strayed(stops):
        return f"{where}: went astray: {strayed}"
    if machine.evil.count:
        return f"{where}: the attacker got {machine.evil.forms}"
    return f"{where}: exposed {found}" if (found := machine.exposed()) else ""


@pytest.mark.parametrize("name", SCENES)
def test_nothing_of_the_victims_is_touched_or_sent(
    machines: Callable[[], Machine], name: str
) -> None:
    """Whatever another user does, and whenever."""
    scene, stops = SCENES[name], list[str]()
    machine = machines()
    undisturbed = machine.run(scene.prepare(machine), {}, stops)
    assert undisturbed.status in (0, 78), undisturbed
    cases = [(stop, moves) for stop in range(len(stops) + 1) for moves in scene.moves]
    random.Random(name).shuffle(cases)
    with ThreadPoolExecutor(3) as pool:
        games = [pool.submit(play, machines(), scene, *case) for case in cases[:RUNS]]
    faults = [fault for game in games if (fault := game.result())]
    assert not faults, "\n".join(faults)
