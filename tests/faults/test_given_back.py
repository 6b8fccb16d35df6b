"""The command of `exec` finds what its caller had, and its end is ours."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.conftest import Box
from tests.support.servers.counting import TokenServer

pytestmark = pytest.mark.slow
WAYS = pytest.mark.parametrize("way", [[], ["--refresh-file", "token"]], ids=["plain", "file"])
STATE = "umask; ulimit -c; grep -E '^Sig(Blk|Ign|Cgt)|^SigQ' /proc/self/status | grep -v SigQ"
ALARMED = """
import os, signal, sys
signal.setitimer(signal.ITIMER_REAL, 1.5)
os.execvp(sys.argv[1], sys.argv[1:])
"""
# The sender of a signal is not told there.
AS_ON_MACOS = """
import signal, sys
del signal.sigwaitinfo, signal.sigtimedwait
from credhelper.__main__ import main
sys.argv = ["credhelper", *sys.argv[1:]]
main()
"""


@pytest.fixture
def home(box: Box, tokens: TokenServer) -> Box:
    """Return a box with a cached token."""
    box.itwin(tokens.url)
    box.run("get").token()
    return box


def nothing() -> None:
    """Be a caller that changes nothing."""


def signals_blocked() -> None:
    """Block what we wait for, and what limits us."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGCHLD, signal.SIGTERM})


def signals_ignored() -> None:
    """Ignore what we wait for, as `nohup` and some supervisors do."""
    for number in (signal.SIGCHLD, signal.SIGALRM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)


def no_umask_and_core_files() -> None:
    """Have files open to all, and core files of a size of our own."""
    os.umask(0)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (4096 if hard else 0, hard))


def run(home: Box, words: list[str], caller: Callable[[], None]) -> tuple[int, str, str]:
    """Return status, stdout and stderr of a command that such a caller starts."""
    done = subprocess.run(
        words, env=home.environ, cwd=home.home, preexec_fn=caller, capture_output=True,
        text=True, timeout=30, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@WAYS
@pytest.mark.parametrize(
    "caller", [nothing, signals_blocked, signals_ignored, no_umask_and_core_files]
)
def test_the_command_has_its_callers_state(
    home: Box, way: list[str], caller: Callable[[], None]
) -> None:
    """As if the caller had started it: umask, signals and the limit of core files."""
    command = ["sh", "-c", STATE]
    assert run(home, [home.command, "exec", *way, "--", *command], caller) == run(
        home, command, caller
    )


@WAYS
@pytest.mark.parametrize("caller", [nothing, signals_ignored])
@pytest.mark.parametrize("ending", ["kill -9 $$", "kill -6 $$", "sleep 0.3; exit 3"])
def test_the_end_of_the_command_is_ours(
    home: Box, way: list[str], caller: Callable[[], None], ending: str
) -> None:
    """A status or any signal, whatever the caller did to the signal that tells of it."""
    command = ["sh", "-c", ending]
    assert run(home, [home.command, "exec", *way, "--", *command], caller) == run(
        home, command, caller
    )


@WAYS
def test_the_callers_alarm_strikes_the_command(home: Box, way: list[str]) -> None:
    """When it would have, and once."""
    started = time.monotonic()
    words = [sys.executable, "-I", "-c", ALARMED, home.command, "exec", *way, "--", "sleep", "8"]
    assert run(home, words, nothing) == (-signal.SIGALRM, "", "")
    assert 1.4 < time.monotonic() - started < 4


@WAYS
def test_an_open_file_of_the_caller_is_the_commands(home: Box, way: list[str]) -> None:
    """As make's job server hands one on."""
    reader, writer = os.pipe()
    os.write(writer, b"handed on\n")
    os.close(writer)
    done = subprocess.run(
        [home.command, "exec", *way, "--", "sh", "-c", f"cat /dev/fd/{reader}"], env=home.environ,
        cwd=home.home, pass_fds=[reader], capture_output=True, text=True, check=False,
    )  # fmt: skip
    os.close(reader)
    assert (done.returncode, done.stdout, done.stderr) == (0, "handed on\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGABRT])
def test_signals_without_a_sender(home: Box, number: signal.Signals) -> None:
    """On macOS, which tells none, the command gets what we are sent, and its end is ours."""
    words = [sys.executable, "-c", AS_ON_MACOS, "exec", "--refresh-file", "token", "--"]
    assert run(home, [*words, "sh", "-c", "exit 3"], nothing) == (3, "", "")
    process = subprocess.Popen(
        [*words, "sh", "-c", f"trap 'exit 7' {number}; echo ready; while :; do sleep 0.05; done"],
        env=home.environ, cwd=home.home, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    process.communicate(timeout=10)
    assert process.returncode == 7
    assert not (home.home / "token").exists()


def test_as_the_first_process_of_a_container(home: Box) -> None:
    """A signal from outside, which has no sender here, is passed on; an orphan is reaped."""
    script = (
        "trap 'exit 7' TERM; (sleep 0.1 & exec true); sleep 0.5; "
        "echo zombies: $(grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l); "
        "while :; do sleep 0.05; done"
    )
    unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode:
        pytest.skip("namespaces may not be made here")
    process = subprocess.Popen(
        [*unshare, home.command, "exec", "--refresh-file", "token", "--", "sh", "-c", script],
        env=home.environ, cwd=home.home, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "zombies: 0\n"
    first = subprocess.run(
        ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
    )
    os.kill(int(first.stdout), signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 7
