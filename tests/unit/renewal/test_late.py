"""The time limit before the exchange: over a question of the caller, and the lock of another."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from credhelper import cache
from credhelper.cli import answer, run
from credhelper.renewal import lock
from credhelper.system import deadline
from tests.conftest import Box

SHORT = """
import sys
from credhelper import cache
cache.BUDGET_S = 0.5
sys.argv = {arguments!r}
from credhelper.__main__ import main
main()
"""
# And where the answer is: the descriptor and the status of each dialect's refusals.
QUESTIONS = [
    (["docker-credential-credhelper", "get"], 1, 1),
    (["git-credential-credhelper", "get"], 2, 75),
    (["credhelper-cargo", "--cargo-plugin"], 1, 0),
    (["credhelper", "as", "kubelet"], 2, 75),
    (["credhelper", "as", "bazel", "get"], 2, 75),
    (["credhelper", "as", "bazel", "get", "-v"], 2, 75),
]


@pytest.fixture
def _same_alarm() -> Iterator[None]:
    """Put the handler back."""
    before = signal.getsignal(signal.SIGALRM)
    yield
    deadline.stop()
    signal.signal(signal.SIGALRM, before)


def test_a_question_that_never_ends_is_temporary(box: Box) -> None:
    """The run ends in time, and says so in the dialect of the caller."""
    begun = time.monotonic()
    running = [
        subprocess.Popen(
            [sys.executable, "-I", "-c", SHORT.format(arguments=arguments)],
            env=box.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for arguments, _descriptor, _status in QUESTIONS
    ]
    for process, (arguments, descriptor, status) in zip(running, QUESTIONS, strict=True):
        assert process.stdin
        assert process.wait(timeout=30) == status, arguments
        stdout, stderr = process.communicate()
        said, nothing = (stdout, stderr) if descriptor == 1 else (stderr, stdout)
        assert nothing == b""
        assert b"credhelper: temporary: " in said
    assert time.monotonic() - begun < 15


def test_the_words_of_a_caller_are_not_ours(box: Box) -> None:
    """Where a dialect's module is broken, its `get` is no `credhelper get`: no token is printed."""
    site = box.home / "site"
    package = Path(cache.__file__).parent
    shutil.copytree(package, site / "credhelper", ignore=shutil.ignore_patterns("__pycache__"))
    (site / "credhelper" / "protocols" / "docker.py").write_text("import (")
    box.install(site)
    command = Path(box.command).rename(Path(box.command).parent / "docker-credential-credhelper")
    box.itwin("http://127.0.0.1:9/token")
    assert "protocols/docker.py cannot be loaded" in box.call(str(command), "get").refused(74)
    (site / "credhelper" / "caller.py").write_text("import (")
    assert "SyntaxError" in box.call(str(command), "get").refused(74)


@pytest.mark.usefixtures("_same_alarm")
def test_who_waited_long_for_a_lock_has_the_rest_of_its_own_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A profile may let a run last longer than the usual 20 s, and another's lock as long."""
    left: list[float] = []

    def note(*_arguments: object) -> int:
        left.append(deadline.remaining_s())
        return 0

    monkeypatch.setattr(answer, "respond", note)
    options = SimpleNamespace(command="as", question="any", started=time.monotonic() - 30)
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 25)
    run._run(options, lock.Lock("x", folder=cache.Folder("/nowhere")))  # noqa: SLF001 - its limit alone
    assert 20 < left[0] <= 25
