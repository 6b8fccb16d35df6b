"""What cannot be read or deleted: the caller gets a token or one line, never a traceback."""

import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from credhelper import cache
from credhelper.renewal import lock
from tests.conftest import Box
from tests.long.sweep.scenario import soft
from tests.support import slots
from tests.support.servers.counting import TokenServer

# Whoever waits, waits for longer than the test does.
PATIENT = """
import sys
from credhelper.renewal import wait
wait.PATIENCE_S = 60.0
sys.argv = ["credhelper", "get"]
from credhelper.__main__ import main
main()
"""


def break_module(box: Box, name: str, error: str = "ImportError") -> None:
    """Let a module be one that cannot be loaded."""
    folder = box.home / "broken"
    folder.mkdir()
    (folder / f"{name}.py").write_text(f"raise {error}('canary-text')\n")
    box.install(folder)


@pytest.mark.parametrize("error", ["ImportError", "OSError"])
@pytest.mark.parametrize("module", ["logging", "requests"])
def test_a_module_that_cannot_be_read_is_one_line(
    box: Box, tokens: TokenServer, module: str, error: str
) -> None:
    """The class is io, whether it is missing at the start or under the lock."""
    box.itwin(tokens.url)
    break_module(box, module, error)
    line = box.run("get").refused(74)
    assert line.startswith("credhelper: io: ")
    assert error in line
    assert "canary" not in line


@pytest.mark.slow
def test_a_full_disk_makes_nobody_wait(box: Box, tokens: TokenServer) -> None:
    """What cannot be kept serves nobody else: whoever waited asks at once, not one by one."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_DEADLINE"] = "2m"
    box.run("get").token()
    box.run("forget")
    slots.damage(box.cache / f"{slots.name(cache.source(box.environ))}.lock", lock.HEADER)
    tokens.gate.clear()
    code = shlex.join([sys.executable, "-I", "-c", PATIENT])
    full = ["/bin/sh", "-c", f"ulimit -f 0; exec {code}"]
    running = [
        subprocess.Popen(full, env=box.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _number in range(6)
    ]
    _await(lambda: tokens.count >= 2)
    time.sleep(2)  # the others wait for its lock
    tokens.gate.set()
    tokens.gate.clear()
    _await(lambda: tokens.count == 7)
    tokens.gate.set()
    for process in running:
        stdout, stderr = process.communicate(timeout=60)
        assert (process.returncode, stderr) == (0, b"")
        assert b"canary-token" in stdout


def _await(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_renewal_that_cannot_load_its_modules_serves_the_old_token(
    box: Box, tokens: TokenServer
) -> None:
    """A good token is never lost to a broken installation."""
    box.config(
        '[profiles.itwin]\nprovider = "itwin"\nclient_id = "x"\nclient_secret = "env:S"\n'
        f'token_url = "{tokens.url}"\n'
    )
    box.environ["S"] = "canary-secret-value"
    first = box.run("get").token()
    soft(box.cache)
    break_module(box, "requests")
    assert box.run("get").token() == first
    assert tokens.count == 1


def test_what_libraries_log_is_not_shown(box: Box, tokens: TokenServer) -> None:
    """Where a hash cannot be loaded hashlib logs a traceback, which callers would read."""
    box.itwin(tokens.url)
    break_module(box, "_blake2")
    box.run("get").token()


def test_an_entry_that_cannot_be_deleted_is_an_io_error(box: Box, tokens: TokenServer) -> None:
    """`forget` says so; it does not call it a bug."""
    box.itwin(tokens.url)
    box.run("get").token()
    entry = next(path for path in box.cache.glob("env-*") if path.suffix != ".lock")
    box.cache.chmod(0o722)  # others could put anything in its place
    assert box.run("forget").refused(74).startswith("credhelper: io: ")
    assert entry.exists()


def test_a_config_that_cannot_be_looked_at_is_in_force(box: Box, tokens: TokenServer) -> None:
    """The environment's profile never stands in for it, though its token is cached."""
    box.itwin(tokens.url)
    box.run("get").token()
    path = Path(cache.config_path(box.environ))
    path.parent.mkdir(parents=True)
    path.symlink_to(path)
    assert str(path) in box.run("get").refused(78)
