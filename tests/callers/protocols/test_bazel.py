"""A caller that treats its helper as Bazel does, by the two schemas of the specification."""

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import validate

from tests.conftest import COMMAND, Box, Ran
from tests.support.servers.counting import TokenServer

HELPER = str(Path(COMMAND).with_name("credhelper-bazel"))
# Bazel's default --credential_helper_timeout, and what our own share of it may be at most.
TIMEOUT_S, WARM_S = 10, 2
HERD_TIMEOUT_S = 60  # a hundred traced processes on two busy cores
URI = "https://api.example.com/build.bazel.remote.execution.v2.Capabilities"

# https://github.com/EngFlow/credential-helper-spec/tree/main/schemas, the answer narrowed to what
# Bazel's own reader takes: no value outside a list, no fraction of a second.
REQUEST = {
    "type": "object",
    "properties": {"uri": {"type": "string"}},
    "required": ["uri"],
}
RESPONSE = {
    "type": "object",
    "properties": {
        "headers": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "minProperties": 1,
        },
        "expires": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
    },
    "required": ["headers", "expires"],
    "additionalProperties": False,
}


def ask(box: Box, question: bytes, timeout_s: float = TIMEOUT_S) -> Ran:
    """Ask as Bazel does: write, close stdin, wait for the end, and only then read."""
    process = subprocess.Popen(
        [HELPER, "get"],
        env=box.environ,
        cwd=box.home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        # A helper that has ended already is no fault of the caller's.
        try:
            process.stdin.write(question)
            process.stdin.close()
        except BrokenPipeError:
            pass
        status = process.wait(timeout_s)
        return Ran(status, process.stdout.read().decode(), process.stderr.read().decode())


def question(uri: str) -> bytes:
    """Return a question in the shape of the specification."""
    found = {"uri": uri}
    validate(found, REQUEST)
    return json.dumps(found, separators=(",", ":")).encode()


def authorization(ran: Ran) -> list[str]:
    """Return the one header of an answer that Bazel can read."""
    assert (ran.status, ran.stderr) == (0, "")
    answer = json.loads(ran.stdout)
    validate(answer, RESPONSE)
    life = datetime.fromisoformat(answer["expires"]) - datetime.now(UTC)
    assert timedelta(minutes=55) < life < timedelta(minutes=60)
    assert list(answer["headers"]) == ["Authorization"]
    values: list[str] = answer["headers"]["Authorization"]
    return values


@pytest.fixture
def bazel(box: Box, tokens: TokenServer) -> Box:
    """Return a box whose one profile serves the host of the remote cache."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_HOSTS"] = "api.example.com"
    return box


def test_an_answer_fits_the_schema(bazel: Box, tokens: TokenServer) -> None:
    """Each URI is a question of its own; all get the same token, in time."""
    for uri in (URI, "https://api.example.com:443/ac/0?a=b", "grpcs://api.example.com/a.B/C"):
        assert authorization(ask(bazel, question(uri))) == ["Bearer canary-token-1"]
    started = time.monotonic()
    authorization(ask(bazel, question(URI)))
    assert time.monotonic() - started < WARM_S
    assert tokens.count == 1


@pytest.mark.slow
def test_a_hundred_at_once(bazel: Box, tokens: TokenServer) -> None:
    """Bazel asks for every URL of its own accord: of many at once one fetches the token."""
    with ThreadPoolExecutor(100) as pool:
        questions = [question(f"{URI}/{number}") for number in range(100)]
        answers = pool.map(lambda each: ask(bazel, each, HERD_TIMEOUT_S), questions)
        found = [authorization(answer) for answer in answers]
    assert found == [["Bearer canary-token-1"]] * 100
    assert tokens.count == 1


@pytest.mark.parametrize("uri", ["https://github.com/a.zip", "http://api.example.com/a"])
def test_another_uri_is_an_error(bazel: Box, tokens: TokenServer, uri: str) -> None:
    """What is not served is an error, as the specification wants, not an empty answer."""
    assert "no token may go to" in ask(bazel, question(uri)).refused(78)
    assert tokens.count == 0


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"null", b"\xff", b'{"uri":1}', b"[" * 60000, b"x" * 200_000]
)
def test_a_wrong_question_is_an_error(bazel: Box, tokens: TokenServer, text: bytes) -> None:
    """Nothing, half of it, or too much on stdin is the caller's fault, and ends at once."""
    ask(bazel, text).refused(76)
    assert tokens.count == 0


def test_a_closed_stdin_is_an_error(bazel: Box) -> None:
    """A caller that gives no stdin at all gets a line, not a hanging process."""
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" get <&-', HELPER],
        env=bazel.environ,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    Ran(done.returncode, done.stdout, done.stderr).refused(76)


def test_reclient_reads_its_own_answer(box: Box, tokens: TokenServer) -> None:
    """The time is as Go's time.UnixDate reads it, whatever language the user speaks."""
    box.itwin(tokens.url)
    box.environ |= {"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Tokyo"}
    for _ in range(2):
        answer = json.loads(box.run("as", "reclient").stdout)
        until = datetime.strptime(
            answer.pop("expiry").replace("UTC", "+0000"), "%a %b %d %H:%M:%S %z %Y"
        )
        assert until > datetime.now(UTC) + timedelta(minutes=55)
        token = "canary-token-1"
        assert answer == {"token": token, "headers": {"Authorization": f"Bearer {token}"}}
    assert tokens.count == 1
