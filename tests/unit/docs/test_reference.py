"""The reference that is made from the code: nothing of the code is missing in it."""

import dataclasses
import importlib.util
import pkgutil
import re
from types import ModuleType

import pytest

from credhelper import errors, protocols
from credhelper.cli import commands
from credhelper.cli.setup import callers
from credhelper.config import profile, schema
from credhelper.oauth.grants import aws_sts
from credhelper.secrets import backends, vault_login
from credhelper.secrets.backends import aws, vault
from tests.support.docs.page import paths
from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """Return the script as a module."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(reference: ModuleType) -> dict[str, str]:
    """Return the pages by their names."""
    made: dict[str, str] = reference.pages()
    return made


@pytest.mark.parametrize(
    "kind", [profile.Profile, aws.Settings, vault.Settings, vault_login.Auth, aws_sts.Settings]
)
def test_every_key_has_a_meaning(kind: type) -> None:
    """Each field of the settings has a string below it, which says whether it is required."""
    said = schema.meanings(kind)
    assert all(meaning for meaning, _default in said.values())
    all_fields = dataclasses.fields(kind)
    fields = {field.name: field for field in all_fields if "is_key" not in field.metadata}
    assert said.keys() == fields.keys() - {"name", "settings"}
    for name, (_meaning, default) in said.items():
        field = fields[name]
        is_required = field.default is field.default_factory is dataclasses.MISSING
        assert is_required == (default == "required"), name


def test_every_module_has_a_heading(pages: dict[str, str]) -> None:
    """Commands, backends, protocols and setups are listed by their files."""
    packages = {
        "commands": commands, "references": backends, "protocols": protocols, "setups": callers
    }  # fmt: skip
    for name, package in packages.items():
        for module in pkgutil.iter_modules(package.__path__):
            assert f"\n## {module.name}\n" in pages[name]
    assert "\n## get\n" in pages["commands"]
    assert "\n## as\n" in pages["commands"]


def test_every_status_has_a_row(pages: dict[str, str]) -> None:
    """Each class of errors with its docstring."""
    for kind in errors.CredhelperError.__subclasses__():
        assert f"| {kind.status} | `{kind.word}` | {kind.__doc__}" in pages["errors"]


def test_the_pages_in_the_tree_are_current(pages: dict[str, str]) -> None:
    """They are read in the repository, too; `python docs/reference.py` writes them."""
    for name, text in pages.items():
        assert (ROOT / "docs" / "pages" / "reference" / f"{name}.md").read_text() == text, name


def test_no_page_has_marks_of_a_tool() -> None:
    """What is read in the repository is plain Markdown: no variables, no inclusions."""
    for path in paths():
        assert not re.findall(r"\{\{ |--8<--|<!-- (?!/?bench)", path.read_text()), path
