"""Cache files: who may have written them, and what a damaged one costs."""

import os
import socket
import stat
import time
from pathlib import Path

import pytest

from credhelper import cache, store
from credhelper.token import Token
from tests.conftest import Box
from tests.servers.counting import TokenServer


def entry(*, life_s: float = 3600, stored_at: float | None = None) -> cache.Entry:
    """Return an entry as `issue` makes it."""
    now = time.time()
    token = Token("abc", token_type="Bearer", expires_at=int(now + life_s), scope="a b")
    return cache.Entry(
        token,
        stamp="stamp",
        identity="identity",
        stored_at=now if stored_at is None else stored_at,
        renew_at=int(now + life_s / 2),
        conditions={"VAULT_ADDR": "https://v", "VAULT_NAMESPACE": None},
    )


ENVIRON = {"VAULT_ADDR": "https://v"}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """An entry comes back as it went in, from a file that only its owner can read."""
    where, before = str(tmp_path), entry()
    store.write(where, "x", before)
    after = cache.read(where, "x", ENVIRON)
    assert after
    assert after.token.access_token == before.token.access_token
    assert after.token.scope == "a b"
    assert (after.stamp, after.identity) == ("stamp", "identity")
    assert (after.stored_at, after.renew_at) == (before.stored_at, before.renew_at)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600
    assert os.listdir(where) == ["x"]


@pytest.mark.parametrize(
    "environ", [{}, {"VAULT_ADDR": "https://w"}, {**ENVIRON, "VAULT_NAMESPACE": ""}]
)
def test_another_variable_is_another_secret(tmp_path: Path, environ: dict[str, str]) -> None:
    """An entry serves only under the variables that its secret reference was read with."""
    store.write(str(tmp_path), "x", entry())
    assert cache.read(str(tmp_path), "x", environ) is None


def test_no_cut_of_an_entry_is_taken_for_one(tmp_path: Path) -> None:
    """Every truncation is a miss: the last line says that all others are there."""
    store.write(str(tmp_path), "x", entry())
    data = (tmp_path / "x").read_bytes()
    for length in range(len(data)):
        (tmp_path / "x").write_bytes(data[:length])
        assert cache.read(str(tmp_path), "x", ENVIRON) is None


def test_a_flipped_line_is_a_miss_or_harmless(tmp_path: Path) -> None:
    """Garbage in any line, other versions and other encodings end in a miss, never an exception."""
    store.write(str(tmp_path), "x", entry())
    lines = (tmp_path / "x").read_bytes().split(b"\n")
    for number in (0, 3, 4, 5, 7):
        for garbage in (b"", b"\xff\xfe", b"\x00", b"1e400", b"credhelper-entry 2"):
            damaged = [*lines[:number], garbage, *lines[number + 1 :]]
            (tmp_path / "x").write_bytes(b"\n".join(damaged))
            found = cache.read(str(tmp_path), "x", ENVIRON)
            assert found is None or number in (3, 4, 7)
    (tmp_path / "x").write_bytes(b"\n".join(lines) + b"x" * cache.SIZE_LIMIT)
    assert cache.read(str(tmp_path), "x", ENVIRON) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610])
def test_bits_for_others_are_not_trusted(tmp_path: Path, mode: int) -> None:
    """A file that others may touch is neither read nor replaced nor mended."""
    store.write(str(tmp_path), "x", entry())
    (tmp_path / "x").chmod(mode)
    assert cache.read(str(tmp_path), "x", ENVIRON) is None
    with pytest.raises(PermissionError):
        store.write(str(tmp_path), "x", entry())
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == mode


@pytest.mark.parametrize("kind", ["link", "hard", "fifo", "folder", "socket", "dangling"])
def test_odd_files_are_left_alone(tmp_path: Path, kind: str) -> None:
    """What is no regular file of one name is not opened for long, followed, deleted or replaced."""
    where = tmp_path / "c"
    where.mkdir(mode=0o700)
    store.write(str(where), "real", entry())
    path = where / "x"
    if kind == "link":
        path.symlink_to(where / "real")
    elif kind == "dangling":
        path.symlink_to(tmp_path / "nowhere")
    elif kind == "hard":
        path.hardlink_to(where / "real")
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "folder":
        path.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    before = path.lstat()
    assert cache.read(str(where), "x", ENVIRON) is None
    with pytest.raises(OSError, match="no entry"):
        store.write(str(where), "x", entry())
    assert path.lstat().st_ino == before.st_ino
    assert not (tmp_path / "nowhere").exists()


