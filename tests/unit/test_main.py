"""The fast door: what a hit imports, writes and never touches."""

import os
import subprocess

import pytest

from credhelper.renewal import lock
from tests.conftest import COMMAND, Box
from tests.support.imports import ALLOWED, SPY, modules
from tests.support.servers.counting import TokenServer


@pytest.mark.parametrize("arguments", [["get"], ["get", "env"]])
def test_a_hit_imports_nothing_but_ours(
    box: Box, tokens: TokenServer, arguments: list[str]
) -> None:
    """After a hit the modules are a bare start's and four of ours: each other one costs time."""
    box.itwin(tokens.url)
    box.run("get").token()
    bare = modules(box, "import os, sys; os.write(2, ' '.join(sys.modules).encode())")
    assert modules(box, SPY.format(arguments=["credhelper", *arguments])) - bare == ALLOWED


def test_the_second_call_asks_nobody(box: Box, tokens: TokenServer) -> None:
    """A cached token is printed again, and no server hears of it."""
    box.itwin(tokens.url)
    first = box.run("get")
    assert box.run("get") == first
    assert box.run("get", "env") == first
    assert tokens.count == 1


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize(
    "closed",
    ["", "<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"],
)
def test_closed_descriptors_never_receive_a_token(
    box: Box, tokens: TokenServer, closed: str, *, warm: bool
) -> None:
    """With stdout closed the status is 74 and the token goes into no file that took its number."""
    box.itwin(tokens.url)
    if warm:
        box.run("get").token()
    done = subprocess.run(
        ["/bin/sh", "-c", f"{COMMAND} get {closed}"],
        env=box.environ,
        capture_output=True,
        check=False,
    )
    assert done.returncode == (74 if ">&-" in closed.replace("2>&-", "") else 0)
    for path in box.cache.iterdir():
        if path.name.endswith(".lock"):
            assert path.read_bytes() == lock.HEADER
    box.run("get").token()
    assert tokens.count == 1


@pytest.mark.parametrize("warm", [True, False])
def test_a_full_stdout_is_an_io_error(box: Box, tokens: TokenServer, *, warm: bool) -> None:
    """A token that could not be written is not called written; it stays cached."""
    box.itwin(tokens.url)
    if warm:
        box.run("get").token()
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [COMMAND, "get"], env=box.environ, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 74
    assert done.stderr.startswith(b"credhelper: io: stdout cannot be written")
    box.run("get").token()
    assert tokens.count == 1


def test_a_reader_that_left_is_no_error_message(box: Box, tokens: TokenServer) -> None:
    """A broken pipe ends as SIGPIPE would have ended it, without a word."""
    box.itwin(tokens.url)
    box.run("get").token()
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [COMMAND, "get"], env=box.environ, stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    assert process.communicate()[1] == b""
    assert process.returncode == 141


def test_a_slash_in_a_profile_leads_nowhere(box: Box) -> None:
    """A path in place of a profile is refused as an unknown profile."""
    box.itwin("http://127.0.0.1:9/token")
    assert "no profile" in box.run("get", "../../etc/passwd").refused(78)
    assert "no profile" in box.run("get", "a" * 4000).refused(78)
