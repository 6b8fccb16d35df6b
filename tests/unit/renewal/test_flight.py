"""One request for all who ask at once, whatever they ask for, and within their deadline."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from credhelper import cache
from credhelper.renewal import lock
from tests.conftest import Box
from tests.support import slots
from tests.support.servers.counting import TokenServer

pytestmark = pytest.mark.slow

INVALID: dict[str, object] = {"error": "invalid_client"}
Hold = Callable[[Box], Path]


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Return what takes the lock of a box's entry, as a holder that is stopped has it."""
    descriptors = []

    def take(box: Box) -> Path:
        path = box.cache / f"{slots.name(cache.source(box.environ))}.lock"
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        descriptors.append(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        fcntl.flock(descriptors[-1], fcntl.LOCK_EX)
        return path

    yield take
    for descriptor in descriptors:
        os.close(descriptor)


@pytest.mark.parametrize("status", [200, 400])
def test_a_stopped_holder_costs_one_request_more(
    box: Box, tokens: TokenServer, hold: Hold, status: int
) -> None:
    """Those who run out of patience share a second lock: a token or a refusal for all of them."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_DEADLINE"] = "8s"
    if status == 400:
        tokens.status, tokens.document = status, INVALID
    hold(box)
    started = time.monotonic()
    answers = box.herd(20, "get")
    assert {answer.status for answer in answers} == {0 if status == 200 else 77}
    assert len({answer.stdout + answer.stderr for answer in answers}) == 1
    assert tokens.count == 1
    assert 3.5 < time.monotonic() - started < 12


@pytest.mark.parametrize("words", [["get"], ["get", "env"], ["as", "token"]])
def test_a_deadline_holds_while_the_lock_is_waited_for(
    box: Box, tokens: TokenServer, hold: Hold, words: list[str]
) -> None:
    """Both locks are held, at the first call and when the door knows the config."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_DEADLINE"] = "1s"
    path = hold(box)
    second = os.open(path.with_name(path.name + ".2"), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(second, fcntl.LOCK_EX)
    for _ in range(2):
        started = time.monotonic()
        assert "within 1 s" in box.run(*words).refused(75)
        assert 0.9 < time.monotonic() - started < 3
    os.close(second)
    assert tokens.count == 0


def test_callers_of_an_ephemeral_profile_wait_for_nobody(
    box: Box, tokens: TokenServer, hold: Hold
) -> None:
    """What is never written cannot be waited for; each has a request of its own."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_EPHEMERAL"] = "true"
    box.run("get").token()
    hold(box)
    started = time.monotonic()
    answers = {answer.token() for answer in box.herd(4, "get")}
    assert len(answers) == 4
    assert time.monotonic() - started < 6


@pytest.mark.parametrize("words", [["--fresh"], ["--min-ttl", "2h"]])
def test_callers_with_wishes_share_one_flight(
    box: Box, tokens: TokenServer, words: list[str]
) -> None:
    """A token stored after the call began is as new and as long as the server gives them."""
    box.itwin(tokens.url)
    box.run("get").token()
    tokens.gate.clear()
    processes = [box.start("get", *words) for _ in range(10)]
    assert tokens.arrived.wait(30)
    time.sleep(2)  # all have begun by then
    tokens.gate.set()
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert len(answers) == 1
    assert "canary-token-2" in str(answers)
    assert tokens.count == 2


@pytest.mark.parametrize("words", [["--fresh"], ["--min-ttl", "2h"]])
def test_callers_with_wishes_share_a_refusal(
    box: Box, tokens: TokenServer, words: list[str]
) -> None:
    """What the server said after the call began is said to all: ten of them are one bad login."""
    box.itwin(tokens.url)
    box.run("get").token()
    assert box.run("forget").status == 0
    tokens.status, tokens.document = 400, INVALID
    box.run("get").refused(77)
    tokens.gate.clear()
    tokens.arrived.clear()
    processes = [box.start("get", "--fresh", *words) for _ in range(10)]
    assert tokens.arrived.wait(30)
    time.sleep(2)  # all have begun by then
    tokens.gate.set()
    assert {process.communicate(timeout=60)[1][:19] for process in processes} == {
        "credhelper: denied:"
    }
    assert tokens.count == 3


def test_a_life_that_no_token_has_is_said(box: Box, tokens: TokenServer) -> None:
    """The best one is answered; who looks is told that it is shorter than asked for."""
    box.itwin(tokens.url)
    ran = box.run("get", "-v", "--min-ttl", "2h")
    assert ran.status == 0
    assert "the server's tokens live" in ran.stderr
    assert box.run("get", "--min-ttl", "2h").stderr == ""


def test_a_refusal_is_printed_without_the_command_line(box: Box, tokens: TokenServer) -> None:
    """The door knows it: five hundred refused callers load no parser and no network."""
    box.itwin(tokens.url)
    tokens.status, tokens.document = 400, INVALID
    line = box.run("get").refused(77)
    box.environ["PYTHONVERBOSE"] = ""
    for words in (["get"], ["get", "env"], ["as", "token"], ["as", "header", "env"]):
        assert box.run(*words).refused(77) == line
    code = (
        "import sys; sys.argv = ['credhelper', 'get']\n"
        "import os; leave = os._exit\n"
        "os._exit = lambda s: (os.write(1, ' '.join(sys.modules).encode()), leave(s))\n"
        "from credhelper.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], env=box.environ, capture_output=True, check=False
    )
    assert done.returncode == 77
    assert done.stderr.decode().startswith("credhelper: denied")
    loaded = set(done.stdout.decode().split())
    assert "credhelper.renewal.refusal" in loaded
    assert (
        not {"credhelper.cli.run", "credhelper.config.profile", "argparse", "json", "requests"}
        & loaded
    )
    assert tokens.count == 1


def test_a_callers_own_words_for_a_refusal_come_from_the_door(
    box: Box, tokens: TokenServer
) -> None:
    """Docker reads errors on stdout; JSON is for `cli` to write."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_HOSTS"] = "registry.example"
    tokens.status, tokens.document = 400, INVALID
    words = [box.environ["PATH"].split(":")[0]]
    first = box.call(*_docker(words), stdin="registry.example")
    again = box.call(*_docker(words), stdin="registry.example")
    assert first == again
    assert (again.status, again.stderr) == (1, "")
    assert again.stdout.startswith("credhelper: denied")
    box.environ["CREDHELPER_ERROR_FORMAT"] = "json"
    assert box.run("get").stderr.startswith("{")
    assert tokens.count == 1


