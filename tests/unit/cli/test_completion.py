"""The command `completion`: what real shells offer, and what the names of profiles cost."""

import os
import pkgutil
import subprocess
from pathlib import Path

import pytest

from credhelper import protocols
from credhelper.cli import parser
from credhelper.cli.commands import completion
from credhelper.cli.completion import next_words
from credhelper.cli.help import topics
from credhelper.cli.setup import callers
from credhelper.protocols import env
from tests.conftest import COMMAND, Box
from tests.support import shells
from tests.support.command_line import grammar, options

pytestmark = pytest.mark.slow
KEYS = 'provider = "itwin"\nclient_id = "x"\nclient_secret = "env:CANARY"\n'
NAMES = ["a.b-c", "a_b", "build", "Z9"]
CONFIG = "".join(f'[profiles."{name}"]\n{KEYS}' for name in NAMES)
HOSTILE = ["$(touch pwned)", "`touch pwned`", "a;touch pwned", "a\\ntouch pwned", "-x", "a b"]


@pytest.fixture(params=shells.ALL)
def shell(request: pytest.FixtureRequest) -> str:
    """Return the name of a shell that this machine has."""
    name = str(request.param)
    shells.require(name)
    return name


def files(package: object) -> list[str]:
    """Return the names of a package's modules."""
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))  # type: ignore[attr-defined]


def test_every_command_and_option_is_offered(box: Box, shell: str) -> None:
    """What argparse knows the shell knows: commands, options, and their values."""
    known = grammar()
    lines = ["credhelper ", *(f"credhelper {name} --".replace("  ", " ") for name in known)]
    commands, *found = shells.offers(box, shell, lines)
    assert sorted(commands) == sorted(filter(None, known))
    for name, offered in zip(known, found, strict=True):
        longs = [flag for flag in options(known[name]) if flag.startswith("--")]
        assert sorted(offered) == longs, name


def test_short_options_and_values_are_offered(box: Box, shell: str) -> None:
    """Also after an option whose value is taken, and with an equals sign."""
    lines = [
        "credhelper get -",
        "credhelper get --error-format ",
        "credhelper get --error-format=j",
    ]
    lines += [
        "credhelper get --min-ttl ",
        "credhelper exec --fre",
        "credhelper get --min-ttl 5m --fr",
    ]
    shorts, formats, joined, nothing, foreign, fresh = shells.offers(box, shell, lines)
    assert sorted(shorts) == options(grammar()["get"])
    assert sorted(formats) == ["json", "text"]
    assert [word.removeprefix("--error-format=") for word in joined] == ["json"]
    assert (nothing, foreign, fresh) == ([], [], ["--fresh"])


def test_protocols_and_other_words_are_offered(box: Box, shell: str) -> None:
    """Names come from the files, and each stands only where it is read."""
    lines = ["credhelper as ", "credhelper setup ", "credhelper as env x ", "credhelper as git x "]
    lines += ["credhelper help ", "credhelper completion ", "credhelper as --fresh ku"]
    speak, setup, dialects, none, topic, known, some = shells.offers(box, shell, lines)
    assert sorted(speak) == files(protocols)
    assert sorted(setup) == files(callers)
    assert sorted(dialects) == sorted(env.SHELLS)
    assert none == []
    assert sorted(topic) == sorted([*filter(None, grammar()), *files(topics)])
    assert set(known) == {*shells.ALL, "powershell", "profiles", "words"}
    assert sorted(some) == ["kubelet", "kubernetes"]


def test_profiles_are_offered(box: Box, shell: str) -> None:
    """By every command that takes one, dots and dashes and all."""
    box.config(CONFIG)
    places = ["get", "as env", "setup git", "check", "exec --env A", "forget", "policy"]
    lines = [f"credhelper {place} " for place in places]
    lines += ["credhelper get a.b-", "credhelper get --min-ttl 5m bu", "credhelper get build "]
    lines += ["credhelper exec build -- bui"]
    *every, dashed, later, second, child = shells.offers(box, shell, lines)
    assert [sorted(words) for words in every] == [sorted(NAMES)] * len(every)
    assert (dashed, later, second) == (["a.b-c"], ["build"], [])
    assert "build" not in child


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_is_code(box: Box, name: str) -> None:
    """A config with such a name gives none at all: a profile's name is a plain word."""
    box.config(f'[profiles.good]\n{KEYS}[profiles."{name}"]\n{KEYS}')
    assert "plain word" in box.run("completion", "profiles").refused(78)


