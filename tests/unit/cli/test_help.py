"""The command `help`: what it lists, and that what it says is what the code has."""

import ast
import dataclasses
import importlib
import inspect
import itertools
import pkgutil
from pathlib import Path

import pytest

import credhelper
from credhelper import cache, protocols
from credhelper.cli.help import prose
from credhelper.cli.help.topics import profiles
from credhelper.config import load
from credhelper.config.profile import Profile
from credhelper.errors import CredhelperError, UsageError
from credhelper.renewal import fetch, refusal
from credhelper.secrets import backends, vault_login
from credhelper.secrets.backends import aws, vault
from credhelper.token import HARD_S
from tests.conftest import Box
from tests.support import slots
from tests.support.command_line import TOPICS, grammar, text

ROOT = Path(credhelper.__file__).parent


def terms(topic: str) -> list[str]:
    """Return the first words of what a topic's lists define."""
    lines = text(topic).splitlines()
    below = itertools.pairwise(lines)
    return [
        line.split(" (")[0]
        for line, after in below
        if line[:1].strip() and after.startswith(prose.INDENT)
    ]


def fields(kind: type) -> list[str]:
    """Return the names of a dataclass's fields."""
    return [each.name for each in dataclasses.fields(kind) if "is_key" not in each.metadata]


def test_without_a_topic_all_are_listed(box: Box) -> None:
    """Each command and each topic once, with a line that says what it is."""
    ran = box.run("help")
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout == text("")
    assert terms("") == [*filter(None, grammar()), *TOPICS]


@pytest.mark.parametrize("topic", ["", *filter(None, grammar()), *TOPICS])
def test_it_fits_80_columns(topic: str) -> None:
    """Every text, and it ends with one line end."""
    said = text(topic)
    assert max(map(len, said.splitlines())) <= 80
    assert said.endswith("\n")
    assert not said.endswith("\n\n")


@pytest.mark.parametrize("topic", ["exec", "exit"])
def test_the_command_prints_the_text(box: Box, topic: str) -> None:
    """A command's is its `--help`, and the terminal's width changes neither."""
    box.environ["COLUMNS"] = "40"
    ran = box.run("help", topic)
    assert (ran.status, ran.stdout, ran.stderr) == (0, text(topic), "")
    if topic == "exec":
        assert box.run(topic, "--help").stdout == ran.stdout


def test_an_unknown_topic_is_refused(box: Box) -> None:
    """With the nearest that there is."""
    assert "did you mean `references`?" in box.run("help", "reference").refused(64)
    with pytest.raises(UsageError, match="topic is unknown"):
        text("../exit")


def test_every_key_is_explained() -> None:
    """The keys are the profile's, in any order, with the defaults of the code."""
    assert sorted(terms("profiles")) == sorted(set(fields(Profile)) - {"name", "settings"})
    said = text("profiles")
    assert "client_id (required)\n" in said
    assert f"client_auth (default `{Profile.client_auth}`)\n" in said
    assert f"deadline (default `{Profile.deadline:g}s`)\n" in said
    assert "previous (default `true`)\n" in said
    assert "audience\n" in said


def test_the_example_is_a_config(tmp_path: Path) -> None:
    """It can be copied."""
    path = tmp_path / "config.toml"
    path.write_text(profiles.EXAMPLE)
    path.chmod(0o600)
    assert load.profiles({"CREDHELPER_CONFIG": str(path)}).get("").hosts == ("api.bentley.com:443",)


def test_every_backend_and_its_keys_are_explained() -> None:
    """The names come from the files, the keys from the types."""
    assert terms("references") == [each.name for each in pkgutil.iter_modules(backends.__path__)]
    said = " ".join(text("references").split())
    for kind in (aws.Settings, vault.Settings):
        assert f"keys: {', '.join(fields(kind))}" in said
    assert f"a `method` ({', '.join(vault_login.LOGINS)})" in said
    assert f"needs: {', '.join(fields(vault_login.Auth)[1:])}." in said
    assert "keys: address, addresses, " in said
    assert "needs: mount, role, " in said


def test_every_protocol_is_explained() -> None:
    """The names come from the files, the lines from their docstrings."""
    known = [each.name for each in pkgutil.iter_modules(protocols.__path__)]
    assert terms("protocols") == known
    said = " ".join(text("protocols").split())
    for name in known:
        module = importlib.import_module(f"{protocols.__name__}.{name}")
        assert f"{name} {(module.__doc__ or '').splitlines()[0].removesuffix('.')}" in said


def test_every_exit_status_is_explained() -> None:
    """Each class with its status and its docstring."""
    kinds = CredhelperError.__subclasses__()
    known = [f"{kind.status} {kind.word}" for kind in kinds]
    assert terms("exit") == ["0", *known, "128+N"]
    said = " ".join(text("exit").split())
    for kind in kinds:
        assert f"{kind.word} {(inspect.getdoc(kind) or '').split(chr(10))[0][:-1]}" in said


def test_the_numbers_of_the_cache_are_the_codes() -> None:
    """Each stands in the text."""
    said = " ".join(text("cache").split())
    assert f"until {HARD_S} s before" in said
    assert f"last {fetch.SOFT_S} s, or the last {fetch.SOFT_SHARE * 100:.0f}%" in said
    assert f"for {refusal.DENIED_S:.0f} s" in said


def test_every_variable_of_the_code_is_explained() -> None:
    """What the package reads by name is listed, but what other programs document."""
    said = text("environment")
    names = set(cache.RESERVED) - {cache.CHAIN}
    names |= {each for each in vault.VARIABLES if each.startswith("VAULT_")}
    for path in ROOT.rglob("*.py"):
        if path.parent.name not in ("callers", "topics", "protocols"):
            names |= read_variables(ast.parse(path.read_text()))
    assert {"CREDHELPER_PROFILE", "NO_COLOR", "XDG_CACHE_HOME", "VAULT_SKIP_VERIFY"} <= names
    for name in names - {"HOME", "PATH", "TERM"}:
        assert name in said or name.startswith("AWS_"), name


def read_variables(tree: ast.Module) -> set[str]:
    """Return the names of the variables that a module reads."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = set()
    for call in calls:
        name = ast.unparse(call.func)
        texts = [each.value for each in call.args if isinstance(each, ast.Constant)]
        words = [each for each in texts if isinstance(each, str)]
        found |= {each for each in words if each.startswith("XDG_")}
        if name.endswith("environ.get") and words[:1] != ["/"]:
            found |= {*words[:1]}
        elif name == "variable":
            found |= {f"VAULT_{each}" for each in words[:1]}
    return found


def test_the_files_are_those_of_the_code(box: Box) -> None:
    """Config, entry, index, marker and lock are where the text says."""
    said = text("files")
    source = cache.source(box.environ)
    config, where = cache.config_path(box.environ), cache.directory(box.environ)
    assert config.replace(str(box.home), "~") in said
    for profile in ("PROFILE", cache.INDEX_NAME):
        path = f"{where}/{slots.name(source, profile).removesuffix(source.key)}KEY"
        assert f"{path.replace(str(box.home), '~')}\n" in said
    assert f"-KEY{refusal.SUFFIX}\n" in said
