"""The profile that variables make where there is no config file."""

import os

import pytest

from credhelper import cache
from credhelper.config import load
from credhelper.errors import ConfigError
from tests.conftest import Box
from tests.support import slots

SAID = {"CREDHELPER_CLIENT_ID": "x", "CREDHELPER_CLIENT_SECRET": "env:S", "HOME": "/nowhere"}


def told(**variables: str) -> str:
    """Return what is said of variables that are wrong."""
    with pytest.raises(ConfigError) as caught:
        load.profiles({**SAID, **variables}).get("")
    return caught.value.line()


def test_itwin_needs_two_variables(box: Box) -> None:
    """With the two ITWIN variables alone the preset does the rest."""
    environ = {"HOME": str(box.home), "ITWIN_CLIENT_ID": "i", "ITWIN_CLIENT_SECRET": "s"}
    item = load.profiles(environ).get("")
    assert item.token_url == "https://ims.bentley.com/connect/token"
    assert (item.scope, item.client_auth) == ("itwin-platform", "client_secret_post")
    assert str(item.client_secret) == "env:ITWIN_CLIENT_SECRET"


def test_a_mistyped_variable_is_an_error(box: Box) -> None:
    """Without a config file an unknown CREDHELPER_ variable is a mistake, not noise."""
    box.itwin("https://a/t")
    box.environ["CREDHELPER_SCOPES"] = "x"
    assert "did you mean `scope`?" in box.run("get").refused(78)


def test_nothing_configured_says_both_ways(box: Box) -> None:
    """A new user's first call says what to do."""
    line = box.run("get").refused(78)
    assert "ITWIN_CLIENT_ID" in line
    assert "config.toml" in line
    box.environ["CREDHELPER_CONFIG"] = str(box.home / "absent.toml")
    assert "there is no config file" in box.run("get").refused(78)


@pytest.mark.parametrize("home", ["~", "relative", "/dev/null"])
def test_no_home_for_a_config_file(home: str) -> None:
    """Then there is no path to name; and a home that is no folder is as good as none."""
    line = told(CREDHELPER_CLIENT_ID="", HOME=home)
    where = "/dev/null/.config/credhelper/config.toml" if home == "/dev/null" else "home for a"
    assert f"there is no {where}" in line
    assert "CREDHELPER_CLIENT_ID is empty" in line
    assert load.profiles({**SAID, "HOME": home}).get("").client_id == "x"


def test_an_empty_variable_is_as_good_as_none() -> None:
    """A CI system sets it where the value is missing, and the error says which one."""
    known = load.profiles({**SAID, "CREDHELPER_SCOPE": "", "ITWIN_CLIENT_ID": ""}).get("")
    assert known.scope == "itwin-platform"
    assert "CREDHELPER_CLIENT_SECRET is empty" in told(CREDHELPER_CLIENT_SECRET="")
    both = "CREDHELPER_CLIENT_ID and ITWIN_CLIENT_ID are empty"
    assert both in told(CREDHELPER_CLIENT_ID="", ITWIN_CLIENT_ID="")
    environ = {"HOME": "/nowhere", "ITWIN_CLIENT_ID": "i", "CREDHELPER_CLIENT_ID": ""}
    assert load.profiles(environ).get("").client_id == "i"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CREDHELPER_CLIENT_ID", "x\n", "CREDHELPER_CLIENT_ID is not a printable string"),
        ("CREDHELPER_CLIENT_ID", "x\n", "it ends in a line break"),
        ("CREDHELPER_CLIENT_ID", "x\r", "ends in a carriage return"),
        ("CREDHELPER_CLIENT_SECRET", "env:S\r\n", "CREDHELPER_CLIENT_SECRET is not"),
        ("CREDHELPER_TOKEN_URL", "https://a/t\u200b", "CREDHELPER_TOKEN_URL is not a printable"),
        ("CREDHELPER_TOKEN_URL", "ftp://a/t", "CREDHELPER_TOKEN_URL for a does not start with"),
        ("CREDHELPER_SCOPE", "a\u00a0b", "NO-BREAK SPACE (U+00A0)"),
        ("CREDHELPER_DEADLINE", "0.5s", "CREDHELPER_DEADLINE is out of range"),
        ("CREDHELPER_PROFILE", "prod\r", "CREDHELPER_PROFILE ends in a carriage return"),
        ("CREDHELPER_CONFIG", "/a\n", "CREDHELPER_CONFIG ends in a line break"),
        ("CREDHELPER_CACHE_DIR", "/a\r\n", "CREDHELPER_CACHE_DIR ends in a line break"),
    ],
)  # fmt: skip
def test_the_variable_and_the_character_are_named(name: str, value: str, words: str) -> None:
    """A line end is the commonest of all mistakes, and nobody sees it."""
    assert words in told(**{name: value})


