"""What the README says of names and numbers is what the code has."""

import dataclasses
import pkgutil
import re
from pathlib import Path

from credhelper import backends, cache, deadline, issue, profile, protocols, table, vault_login
from credhelper.backends import aws, vault
from credhelper.errors import CredhelperError
from tests.conftest import Box

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Return the cells of all tables below a heading, the header rows aside."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    return [row for row in cells if row[0].startswith("`") or row[0][0].isdigit()]


def code(text: str) -> set[str]:
    """Return the words in backquotes."""
    return set(re.findall(r"`([a-z_]+)`", text))


def fields(kind: type) -> set[str]:
    """Return the names of a dataclass's fields."""
    return {field.name for field in dataclasses.fields(kind)}


def test_every_config_key_is_in_the_table() -> None:
    """The table has each key of a profile and no other."""
    known = fields(profile.Profile) - {"name", "settings"}
    listed = set().union(*(code(row[0]) for row in rows("Config keys of a profile")))
    assert listed == known


def test_every_config_key_means_the_same_in_the_code() -> None:
    """Meaning and default are those that stand beside the key in the source."""
    listed = {row[0].strip("`"): (row[1], row[2]) for row in rows("Config keys of a profile")}
    assert listed == table.meanings(profile.Profile)


def test_every_backend_is_in_the_table() -> None:
    """The table has each backend with each of its settings."""
    table = {row[0].strip("`").split(":")[0]: code(row[2]) for row in rows("Secret references")
             if ":" in row[0]}  # fmt: skip
    assert set(table) == {module.name for module in pkgutil.iter_modules(backends.__path__)}
    assert table["aws"] == fields(aws.Settings)
    assert table["vault"] == fields(vault.Settings)
    methods = set().union(*(code(row[0]) for row in rows("Secret references") if ":" not in row[0]))
    assert methods == set(vault_login.LOGINS)


def test_every_protocol_is_in_the_table() -> None:
    """The table has each protocol and no other."""
    listed = {row[0].strip("`") for row in rows("Dialects")}
    assert listed == {module.name for module in pkgutil.iter_modules(protocols.__path__)}


def test_every_exit_status_is_in_the_table() -> None:
    """The table has each class with its status."""
    listed = {row[0]: row[1] for row in rows("When it fails") if row[0].isdigit()}
    assert listed == {str(kind.status): kind.word for kind in CredhelperError.__subclasses__()}


def test_the_windows_are_those_of_the_code() -> None:
    """The numbers of the prose are the code's."""
    assert f"in its last {issue.SOFT_S} s (or last fifth)" in README
    assert issue.SOFT_SHARE == 1 / 5
    assert f"or {cache.HARD_S} s are left" in README
    assert f"`{deadline.BUDGET_S:.0f}s` |" in README


def test_every_command_has_a_row(box: Box) -> None:
    """The command table and `--help` name the same commands."""
    listed = {row[0].strip("`").split()[1] for row in rows("Commands")}
    names = re.findall(r"^    ([a-z]+)(?: {2,}|$)", box.run("--help").stdout, re.MULTILINE)
    assert listed == set(names)


def test_every_link_and_file_exists() -> None:
    """What the README points to in the tree is there."""
    for name in re.findall(r"`((?:examples|credhelper|tests)/[^`]+)`", README):
        # The package may be an installed wheel, with no source beside the tests.
        top = Path(cache.__file__).parent.parent if name.startswith("credhelper/") else ROOT
        assert (top / name).exists(), name
