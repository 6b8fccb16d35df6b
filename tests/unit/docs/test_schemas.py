"""What machines read of the real command is what the schemas say; a broken output is not."""

import copy
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from credhelper.errors import BugError
from tests.conftest import COMMAND, Box
from tests.support.paths import ROOT
from tests.support.servers.counting import TokenServer
from tests.support.slots import plant

FOLDER = ROOT / "docs" / "pages" / "schemas"
NAMES = sorted(path.stem for path in FOLDER.iterdir())
PROFILE = 'client_id = "x"\nclient_secret = "env:S"\n'


def validator(name: str) -> Any:  # noqa: ANN401 - jsonschema is untyped
    """Return what validates a document against a schema, its formats included."""
    schema = json.loads((FOLDER / f"{name}.json").read_text())
    kind = jsonschema.Draft202012Validator
    kind.check_schema(schema)
    assert schema["$schema"] == kind.META_SCHEMA["$id"]
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def fits(name: str, text: str) -> Any:  # noqa: ANN401 - JSON
    """Return the one line's document, which fits."""
    assert text.count("\n") == 1
    document = json.loads(text)
    assert [error.message for error in validator(name).iter_errors(document)] == []
    return document


def test_each_output_has_a_schema() -> None:
    """And none names an address where nothing is."""
    assert NAMES == ["check", "error", "get", "list"]
    assert not [name for name in NAMES if "$id" in (FOLDER / f"{name}.json").read_text()]


def test_get(box: Box, tokens: TokenServer) -> None:
    """New and cached, past the cache, as a dialect, and without any scope."""
    box.itwin(tokens.url)
    for words in (["get"], ["get"], ["get", "--fresh"], ["as", "process"], ["get", "env"]):
        assert fits("get", box.run(*words).stdout)["Scope"] == "itwin-platform"
    box.config(f'[profiles.p]\ntoken_url = "{tokens.url}"\n{PROFILE}')
    box.environ["S"] = "s"
    for words in (["get"], ["get"], ["as", "process"]):
        assert fits("get", box.run(*words).stdout)["Scope"] == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "status", "document", "headers"),
    [
        ("config", 400, {"error": "invalid_scope"}, {}),
        ("denied", 401, {"error": "invalid_client"}, {"X-Correlation-Id": "a-1"}),
        ("temporary", 503, {}, {}),
        ("temporary", 429, {}, {"Retry-After": "60"}),
        ("protocol", 200, {"token_type": "mac"}, {}),
        ("protocol", 200, {}, {}),
    ],
)
def test_error_of_a_server(  # noqa: PLR0913 - one per part of the answer
    box: Box,
    tokens: TokenServer,
    *,
    word: str,
    status: int,
    document: dict[str, object],
    headers: dict[str, str],
) -> None:
    """Each class, new and as the marker tells it, with and without what a server may add."""
    box.itwin(tokens.url)
    tokens.status, tokens.document, tokens.headers = status, document, headers
    for _ in range(2):
        error = fits("error", box.run("get", "--error-format", "json").stderr)
        assert error["class"] == word
        assert error["retry_after_s"] == (60 if headers.get("Retry-After") else None)


def test_error_of_ours(box: Box, tokens: TokenServer) -> None:
    """The command line, the config, a full disk, and what nobody foresaw."""
    box.environ["CREDHELPER_ERROR_FORMAT"] = "json"
    assert fits("error", box.run("get", "a", "b").stderr)["class"] == "usage"
    assert fits("error", box.run("init").stderr)["class"] == "usage"
    assert fits("error", box.run("get").stderr)["class"] == "config"
    box.itwin(tokens.url)
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [COMMAND, "get"], env=box.environ, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert fits("error", ran.stderr.decode())["class"] == "io"
    assert fits("error", BugError("p", hint="h").json() + "\n")["class"] == "bug"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["exec", "{0}", "--", "no-such-command"], 127),
        (["exec", "{0}", "--", "/dev/null"], 126),
        (["exec", "{0}", "--", "./no-interpreter"], 127),
        (["exec", "{0}", "--", "./text"], 126),
        (["exec", "{0}", "--refresh-file", "t", "--", "no-such-command"], 127),
        (["exec", "{0}", "--refresh-file", "text", "--", "true"], 74),
        (["exec", "{0}"], 64),
        (["get", "{0}", "--no-such-option"], 64),
        (["get", "{0}", "x"], 78),
    ],
)
def test_errors_of_every_kind(box: Box, tokens: TokenServer, words: list[str], status: int) -> None:
    """A shell's own statuses for a command that cannot be run, and argparse's words, too."""
    box.itwin(tokens.url)
    for name, text in (("no-interpreter", "#!/no/such/interpreter\n"), ("text", "plain\n")):
        (box.home / name).write_text(text)
        (box.home / name).chmod(0o755)
    ran = box.run(*(word.format("--error-format=json") for word in words))
    assert (ran.status, ran.stdout) == (status, "")
    assert fits("error", ran.stderr)["status"] == status


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variable", "words", "is_json"),
    [
        ("", ["--error-f", "json"], True),
        ("", ["--er=json"], True),
        ("", ["--error-format", "text", "--error-format", "json"], True),
        ("json", ["--error-format", "text"], False),
        ("json", ["--error-format=json", "--erro=text"], False),
        ("json", [], True),
        ("", ["--config", "json"], False),
    ],
)
def test_which_format_an_error_has(
    box: Box, variable: str, words: list[str], *, is_json: bool
) -> None:
    """The last option decides, however argparse lets it be shortened, else the variable."""
    if variable:
        box.environ["CREDHELPER_ERROR_FORMAT"] = variable
    for command in (["get", *words], ["exec", *words, "--", "echo", "--error-format=xml"]):
        ran = box.run(*command)
        assert ran.status == 78
        assert ran.stderr.startswith("{" if is_json else "credhelper: config: ")


