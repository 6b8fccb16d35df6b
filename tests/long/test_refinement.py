"""The fast door refines the command line: what it answers, the command line answers as well.

But for what only the next exchange, or another call, will need: see the last test.
"""

import itertools
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from credhelper import cache
from tests.support import in_process, random_caches, slots, transcript
from tests.support.in_process import Call, Said

_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where a sync costs nothing
_ALL = [each for name in transcript.names() for each in transcript.read(name)]
_KNOWN = [*(each for each in _ALL if each.has_token), *_ALL]
_OWN = [["get"], ["get"], ["as", "process"], ["as", "headers"], ["completion", "profiles"]]
ODD = (
    *("a", "b", "env", "a.b-c", "", " ", "A", "ENV", "gone", "a@sts", "a/sts", "a@", "@index"),
    *("../a", ".a", "a\n", "a\r", "a\x1b[2K", "a\0", "ä", "\udcff", "a" * 101, "x" * 5000),
    *("get", "as", "-", "--", "-v", "--fresh", "--min-ttl=9h", "--config=/x", "-h", "a=b"),
)
VARIABLES = (
    *("CREDHELPER_PROFILE", "CREDHELPER_ERROR_FORMAT", "CREDHELPER_CHAIN", "CLIENT_SECRET"),
    *("CREDHELPER_CONFIG", "CREDHELPER_CACHE_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"),
)
VALUES = (
    "",
    "a",
    "b",
    "json",
    "1",
    "/nowhere",
    "{home}",
    "{home}/.cache/credhelper/",
    "A",
    "a@sts",
)
# A profile with keys, one that is refused, and one with a host.
LIFE = random_caches.Life(
    config=random_caches.config(
        [("a", "", random_caches.STS), ("b", "", ""), ("env", "api.example.com", "")], default="a"
    ),
    variables={"CLIENT_SECRET": "first"},
    has_index=True,
    has_tokens=False,
    kept=[
        random_caches.Kept(0, "", random_caches.TIMES[0], random_caches.SAME, None),
        random_caches.Kept(0, "sts", random_caches.TIMES[0], random_caches.SAME, None),
        random_caches.Kept(
            1, "", random_caches.TIMES[0], random_caches.SAME, random_caches.ERRORS[0]
        ),
        random_caches.Kept(2, "", random_caches.TIMES[0], random_caches.SAME, None),
    ],
)
# What is asked of it: which file answers, and by which call.
ASKED = [
    ("a-", ["credhelper", "get"], b""),
    ("a@sts-", ["credhelper", "as", "aws", "a"], b""),
    ("b-", ["credhelper", "as", "token", "b"], b""),
    ("@index-", ["git-credential-credhelper", "get"], b"protocol=https\nhost=api.example.com\n\n"),
]


def _call(chance: Random, names: Sequence[str]) -> Call:
    """Return a call of a transcript, or of ours, with a word more or other bytes on stdin."""
    known = chance.choice(_KNOWN)
    command, stdin = list(known.command), known.stdin.encode("latin-1")
    if chance.random() < 0.3:
        command, stdin = ["credhelper", *chance.choice(_OWN)], b""
    command = [chance.choice(names) if word == "env" else word for word in command]
    for _time in range(chance.choice([0, 0, 0, 0, 1, 2])):
        place = chance.randint(1, len(command))
        command[place : place + chance.choice([0, 0, 1])] = [chance.choice(ODD)]
    if stdin and chance.random() < 0.3:
        place = chance.randint(0, len(stdin))
        rest = stdin[place + chance.randint(0, 2) :]
        stdin = stdin[:place] + chance.choice([b"", b"\0", b"\r\n", b" ", b'"', b"\xff"]) + rest
    environ = dict(known.environ)
    if chance.random() < 0.3:
        environ[chance.choice(VARIABLES)] = chance.choice(VALUES)
    return Call(command[0], command[1:], environ, stdin)


def _filled(variables: Mapping[str, str], home: Path) -> dict[str, str]:
    return {
        name: f"{home}/out" if name.endswith("_FILE") else value.replace("{home}", str(home))
        for name, value in variables.items()
    }


def _files(folder: Path) -> dict[str, bytes]:
    """Return what is in the cache, but for locks."""
    found = [each for each in folder.glob("*") if ".lock" not in each.name and each.is_file()]
    return {each.name: each.read_bytes() for each in found}


