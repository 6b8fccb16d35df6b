"""A home with a profile, and the real tools of the callers in it."""

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box
from tests.support import canary

CONFIG = """\
[profiles.itwin]
token_url = "{token_url}"
client_id = "x"
client_secret = "env:CANARY"
hosts = ["api.example.com", "other.example.com:8443"]
"""
FOLDER = str(Path(COMMAND).parent)
NOTHING = "nothing to do\n"


def home_with(box: Box, token_url: str = "https://login.example.com/token") -> Box:
    """Return the box with a config; our own executables and `~/.local/bin` are on its PATH."""
    box.config(CONFIG.format(token_url=token_url))
    box.environ["CANARY"] = canary.CLIENT_SECRET
    box.environ["PATH"] = os.pathsep.join(
        [str(box.home / ".local" / "bin"), FOLDER, os.environ["PATH"]]
    )
    del box.environ["PYTHONWARNINGS"]  # pip and aws are not ours
    return box


def need(box: Box, name: str) -> None:
    """Skip the test where a tool is not installed."""
    if shutil.which(name, path=box.environ["PATH"]) is None:
        pytest.skip(f"{name} is not installed")


def tool(box: Box, *words: str, stdin: str = "") -> str:
    """Return what a tool prints in that home."""
    done = box.call(*words, stdin=stdin)
    assert done.status == 0, done.stderr
    return done.stdout


def write(box: Box, *arguments: str, option: str = "--write") -> str:
    """Return what `setup … --write` says, or that with another option."""
    ran = box.run("setup", *arguments, option)
    assert (ran.status, ran.stderr) == (0, "")
    return ran.stdout


def remove(box: Box, *arguments: str) -> str:
    """Return what `setup … --remove` says."""
    return write(box, *arguments, option="--remove")


def links(box: Box) -> dict[str, str]:
    """Return where each link of the home leads."""
    found = [path for path in box.home.rglob("*") if path.is_symlink()]
    return {str(path.relative_to(box.home)): str(path.readlink()) for path in found}


def files(box: Box) -> dict[str, str]:
    """Return the text of every settings file of the home: no caches, no counters."""
    return {
        str(path.relative_to(box.home)): path.read_text()
        for path in box.home.rglob("*")
        if path.is_file() and not {".cache", "telemetry", "credhelper"} & set(path.parts)
    }
