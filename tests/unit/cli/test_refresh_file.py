"""`exec --refresh-file`: the user's own files stay, and what a killed run left is taken over."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import Box
from tests.support.servers.counting import TokenServer

pytestmark = pytest.mark.slow


def keep(box: Box, path: str, *command: str) -> list[str]:
    """Return the words that keep a file fresh while a command runs."""
    return ["exec", "--refresh-file", path, "--", *(command or ("touch", "ran"))]


@pytest.fixture
def home(box: Box, tokens: TokenServer) -> Box:
    """Return a box that gets a token."""
    box.itwin(tokens.url)
    return box


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("", 0o600),
        ("PRIVATE KEY\n", 0o600),
        ("canary-token-1\n", 0o600),
        ("x", 0o644),
        ("x", 0o400),
    ],
)
def test_a_file_that_is_there_stays(home: Box, text: str, mode: int) -> None:
    """Whatever it has, and whoever may read it; the command is not run, and nothing is left."""
    file = home.home / "id_ed25519"
    file.write_text(text)
    file.chmod(mode)
    before = file.stat()
    line = home.run(*keep(home, "id_ed25519")).refused(74)
    assert "is not a file of credhelper" in line
    assert str(file) in line
    assert (file.read_text(), file.stat().st_ino) == (text, before.st_ino)
    assert not {"ran", ".id_ed25519.credhelper"} & set(os.listdir(home.home))


@pytest.mark.parametrize("path", ["link", "folder", "fifo", "/proc/token", "no/such/folder"])
def test_what_is_no_file_of_ours_stays(home: Box, path: str) -> None:
    """A link, a folder, a fifo, or a place where nothing can be written."""
    (home.home / "link").symlink_to(home.home / "target")
    (home.home / "folder").mkdir()
    os.mkfifo(home.home / "fifo")
    home.run(*keep(home, path)).refused(74)
    assert {each.name for each in home.home.iterdir()} <= {"link", "folder", "fifo", ".cache"}


@pytest.mark.parametrize(("mode", "status"), [(0o777, 74), (0o757, 74), (0o1777, 0), (0o755, 0)])
def test_a_folder_that_others_write(home: Box, mode: int, status: int) -> None:
    """They could put a token of theirs there; in a sticky folder they cannot."""
    folder = home.home / "shared"
    folder.mkdir()
    folder.chmod(mode)
    assert home.run(*keep(home, "shared/token", "true")).status == status
    assert list(folder.iterdir()) == []


def test_what_a_killed_run_left_is_taken_over(home: Box) -> None:
    """Its file and its mark; in the end both are gone."""
    file = home.home / "token"
    process = home.start(*keep(home, "token", "sleep", "2"))
    until = time.monotonic() + 20
    while not (file.exists() and file.read_text()) and time.monotonic() < until:
        time.sleep(0.01)
    process.kill()
    process.wait()
    for pipe in filter(None, (process.stdout, process.stderr)):
        pipe.close()
    assert file.read_text() == "canary-token-1\n"
    ran = home.run(*keep(home, "token", "cat", "token"))
    assert (ran.status, ran.stdout) == (0, "canary-token-1\n")
    assert not {"token", ".token.credhelper"} & set(os.listdir(home.home))


def test_two_runs_do_not_keep_one_file(home: Box) -> None:
    """The end of the one would take it from the other."""
    inner = " ".join([home.command, *keep(home, "token")])
    script = f"{inner} 2>error; echo $?; test -s token && cat error"
    ran = home.run(*keep(home, "token", "sh", "-c", script))
    status, line = ran.stdout.splitlines()
    assert (status, ran.status) == ("74", 0)
    assert "is kept by another run" in line


@pytest.mark.parametrize("text", ["mine\n", ""])
def test_what_the_user_puts_in_its_place_stays(home: Box, text: str) -> None:
    """Neither renewed nor deleted. An empty file of ours is what a killed run may leave."""
    script = f"rm token; umask 077; printf '{text}' >other; mv other token"
    assert home.run(*keep(home, "token", "sh", "-c", script)).status == 0
    file = Path(home.home / "token")
    assert (file.read_text() if file.exists() else "") == text
    assert not (home.home / ".token.credhelper").exists()


def test_a_mark_that_we_did_not_write_stays(home: Box) -> None:
    """A file of the mark's name is the user's, too."""
    mark = home.home / ".token.credhelper"
    mark.write_text("mine\n")
    mark.chmod(0o600)
    home.run(*keep(home, "token")).refused(74)
    assert mark.read_text() == "mine\n"
    assert not (home.home / "ran").exists()


def test_it_is_gone_after_any_end(home: Box) -> None:
    """Also of a command that a signal ends."""
    for number in (signal.SIGKILL, signal.SIGTERM):
        ran = home.run(*keep(home, "token", "sh", "-c", f"test -s token && kill -{number} $$"))
        assert ran.status == -number
        assert not {"token", ".token.credhelper"} & set(os.listdir(home.home))
