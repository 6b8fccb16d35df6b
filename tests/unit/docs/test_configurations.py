"""The example configurations: each protocol has one, and its format's parser reads it."""

import configparser
import json
import pkgutil
import shutil
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from credhelper import caller, hosts, protocols
from credhelper.config import load
from tests.conftest import COMMAND
from tests.support.paths import ROOT

EXAMPLES = ROOT / "examples"
# What `get` prints is shown by the programs; rclone's is a folder of its own.
SHOWN_BY_PROGRAMS = {"process", "token"}
FILES = [
    path
    for path in EXAMPLES.glob("*/*")
    if not path.parent.name.startswith(("call-", "backend-")) and path.is_file()
]


def test_every_protocol_has_a_folder() -> None:
    """And no folder is of a protocol that is not there."""
    names = {module.name for module in pkgutil.iter_modules(protocols.__path__)}
    folders = {path.parent.name for path in FILES}
    assert folders - {"rclone"} == names - SHOWN_BY_PROGRAMS


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_it_runs_an_executable_that_is_installed(path: Path) -> None:
    """Each names one of our executables, and `as` a protocol that exists."""
    text = path.read_text()
    if path.suffix == ".json":
        json.loads(text)
    if path.suffix == ".toml":
        tomllib.loads(text)
    if path.name in ("config", "pip.conf", "rclone.conf"):
        configparser.ConfigParser(interpolation=None).read_string(text)
    words = text.translate(dict.fromkeys(map(ord, "\"'`([]),"), " ")).split()
    named = [word.rpartition("/")[2].rpartition("=")[2] for word in words]
    ours = [word for word in named if "credhelper" in word]
    if path.parent.name == "keyring":
        return  # pip and uv run it under the name `keyring`, as a link or a backend
    assert ours
    folder = Path(COMMAND).parent
    callers = {"git": "git-credential-", "docker": "docker-credential-",
               "terraform": "terraform-credentials-"}  # fmt: skip
    for word in ours:
        name = word if "-" in word else callers.get(path.parent.name, "") + word
        assert shutil.which(name, path=str(folder)), name
        assert caller.of_name(name, [])[0] in ("", path.parent.name)
    for before, after in pairwise(words):
        if before == "as":
            assert caller.load(after), after


def test_the_profile_serves_them(tmp_path: Path) -> None:
    """The common config loads, and its hosts fit what the configurations name."""
    path = tmp_path / "config.toml"
    shutil.copy(EXAMPLES / "config.toml", path)
    path.chmod(0o600)
    profiles = load.profiles({"CREDHELPER_CONFIG": str(path)})
    rules = profiles.rules()
    assert profiles.get("").sts["role_arn"]
    google = json.loads((EXAMPLES / "google" / "external-account.json").read_text())
    for url in (
        "https://git.example.com",
        "https://registry.example.com",
        "https://crates.example.com/index/",
        "https://api.example.com/mcp",
        google["audience"],
    ):
        assert hosts.match(rules, url, "")
