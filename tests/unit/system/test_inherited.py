"""What a caller hands down (signals, timers, umask, stdin that never ends) changes nothing."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import COMMAND, Box
from tests.support.servers.counting import TokenServer
from tests.support.servers.scripted import Script, drip_body

# Runs the command with a state of its own, as a caller that blocks, ignores or times signals.
RUN = """
import os, signal, sys
{state}
os.execv(sys.argv[1], sys.argv[1:])
"""
STATES = {
    "blocked": "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())",
    "ignored": "[signal.signal(n, signal.SIG_IGN) for n in (signal.SIGALRM, signal.SIGCHLD)]",
    "both": (
        "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
        "[signal.signal(n, signal.SIG_IGN) for n in (signal.SIGALRM, signal.SIGCHLD)]"
    ),
    "alarm": "signal.setitimer(signal.ITIMER_REAL, 0.3)",
}


def start(box: Box, state: str, *words: str) -> subprocess.Popen[bytes]:
    """Start the command in that state."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN.format(state=STATES[state]), COMMAND, *words],
        env={k: v for k, v in box.environ.items() if not k.startswith("PYTHON")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("state", STATES)
def test_the_deadline_holds_whatever_is_inherited(scripted: Script, box: Box, state: str) -> None:
    """A server that never ends is left in time, with one line."""
    box.itwin(scripted(drip_body, kind="").url)
    box.environ["CREDHELPER_DEADLINE"] = "1s"
    started = time.monotonic()
    process = start(box, state, "get")
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (75, b"")
    assert b"got no token within 1 s" in stderr
    assert stderr.count(b"\n") == 1
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("state", STATES)
def test_a_hit_is_a_hit_whatever_is_inherited(box: Box, tokens: TokenServer, state: str) -> None:
    """The same bytes, and nothing on stderr."""
    box.itwin(tokens.url)
    first = box.run("get")
    process = start(box, state, "get")
    assert process.communicate(timeout=30) == (first.stdout.encode(), b"")
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [["as", "git", "get"], ["as", "bazel", "get"], ["as", "docker", "get"]]
)
def test_a_question_that_never_ends_is_left_at_the_deadline(box: Box, words: list[str]) -> None:
    """A caller that opens a pipe and says nothing gets an answer all the same."""
    box.itwin("http://127.0.0.1:9/token")
    started = time.monotonic()
    process = start(box, "blocked", *words)
    assert process.stdin
    while process.poll() is None and time.monotonic() - started < 40:
        time.sleep(0.1)
    took_s = time.monotonic() - started
    assert process.returncode in (1, 75)
    assert 19 < took_s < 23
    process.communicate()


@pytest.mark.parametrize("umask", [0o000, 0o027, 0o177, 0o277, 0o777])
def test_files_and_folders_are_private_whatever_the_umask(
    box: Box, tokens: TokenServer, umask: int
) -> None:
    """From the first line on the umask is ours: folders above the cache can be entered, too."""
    box.itwin(tokens.url)
    command = f"umask {umask:03o}; exec {COMMAND} get"
    for _ in range(2):
        ran = box.call("/bin/sh", "-c", command)
        assert ran.token() == "canary-token-1"
    assert tokens.count == 1
    modes = {path.name: path.stat().st_mode & 0o777 for path in box.cache.iterdir()}
    assert set(modes.values()) == {0o600}
    assert box.cache.stat().st_mode & 0o777 == 0o700
    assert box.cache.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
@pytest.mark.parametrize("words", [["get"], ["get", "--fresh"]])
def test_a_slow_reader_gets_the_answer_once(
    box: Box, tokens: TokenServer, words: list[str]
) -> None:
    """A pipe that takes half of it and is not blocking: the rest follows, nothing comes twice."""
    box.itwin(tokens.url)
    access_token = "A" * 200_000
    tokens.document = {"access_token": access_token, "token_type": "bearer", "expires_in": 3600}
    assert box.run("get").token() == access_token
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    process = subprocess.Popen([COMMAND, *words], env=box.environ, stdout=writer)
    os.close(writer)
    time.sleep(1)
    with open(reader) as file:
        answer = file.read()
    assert process.wait(30) == 0
    cached = box.run("get")
    assert answer == cached.stdout
    assert cached.token() == access_token


@pytest.mark.parametrize("words", [["get"], ["get", "-v"]])
def test_a_slow_writer_is_heard_to_the_end(box: Box, tokens: TokenServer, words: list[str]) -> None:
    """A pipe that has half of the question and does not block: the rest is waited for."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_HOSTS"] = "api.example.com"
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    command = [COMMAND, "as", "git", *words]
    process = subprocess.Popen(command, env=box.environ, stdin=reader, stdout=subprocess.PIPE)
    os.close(reader)
    for half in (b"protocol=https\nhost=api", b".example.com\n\n"):
        time.sleep(0.5)
        os.write(writer, half)
    assert b"password=canary-token-1\n" in process.communicate(timeout=30)[0]
    os.close(writer)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_between_rename_and_return_is_no_disk_error(
    box: Box, tokens: TokenServer, number: signal.Signals
) -> None:
    """It ends the run with its own status."""
    box.itwin(tokens.url)
    code = (
        "import os, signal, sys\n"
        "rename = os.rename\n"
        "def spy(*words, **more):\n"
        "    rename(*words, **more)\n"
        "    if words[1].startswith('env-'):\n"
        f"        signal.raise_signal({int(number)})\n"
        "os.rename = spy\n"
        "sys.argv = ['credhelper', 'get']\n"
        "from credhelper.__main__ import main; main()"
    )
    ran = box.call(sys.executable, "-I", "-c", code)
    assert (ran.status, ran.stdout, ran.stderr) == (128 + number, "", "")