def test_another_owners_files_are_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory or a file of another user is a miss, and nothing is written there."""
    store.write(str(tmp_path), "x", entry())
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache.read(str(tmp_path), "x", ENVIRON) is None
    with pytest.raises(PermissionError):
        store.write(str(tmp_path), "x", entry())


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720, 0o702])
def test_a_directory_for_others_keeps_nothing(box: Box, tokens: TokenServer, mode: int) -> None:
    """Where others may write no token is kept, and the answer comes all the same, silently."""
    box.itwin(tokens.url)
    box.cache.mkdir(parents=True)
    box.cache.chmod(mode)
    assert box.run("get").token() == "canary-token-1"
    assert box.run("get").token() == "canary-token-2"
    assert list(box.cache.iterdir()) == []
    assert "could not be kept" in box.run("get", "-v").stderr


def test_a_clock_turned_back_makes_a_miss() -> None:
    """An entry from the future does not serve: its expiry cannot be believed either."""
    now = time.time()
    assert entry().serves(now)
    assert not entry(stored_at=now + 60).serves(now)
    assert not entry().serves(now - 60)


def test_nothing_near_its_end_serves() -> None:
    """Below the hard window, or the caller's own minimum, a token is not given out."""
    now = time.time()
    assert not entry(life_s=cache.HARD_S - 1).serves(now)
    assert entry(life_s=cache.HARD_S + 2).serves(now)
    assert not entry(life_s=100).serves(now, min_ttl_s=101)


def test_old_litter_goes_young_litter_stays(tmp_path: Path) -> None:
    """A killed process's temporary file goes after an hour; a running one's is left alone."""
    old, young = tmp_path / ".x.1", tmp_path / ".x.2"
    for path in (old, young):
        path.touch()
    os.utime(old, (0, time.time() - store.LITTER_S - 1))
    store.write(str(tmp_path), "x", entry())
    assert sorted(os.listdir(tmp_path)) == [".x.2", "x"]


def test_a_line_break_is_never_written(tmp_path: Path) -> None:
    """A value with a line break would forge lines of the entry."""
    forged = entry()
    forged.stamp = "a\nb"
    with pytest.raises(ValueError, match="line break"):
        store.write(str(tmp_path), "x", forged)
    assert os.listdir(tmp_path) == []


def test_without_a_home_nothing_lands_in_the_current_directory(
    box: Box, tokens: TokenServer
) -> None:
    """No HOME and no passwd entry: the token is printed, and no folder named `~` appears."""
    box.itwin(tokens.url)
    assert cache.directory({"HOME": "~nobody-at-all"}) == ""
    box.environ["HOME"] = "~"
    before = sorted(box.home.iterdir())
    box.run("get").token()
    assert sorted(box.home.iterdir()) == before


def test_a_proxys_password_is_in_no_stamp() -> None:
    """A stamp is written to disk, and the proxy decides about no token."""
    environ = {"CREDHELPER_CLIENT_ID": "x"}
    proxied = {**environ, "CREDHELPER_PROXY": "http://user:canary-password@proxy.example"}
    assert cache.environment_stamp(proxied) == cache.environment_stamp(environ)


def test_the_config_files_state_is_in_the_stamp(tmp_path: Path) -> None:
    """An edit, a chmod and a replacement of the config file each change the stamp."""
    path = tmp_path / "config.toml"
    environ = {"CREDHELPER_CONFIG": str(path)}
    seen = {cache.source(environ).stamp}
    for change in (
        lambda: path.write_text("a"),
        lambda: path.write_text("ab"),
        lambda: path.chmod(0o640),
        lambda: (path.rename(tmp_path / "b"), path.write_text("ab")),
    ):
        change()
        stamp = cache.source(environ).stamp
        assert stamp not in seen
        seen.add(stamp)


def test_a_temporary_file_that_vanishes_loses_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may rename its file while we look for litter; ours is stored all the same."""
    monkeypatch.setattr(os, "listdir", lambda _where: [".vanished.1"])
    store.write(str(tmp_path), "x", entry())
    assert cache.read(str(tmp_path), "x", ENVIRON)
