"""Secrets in the environment."""

import json
from collections.abc import Callable

import pytest

from credhelper.errors import ConfigError
from tests.unit.secrets.backends import contract

SECRET = "made-up-in-the-environment"


@pytest.fixture
def case(
    clean_environ: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> contract.Case:
    """Return a variable that is set, and one that is not."""
    clean_environ("TEST_SECRET", SECRET)
    monkeypatch.delenv("TEST_NO_SECRET", raising=False)
    return contract.Case("env:TEST_SECRET", "env:TEST_NO_SECRET", SECRET, ("env:TEST_SECRET#x",))


@pytest.mark.parametrize("check", contract.CHECKS)
def test_contract(check: Callable[[contract.Case], None], case: contract.Case) -> None:
    """The environment keeps the contract of all backends."""
    check(case)


def test_names_the_variable(case: contract.Case) -> None:
    """Who must set the variable is told its name."""
    error = contract.refused(ConfigError, case.missing)
    assert "TEST_NO_SECRET" in error.problem
    assert "TEST_NO_SECRET" in error.hint


@pytest.mark.parametrize("name", ["$TEST_SECRET", "TEST_SECRET=canary"])
def test_what_is_no_name(name: str) -> None:
    """As in a shell; the value is not quoted."""
    line = contract.refused(ConfigError, f"env:{name}").line()
    assert "write env:NAME" in line
    assert "canary" not in line


def test_empty(case: contract.Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable counts as one that is not set."""
    monkeypatch.setenv("TEST_SECRET", "")
    contract.refused(ConfigError, case.good)


def test_field(case: contract.Case) -> None:
    """A bare value has no fields, and who names one is told what to remove."""
    error = contract.refused(ConfigError, f"{case.good}#client_secret", secrets=(SECRET,))
    assert "TEST_SECRET is not JSON with fields" in error.problem
    assert error.hint.startswith("remove #client_secret")


def test_json(case: contract.Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of JSON one field is the secret; without it, all of it never is."""
    monkeypatch.setenv("TEST_SECRET", json.dumps({"user": "db", "a": {"b": SECRET}}))
    assert contract.read(f"{case.good}#a.b") == SECRET
    error = contract.refused(ConfigError, case.good, secrets=(SECRET,))
    assert "variable TEST_SECRET is a JSON object with the fields a, user" in error.problem


def test_version(case: contract.Case) -> None:
    """There is one value alone."""
    error = contract.refused(ConfigError, f"{case.good}?version=1", secrets=(SECRET,))
    assert "TEST_SECRET keeps no versions" in error.problem


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (f"{SECRET}\r\n", "ends in a line break"),
        (f"{SECRET}\xa0", "ends in the character NO-BREAK SPACE (U+00A0)"),
        (f"\u200b{SECRET}", "begins with the character ZERO WIDTH SPACE (U+200B)"),
    ],
)
def test_unseen_character(
    case: contract.Case, monkeypatch: pytest.MonkeyPatch, value: str, told: str
) -> None:
    """It is called by its name, with the variable that has it."""
    monkeypatch.setenv("TEST_SECRET", value)
    error = contract.refused(ConfigError, case.good, secrets=(SECRET,))
    assert f"env:TEST_SECRET {told}" in error.problem


@pytest.mark.parametrize("value", ["two\nlines", "tab\there", "not text \udcff"])
def test_control_character(
    case: contract.Case, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """What no client secret can be is refused: line breaks, control characters, undecoded bytes."""
    monkeypatch.setenv("TEST_SECRET", value)
    contract.refused(ConfigError, case.good, secrets=(value,))