def _docker(_words: list[str]) -> list[str]:
    from tests.conftest import COMMAND

    return [COMMAND.replace("credhelper", "docker-credential-credhelper"), "get"]


def test_another_shells_wrong_secret_refuses_nobody_else(box: Box, tokens: TokenServer) -> None:
    """A shared refusal is bound to the value of the variable, without keeping it."""
    box.itwin(tokens.url)
    tokens.status, tokens.document = 400, INVALID
    box.run("get").refused(77)
    good = {**box.environ, "ITWIN_CLIENT_SECRET": "another-secret-0123"}
    box.run("get").refused(77)
    assert tokens.count == 1
    box.environ = good
    box.run("get").refused(77)
    assert tokens.count == 2
    tokens.status, tokens.document = 200, {"token_type": "bearer", "expires_in": 3600}
    box.environ = {**good, "ITWIN_CLIENT_SECRET": "a-third-secret-0123"}
    assert box.run("get").token()
    assert not any(b"secret-0123" in path.read_bytes() for path in box.cache.iterdir())


def test_a_corrected_secret_file_need_not_wait(box: Box, tokens: TokenServer) -> None:
    """A shared refusal is bound to the state of the file, too."""
    box.itwin(tokens.url)
    path = box.home / "secret"
    path.write_text("wrong")
    box.environ["CREDHELPER_CLIENT_ID"] = "x"
    box.environ["CREDHELPER_CLIENT_SECRET"] = f"file:{path}"
    tokens.status, tokens.document = 400, INVALID
    box.run("get").refused(77)
    box.run("get").refused(77)
    assert tokens.count == 1
    path.write_text("right")
    tokens.status, tokens.document = 200, {"token_type": "bearer", "expires_in": 3600}
    assert box.run("get").token()


@pytest.mark.parametrize(
    "word", ["nosuch", "x\x1b[31mred", "two\nlines", "../up", "env@sts", "env/sts", ".", "-" * 300]
)
def test_a_word_that_is_no_profile_makes_no_file(box: Box, tokens: TokenServer, word: str) -> None:
    """Neither an entry nor a lock; and no other profile's entry is taken for it."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_STS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/r"
    box.run("get").token()
    keys = slots.of(box.cache, cache.source(box.environ), grant="sts")
    before = sorted(os.listdir(box.cache))
    box.run("get", word).refused(64 if word[0] == "-" else 78)
    box.run("as", "token", word).refused(64 if word[0] == "-" else 78)
    assert sorted(os.listdir(box.cache)) == before
    assert not (box.cache / keys.name).exists()


def test_no_lock_is_left_where_the_config_is_broken(box: Box) -> None:
    """Nor an index."""
    box.config("[profiles.p]\nclient_id = 1\n")
    box.run("get").refused(78)
    assert {name for name in os.listdir(box.cache) if name.endswith(lock.SUFFIX)} <= {
        f"{slots.index_name(cache.source(box.environ))}.lock"
    }