def test_a_shell_expands_no_name(box: Box, shell: str) -> None:
    """Even of another `credhelper`, which prints what it likes, nothing is run."""
    shells.offers(box, shell, [])
    folder = box.home / "bin"
    folder.mkdir()
    names = "$(touch pwned)\n`touch pwned`\n(touch pwned)\nx; touch pwned\n-x\n*"
    (folder / "credhelper").write_text(f"#!/bin/sh\ncat <<'E'\n{names}\nE\n")
    (folder / "credhelper").chmod(0o755)
    box.environ["PATH"] = f"{folder}:{box.environ['PATH']}"
    lines = ["credhelper get ", "credhelper get x", "credhelper get $"]
    assert shells.offers(box, shell, lines)[0]
    assert not (box.home / "pwned").exists()


def test_what_is_broken_is_not_told(box: Box, shell: str) -> None:
    """No config, a broken one, no command: nothing is offered, and nothing is said."""
    assert shells.offers(box, shell, ["credhelper get "]) == [[]]
    box.config("[profiles")
    assert shells.offers(box, shell, ["credhelper get ", "credhelper as token "]) == [[], []]
    box.environ["PATH"] = "/usr/bin:/bin"
    script = box.home / f"script.{shell}"
    for place in ("command credhelper", "command -q credhelper"):
        gone = place.replace("credhelper", "no-such-program")
        script.write_text(script.read_text().replace(place, gone))
    assert shells.offers(box, shell, ["credhelper get "]) == [[]]


def test_names_keep_nothing(box: Box) -> None:
    """No file is made for them; an error is told by hand only, and a full stdout is one."""
    box.config(CONFIG)
    assert box.run("completion", "profiles").stdout.split() == NAMES
    assert not box.cache.exists()
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [COMMAND, "completion", "profiles"], env=box.environ, stdout=full, check=False
        )
    assert done.returncode == 74
    box.environ["CREDHELPER_CONFIG"] = "/nowhere"
    box.run("completion", "profiles").refused(78)


def test_an_unknown_shell_is_refused(box: Box) -> None:
    """With the way to the known ones."""
    assert "completion --help" in box.run("completion", "tcsh").refused(64)


@pytest.mark.parametrize(
    ("current", "before", "expected"),
    [
        ("ge", [], ["get"]),
        ("--min", ["get"], ["--min-ttl"]),
        ("", ["get", "--config"], [next_words.FILE]),
        ("--config=x", ["get"], [next_words.FILE]),
        ("j", ["get", "--error-format", "="], ["json"]),
        ("--error-format=j", ["get"], ["--error-format=json"]),
        ("", ["exec", "--", "ls"], []),
        ("", ["no-such-command", "x"], None),
    ],
)
def test_the_next_words(current: str, before: list[str], expected: list[str] | None) -> None:
    """One function knows them for every shell; after an unknown command, all commands."""
    known = completion.commands(parser.build())
    found = next_words.next_words(known, current, before, profiles=lambda: NAMES)
    words = [each if each == next_words.FILE else each.split(":")[0] for each in found]
    assert words == (expected if expected is not None else [each.name for each in known[1:]])


def test_powershell_offers_profiles(box: Box, tmp_path: Path) -> None:
    """The real PowerShell, asked as its TAB key asks."""
    shells.require("pwsh")
    box.config(CONFIG)
    script = tmp_path / "c.ps1"
    script.write_text(box.run("completion", "powershell").stdout)
    ask = f". {script}; (TabExpansion2 'credhelper get a' 16).CompletionMatches.CompletionText"
    box.environ["PATH"] = f"{Path(COMMAND).parent}{os.pathsep}{box.environ['PATH']}"
    ran = box.call("pwsh", "-NoProfile", "-Command", ask)
    assert ran.stdout.split() == ["a.b-c", "a_b"]