def test_the_itwin_variable_is_named_where_it_is_at_fault() -> None:
    """Not the one that would have said the same."""
    environ = {"HOME": "/nowhere", "ITWIN_CLIENT_ID": "x\r", "ITWIN_CLIENT_SECRET": "s"}
    with pytest.raises(ConfigError, match=r"^ITWIN_CLIENT_ID is not a printable"):
        load.profiles(environ).get("")


@pytest.mark.parametrize("words", [["get"], ["check"], ["list"]])
def test_a_server_that_is_not_reached_is_named_by_its_variable(box: Box, words: list[str]) -> None:
    """Who has no config file has no `profiles.env.token_url` to correct."""
    box.itwin("http://127.0.0.1:1/t")
    box.run("get").refused(75)
    ran = box.run(*words)
    assert "or correct CREDHELPER_TOKEN_URL" in ran.stdout + ran.stderr
    assert "profiles.env" not in ran.stdout + ran.stderr


def test_a_list_may_have_blanks() -> None:
    """As people write one."""
    environ = {**SAID, "CREDHELPER_HOSTS": "a.example.com, b.example.com"}
    assert load.profiles(environ).get("").hosts == ("a.example.com:443", "b.example.com:443")


def test_a_table_is_a_prefix() -> None:
    """Of each backend, of the login in Vault's, and of the further parameters."""
    auth = {"METHOD": "approle", "ROLE_ID": "r", "SECRET_ID": "env:R"}
    environ = {**SAID, "CREDHELPER_CLIENT_SECRET": "vault:a/b#c"}
    environ |= {"CREDHELPER_VAULT_ADDRESS": "https://v", "CREDHELPER_PARAMETERS_RESOURCE": "urn:a"}
    environ |= {f"CREDHELPER_VAULT_AUTH_{name}": value for name, value in auth.items()}
    found = load.profiles(environ).get("")
    expected = {name.lower(): value for name, value in auth.items()}
    assert found.settings == {"address": "https://v", "auth": expected}
    assert found.parameters == (("resource", "urn:a"),)
    environ = {**SAID, "CREDHELPER_CLIENT_SECRET": "aws:a", "CREDHELPER_AWS_ROLE_ARN": "arn"}
    assert load.profiles(environ).get("").settings == {"role_arn": "arn"}
    assert "CREDHELPER_VAULT is not a key" in told(CREDHELPER_VAULT_ADDRESS="https://v")


def test_an_error_of_a_table_is_told_by_check(box: Box) -> None:
    """A mistyped variable of a backend is no key of it."""
    box.itwin("https://a/t")
    box.environ["CREDHELPER_CLIENT_SECRET"] = "vault:a/b#c"
    box.environ["CREDHELPER_VAULT_ADRESS"] = "https://v"
    assert "did you mean `address`?" in box.run("get").refused(78)


@pytest.mark.slow
@pytest.mark.parametrize("literal", ["canary-literal-one\t", "canary-literal", "env:a\tb"])
def test_a_secret_in_the_place_of_a_reference_is_not_kept(box: Box, literal: str) -> None:
    """Neither shown nor written: not even what would make the next call faster."""
    environ = {"CREDHELPER_CLIENT_ID": "x", "CREDHELPER_CLIENT_SECRET": literal}
    box.environ |= environ
    for words in ("get", "completion profiles", "list", "check", "as docker list"):
        ran = box.run(*words.split())
        assert literal.strip() not in ran.stdout + ran.stderr
    index = slots.index_name(cache.source(box.environ))
    assert not (box.cache / index).exists()
    held = [path for path in box.home.rglob("*") if path.is_file()]
    assert not [path for path in held if os.fsencode(literal.strip()) in path.read_bytes()]
