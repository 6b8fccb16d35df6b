"""Rows of what may lie in the cache in place of an entry.

Every truncation, and each line of an entry replaced: `tests/unit/test_cache.py`.
"""

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from credhelper import cache
from tests.conftest import Box
from tests.support import slots
from tests.support.servers.counting import TokenServer

pytestmark = pytest.mark.slow


def entry_of(box: Box) -> Path:
    """Return the path of the box's entry."""
    return box.cache / slots.name(cache.source(box.environ))


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "garbage": lambda data: os.urandom(len(data)),
    "zeros": lambda data: bytes(len(data)),
    "other version": lambda data: data.replace(b"credhelper 3", b"credhelper 4"),
    "older version": lambda _data: b"credhelper-entry 1\nstamp\nend\n",
    "not UTF-8": lambda data: data.replace(b"canary-token-1", b"canary-\xff\xfe-1"),
    "number": lambda data: data.replace(b"\n1", b"\n1e999"),
    "JSON": lambda _data: b'{"AccessToken":"canary-token-1"}',
    "huge": lambda data: data + b"x" * 50 * 2**20,
}


@pytest.mark.unwatched  # it is the test that damages the file
@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_entry(box: Box, tokens: TokenServer, name: str) -> None:
    """It is fetched anew and replaced in one step, silently; the next call is a hit again."""
    box.itwin(tokens.url)
    box.run("get").token()
    path = entry_of(box)
    path.write_bytes(DAMAGES[name](path.read_bytes()))
    before = path.stat().st_ino
    assert box.run("get").token() == "canary-token-2"
    assert path.stat().st_ino != before  # another file under the same name, never a truncated one
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert box.run("get").token() == "canary-token-2"
    assert tokens.count == 2
    assert not [each for each in os.listdir(box.cache) if each.startswith(".")]


def link(path: Path) -> None:
    """Move the entry away and link to it."""
    path.symlink_to(path.rename(path.with_name("elsewhere")))


def dangling(path: Path) -> None:
    """Link to a file that is not there, and that a write would make."""
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


def fifo(path: Path) -> None:
    """Put a fifo that nobody writes to."""
    path.unlink()
    os.mkfifo(path, 0o600)


def folder(path: Path) -> None:
    """Put a directory."""
    path.unlink()
    path.mkdir()


def listening(path: Path) -> None:
    """Put a socket."""
    path.unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        old = Path.cwd()
        os.chdir(path.parent)  # a socket's path may have 107 bytes
        listener.bind(path.name)
        os.chdir(old)


def device(path: Path) -> None:
    """Put the device that never ends, /dev/zero."""
    path.unlink()
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("no device may be made here")


def foreign(path: Path) -> None:
    """Give the entry to another user."""
    try:
        os.chown(path, 12345, 12345)
    except PermissionError:
        pytest.skip("no file may be given away here")


ODD: dict[str, Callable[[Path], object]] = {
    "another's": foreign,
    "group": lambda path: path.chmod(0o640),
    "other": lambda path: path.chmod(0o604),
    "link": link,
    "dangling": dangling,
    "hard link": lambda path: path.with_name("second").hardlink_to(path),
    "fifo": fifo,
    "device": device,
    "folder": folder,
    "socket": listening,
}


def listed(box: Box) -> list[str]:
    """Return the names in the cache without the locks, which go where nothing can be kept."""
    return sorted(name for name in os.listdir(box.cache) if not name.endswith(".lock"))


@pytest.mark.parametrize("name", ODD)
def test_what_we_did_not_write(box: Box, tokens: TokenServer, name: str) -> None:
    """It is ignored: neither read, changed, followed nor deleted; each call fetches and prints.

    Silently, but for -v; a fifo blocks nobody.
    """
    box.itwin(tokens.url)
    box.run("get").token()
    path = entry_of(box)
    ODD[name](path)
    before, names = path.lstat(), listed(box)
    assert box.run("get").token() == "canary-token-2"
    warned = box.run("get", "-v")
    assert (warned.status, "canary-token-3" in warned.stdout) == (0, True)
    assert "the token could not be kept" in warned.stderr
    assert path.lstat()[:9] == before[:9]
    assert listed(box) == names