def _compare(command_run: in_process.Command, folder: Path, *what: object) -> Said | None:
    """Return what the door answers, once the command line has answered the same."""
    before = _files(folder)
    said = command_run.door()
    if said is not None:
        assert _files(folder) == before, (command_run.call, what)
        assert command_run.line() == said, (command_run.call, what)
    return said


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Stand where a cache directory without a slash may be made."""
    monkeypatch.chdir(tmp_path)


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        yield Path(folder)


def _search(first: int, number: int) -> None:
    """Look for a call that the door answers, and the command line does not, or otherwise."""
    answered = 0
    for seed in range(first, first + number):
        chance = Random(seed)
        with _home() as home:
            past = [random_caches.some(chance) for _time in range(chance.choice([1, 1, 2]))]
            environ = [random_caches.live(life, home) for life in past][-1]
            folder = Path(cache.directory(environ))
            random_caches.befall(folder, chance)
            names = re.findall(r'profiles\."(.*)"', past[-1].config) or ["env"]
            asked = _call(chance, names)
            call = replace(asked, environ=environ | _filled(asked.environ, home))
            with (
                random_caches.held(folder, chance),
                in_process.around(call, f"{home}/out") as command_run,
            ):
                answered += _compare(command_run, folder, seed, past[-1]) is not None
    assert answered > number / 10, answered  # else it looks at nothing


def test_what_the_door_answers_the_command_line_answers() -> None:
    """The same bytes on the same descriptors, and the same status; no server is asked."""
    _search(0, 300)


@pytest.mark.slow
def test_more_of_the_same() -> None:
    """The same, of many more calls."""
    _search(1000, 4_000)


@pytest.mark.parametrize("bits", [1, pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("prefix", "words", "stdin"), ASKED)
def test_damage_never_answers(prefix: str, words: list[str], stdin: bytes, bits: int) -> None:
    """Neither a part of a file nor one with another bit lets the door answer."""
    with _home() as home:
        environ = random_caches.live(LIFE, home)
        (path,) = Path(cache.directory(environ)).glob(f"{prefix}*")
        whole = path.read_bytes()
        call = Call(words[0], words[1:], environ, stdin)
        with in_process.around(call, f"{home}/out") as command_run:
            assert command_run.door()
            for place in range(len(whole)):
                path.write_bytes(whole[:place])
                assert command_run.door() is None
                for bit in range(bits):
                    data = bytearray(whole)
                    data[place] ^= 1 << (place + bit) % 8
                    path.write_bytes(data)
                    assert command_run.door() is None


def test_no_file_serves_in_anothers_place() -> None:
    """Under each name the body of each other file: no profile, grant or case gets another's."""
    with _home() as home:
        environ = random_caches.live(LIFE, home)
        folder = Path(cache.directory(environ))
        whole = _files(folder)
        for first, second in itertools.permutations(whole, 2):
            random_caches.seal(folder / first, whole[second].partition(b"\n")[2])
            for words in (["get"], ["as", "aws"], ["as", "token"]):
                for word in ("a", "b", "env", "A", "a@sts"):
                    call = Call("credhelper", [*words, word], environ)
                    with in_process.around(call, f"{home}/out") as command_run:
                        _compare(command_run, folder, first, second)
            slots.damage(folder / first, whole[first])


@pytest.mark.parametrize("word", [word for word in ODD if not cache.is_name(word)])
def test_what_is_no_name_is_no_profile(word: str) -> None:
    """An entry of that very name, if a file can have it, is not served."""
    with _home() as home:
        environ = random_caches.live(LIFE, home)
        folder = Path(cache.directory(environ))
        (path,) = folder.glob("a-*")
        name = f"{word}-{path.name.partition('-')[2]}"
        body = path.read_bytes().partition(b"\n")[2].decode().split("\n")
        with suppress(OSError, ValueError):
            random_caches.seal(
                folder / name, os.fsencode("\n".join([body[0], word, *body[2:]])), name
            )
        for words in (["get", word], ["as", "token", word], ["as", "aws", word]):
            call = Call("credhelper", words, environ)
            with in_process.around(call, f"{home}/out") as command_run:
                _compare(command_run, folder, word)


_FAULTS: Sequence[Callable[[Path, dict[str, str]], object]] = (
    lambda home, _environ: (home / "ca.pem").unlink(),
    lambda home, _environ: (home / ".config").chmod(0o777),
    lambda _home, environ: environ.update(CREDHELPER_PROXY="no address"),
    lambda _home, environ: environ.update(CREDHELPER_ERROR_FORMAT="json\r"),
)


@pytest.mark.parametrize("number", range(len(_FAULTS)))
def test_a_token_serves_though_the_next_could_not_be_got(number: int) -> None:
    """Roots, a proxy, folders that others write now: they decided nothing about this token."""
    with _home() as home:
        (home / "ca.pem").touch()
        config = random_caches.config([("a", "", f'ca = "{home}/ca.pem"')], default="a")
        life = replace(LIFE, config="" if number == 2 else config)
        environ = random_caches.live(life, home)
        _FAULTS[number](home, environ)
        with in_process.around(Call("credhelper", ["get"], environ), f"{home}/out") as command_run:
            served, refused = command_run.door(), command_run.line()
        assert served
        assert json.loads(served.stdout)["AccessToken"] == "t3"
        assert refused
        assert refused.status == 78