def states(box: Box, tokens: TokenServer) -> Iterator[str]:
    """Yield what `list --json` prints in each state of a token."""
    box.itwin(tokens.url)
    yield box.run("list", "--json").stdout
    tokens.status = 408
    box.run("get").refused(75)
    yield box.run("list", "--json").stdout
    for life_s, renew_in_s in ((3600, 3000), (200, -1), (20, -1)):
        plant(box, life_s=life_s, renew_in_s=renew_in_s)
        yield box.run("list", "--json").stdout
    tokens.status, tokens.headers = 429, {"Retry-After": "60"}
    box.run("get").refused(75)
    yield box.run("list", "--json").stdout


@pytest.mark.slow
def test_list(box: Box, tokens: TokenServer) -> None:
    """In each state, with and without a last error; and several profiles, some broken."""
    found = [fits("list", text)[0]["state"] for text in states(box, tokens)]
    assert found == ["none", "none", "fresh", "soft", "expired", "refused"]
    good = f'token_url = "{tokens.url}"\n{PROFILE}'
    box.config(f'[profiles.a]\n{good}[profiles."b.c"]\n{PROFILE}[profiles.d]\nx = 1\n')
    rows = fits("list", box.run("list", "--json").stdout)
    assert [row["state"] for row in rows] == ["none", "broken", "broken"]


def test_check(box: Box, tokens: TokenServer) -> None:
    """A whole chain, one that ends at the token endpoint, and one that never begins."""
    box.itwin(tokens.url)
    assert fits("check", box.run("check", "--json").stdout)["status"] == 0
    tokens.status, tokens.document = 401, {"error": "invalid_client"}
    assert fits("check", box.run("check", "--json").stdout)["status"] == 77
    box.config("x = 1\n")
    assert fits("check", box.run("check", "--json").stdout)["status"] == 78


def broken(document: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON
    """Yield copies with, in one object, a member less, one more, or one of another type."""
    if isinstance(document, dict):
        yield {**document, "x": 1}
        for name in document:
            yield {other: value for other, value in document.items() if other != name}
            yield {**document, name: {"x": 1}}
            yield {**document, name: [1]}
    for place, value in document.items() if isinstance(document, dict) else enumerate(document):
        if isinstance(value, dict | list):
            for worse in broken(value):
                changed = copy.copy(document)
                changed[place] = worse
                yield changed


def contradictions(name: str, document: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Return copies of a good document whose members do not go together, or have no such value."""
    changes: dict[str, list[dict[str, object]]] = {
        "get": [{"Version": "1"}, {"AccessToken": ""}, {"Expiration": "2026-01-01T00:00:00+00:00"},
                {"AccessToken": "a b"}, {"TokenType": "mac"}, {"Scope": 'a"'}],
        "error": [{"status": 64}, {"status": 127}, {"class": "denied"}, {"retryable": False},
                  {"problem": ""}, {"code": ""}, {"retry_after_s": -1}],
        "list": [{"state": "fresh"}, {"state": "broken"}, {"state": "gone"}, {"host": None},
                 {"remaining_s": 5}, {"profile": "../x"}],
        "check": [{"status": 1}, {"version": 2}, {"findings": []}],
    }  # fmt: skip
    if isinstance(document, list):
        return [[{**document[0], **change}] for change in changes[name]]
    return [{**document, **change} for change in changes[name]]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_broken_output_does_not_fit(box: Box, tokens: TokenServer, name: str) -> None:
    """Each member less, more, or of another type is seen, at any depth."""
    box.itwin(tokens.url)
    if name != "get":
        tokens.status = 503
        box.run("get").refused(75)
    words = {"error": ["get", "--error-format=json"], "get": ["get"]}.get(name, [name, "--json"])
    ran = box.run(*words)
    document = fits(name, ran.stderr if name == "error" else ran.stdout)
    worse = [*broken(document), *contradictions(name, document)]
    fit = validator(name)
    assert len(worse) > 15
    assert [each for each in worse if fit.is_valid(each)] == []
