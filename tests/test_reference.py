"""The reference that is made from the code: nothing of the code is missing in it."""

import dataclasses
import importlib.util
import pkgutil
from types import ModuleType

import pytest

from credhelper import (
    backends,
    commands,
    errors,
    profile,
    protocols,
    setups,
    sts,
    table,
    vault_login,
)
from credhelper.backends import aws, vault
from tests.docs.page import ROOT, paths


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """Return the hook as a module; it needs no MkDocs before it is one."""
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
    "kind", [profile.Profile, aws.Settings, vault.Settings, vault_login.Auth, sts.Settings]
)
def test_every_key_has_a_meaning(kind: type) -> None:
    """Each field of the settings has a string below it, which says whether it is required."""
    said = table.meanings(kind)
    assert all(meaning for meaning, _default in said.values())
    fields = {field.name: field for field in dataclasses.fields(kind)}
    assert said.keys() == fields.keys() - {"name", "settings"}
    for name, (_meaning, default) in said.items():
        field = fields[name]
        is_required = field.default is field.default_factory is dataclasses.MISSING
        assert is_required == (default == "required"), name


def test_every_module_has_a_heading(pages: dict[str, str]) -> None:
    """Commands, backends, protocols and setups are listed by their files."""
    packages = {
        "commands": commands, "references": backends, "protocols": protocols, "setups": setups
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


def test_a_page_quotes_numbers_of_the_code(reference: ModuleType) -> None:
    """`{{ module.NAME }}` is the number; one that the code has not is an error."""
    assert reference.with_numbers("{{ cache.HARD_S }} s") == "30 s"
    with pytest.raises(AttributeError):
        reference.with_numbers("{{ cache.SOFT_S }} s")
    for path in paths():
        assert "{{" not in reference.with_numbers(path.read_text())
