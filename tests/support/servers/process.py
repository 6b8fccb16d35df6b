"""A server as a process of its own: on a free port, waited for, stopped by its id."""

import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

START_LIMIT_S, POLL_S = 300.0, 0.02  # Keycloak's first start builds it, on a busy machine, too


def free_port() -> int:
    """Return a port below the ephemeral ones: no connection of another test takes it meanwhile."""
    while True:
        port = random.randrange(20000, 32768)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def need(*tools: str) -> None:
    """Skip the test where a tool is not installed."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def start(home: Path, *command: str, **environ: str) -> subprocess.Popen[bytes]:
    """Start a server, which writes to `home/log`; its home and its temporary files are there."""
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            env={"HOME": str(home), "TMPDIR": str(home), "PATH": os.environ["PATH"], **environ},
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def wait(ready: Callable[[], bool]) -> None:
    """Return once the server is ready; fail after the limit."""
    limit = time.monotonic() + START_LIMIT_S
    while not ready():
        assert time.monotonic() < limit, "the server is not ready in time"
        time.sleep(POLL_S)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to end; kill it if it does not within 10 s."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder that goes with the server: pytest keeps its own, and programs are large."""
    with tempfile.TemporaryDirectory(prefix="server-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def cache() -> Path:
    """Return the folder for what takes minutes to build; what is in it is taken as it is."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = Path(os.environ.get("TESTS_CACHE") or Path(home, "credhelper-tests"))
    path.mkdir(parents=True, exist_ok=True)
    return path
