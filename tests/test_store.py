"""What is written to the cache, byte for byte, and what is left when writing fails."""

import errno
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from credhelper import cache, replacement, store
from credhelper.token import Token

SETTINGS = cache.Source("/a", stamp="stamp")
NOTHING: tuple[str, list[str], list[str]] = ("", [], [])


def entry(identity: str = "identity") -> cache.Entry:
    """Return an entry that one can read."""
    token = Token("abc", token_type="Bearer", expires_at=2_000_003_600, scope="a b")
    return cache.Entry(
        token,
        stamp="stamp",
        identity=identity,
        stored_at=2_000_000_000.5,
        renew_at=2_000_003_000,
        conditions={"B": None, "A": "x=y", "C": ""},
    )


@pytest.fixture(autouse=True)
def _no_descriptor_is_left() -> Iterator[None]:
    """Whatever happens, each file is closed."""
    before = set(os.listdir("/proc/self/fd"))
    yield
    assert set(os.listdir("/proc/self/fd")) <= before


def test_an_entry_is_these_lines(tmp_path: Path) -> None:
    """The form that other versions read, too."""
    store.write(str(tmp_path), "x", entry())
    assert (tmp_path / "x").read_text() == (
        "credhelper-entry 1\nstamp\nidentity\n2000000000.5\n2000003000\n2000003600\na b\nabc\n"
        "A=x=y\nB\nC=\nend\n"
    )
    after = cache.read(str(tmp_path), "x", {"A": "x=y", "C": ""})
    assert after
    assert after.conditions == entry().conditions


def test_sixty_four_kibibytes_are_the_most(tmp_path: Path) -> None:
    """One byte more is no entry of ours."""
    environ = {"A": "x=y", "C": ""}
    store.write(str(tmp_path), "x", entry(""))
    room = 65536 - (tmp_path / "x").stat().st_size
    store.write(str(tmp_path), "x", entry("i" * room))
    assert cache.read(str(tmp_path), "x", environ)
    store.write(str(tmp_path), "x", entry("i" * (room + 1)))
    assert cache.read(str(tmp_path), "x", environ) is None


def test_an_entry_serves_under_its_own_settings_in_its_time(tmp_path: Path) -> None:
    """Under another stamp, or at its end, it is none."""
    environ, now = {"A": "x=y", "C": ""}, 2_000_000_001.0
    store.write(str(tmp_path), "x", entry())
    assert cache.read_serving(str(tmp_path), "x", SETTINGS, environ, now)
    other = cache.Source("/a", stamp="other")
    assert cache.read_serving(str(tmp_path), "x", other, environ, now) is None
    assert cache.read_serving(str(tmp_path), "x", SETTINGS, environ, now + 3600) is None


def test_the_index_is_known_under_its_settings_only(tmp_path: Path) -> None:
    """Default, hosts and names come back; a part of an index is none."""
    where = str(tmp_path)
    assert cache.read_index(where, SETTINGS) == NOTHING
    store.write_index(where, SETTINGS, "p", ["h1", "h2"], ["p", "q"])
    assert cache.read_index(where, SETTINGS) == ("p", ["h1", "h2"], ["p", "q"])
    assert cache.read_index(where, cache.Source("/a", stamp="other")) == NOTHING
    store.write_index(where, SETTINGS, "", [], [])
    assert cache.read_index(where, SETTINGS) == NOTHING
    store.replace(where, SETTINGS.entry_name(""), ["stamp", "p"])
    assert cache.read_index(where, SETTINGS) == NOTHING


@pytest.mark.parametrize(
    ("mode", "is_trusted"),
    [(0o700, True), (0o755, True), (0o701, True), (0o710, True), (0o720, False), (0o702, False)],
)
def test_only_who_can_write_into_the_folder_matters(
    tmp_path: Path,
    mode: int,
    is_trusted: bool,  # noqa: FBT001 - a row
) -> None:
    """Its files are for their owner alone, whoever may look at their names."""
    store.replace(str(tmp_path), "x", ["line"])
    tmp_path.chmod(mode)
    assert cache.read_lines(str(tmp_path), "x") == (["line"] if is_trusted else [])
    if is_trusted:
        store.replace(str(tmp_path), "x", ["other"])
        store.forget(str(tmp_path), "x")
        return
    with pytest.raises(PermissionError, match="this user's alone"):
        store.replace(str(tmp_path), "x", ["other"])
    with pytest.raises(PermissionError, match="this user's alone"):
        store.forget(str(tmp_path), "x")
    assert os.listdir(tmp_path) == ["x"]


def test_a_file_that_others_may_start_is_not_trusted(tmp_path: Path) -> None:
    """Every bit for others counts; every bit of the owner does not."""
    store.replace(str(tmp_path), "x", ["line"])
    (tmp_path / "x").chmod(0o601)
    assert cache.read_lines(str(tmp_path), "x") == []
    (tmp_path / "x").chmod(0o700)
    assert cache.read_lines(str(tmp_path), "x") == ["line"]


def test_folder_and_file_are_the_owners_whatever_the_umask(tmp_path: Path) -> None:
    """Both are made with their modes: there is no moment when others could look."""
    before = os.umask(0)
    try:
        store.replace(str(tmp_path / "c"), "x", ["line"])
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "c" / "x").stat().st_mode) == 0o600


def test_a_disk_that_cannot_be_read_has_no_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller gets a token all the same, from the server."""

    def fail(_descriptor: int, _limit: int) -> bytes:
        raise OSError(errno.EIO, "")

    store.replace(str(tmp_path), "x", ["line"])
    monkeypatch.setattr(os, "read", fail)
    assert cache.read_lines(str(tmp_path), "x") == []


def test_a_value_that_is_no_text_is_written_all_the_same(tmp_path: Path) -> None:
    """As a variable of the environment may be: it only never comes back as it was."""
    store.replace(str(tmp_path), "x", ["\udcff"])
    assert cache.read_lines(str(tmp_path), "x") == ["?"]


def test_a_tokens_file_is_the_owners_and_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a path relative to the current directory, too; a link is not replaced."""
    monkeypatch.chdir(tmp_path)
    store.write_token("t", "abc")
    store.write_token("t", "abcd")
    assert (tmp_path / "t").read_text() == "abcd\n"
    assert stat.S_IMODE((tmp_path / "t").stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "t")
    with pytest.raises(PermissionError, match="no entry"):
        store.write_token("link", "abc")
    assert (tmp_path / "link").is_symlink()


def test_deleting_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    """What cannot be deleted is one."""
    (tmp_path / "x").touch()
    for _ in range(2):
        store.delete(str(tmp_path / "x"))
    assert os.listdir(tmp_path) == []
    with pytest.raises(OSError, match="directory"):
        store.delete(str(tmp_path))


def test_litter_is_what_starts_with_a_dot_and_is_an_hour_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vanished file does not end the search, an old entry is no litter."""
    now, ages = int(time.time()), {".old": 3601, ".young": 3600, "entry": 9999}
    for name, age_s in ages.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, now - age_s))
    with monkeypatch.context() as patched:
        patched.setattr(os, "listdir", lambda _where: [".vanished", *ages])
        patched.setattr(time, "time", lambda: now)
        store.replace(str(tmp_path), "x", [])
    assert sorted(os.listdir(tmp_path)) == [".young", "entry", "x"]


def test_forgetting_an_entry_leaves_the_others(tmp_path: Path) -> None:
    """Its marker goes with it; with no name all go but the locks; no folder is no error."""
    files = {"a", "a.refused", "a.lock", "b", "b.refused", ".c"}
    for name in files:
        (tmp_path / name).touch()
    store.forget(str(tmp_path), "a")
    assert set(os.listdir(tmp_path)) == files - {"a", "a.refused"}
    store.forget(str(tmp_path), "")
    assert os.listdir(tmp_path) == ["a.lock"]
    store.forget(str(tmp_path / "nowhere"), "a")


def test_a_disk_that_takes_a_byte_at_a_time_gets_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And they are on the disk before the name is."""
    done, write, fsync, rename = [], os.write, os.fsync, os.rename

    def sync(descriptor: int) -> None:
        done.append("fsync")
        fsync(descriptor)

    def name(old: str, new: str) -> None:
        done.append("rename")
        rename(old, new)

    monkeypatch.setattr(os, "write", lambda to, data: write(to, data[:1]))
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "rename", name)
    replacement.write(str(tmp_path / "x"), b"whole")
    assert (tmp_path / "x").read_bytes() == b"whole"
    assert done == ["fsync", "rename"]


def test_a_failed_replacement_leaves_no_file(tmp_path: Path) -> None:
    """The error is the disk's, and what was there is there."""
    (tmp_path / "x").mkdir()
    with pytest.raises(IsADirectoryError):
        replacement.write(str(tmp_path / "x"), b"new")
    assert os.listdir(tmp_path) == ["x"]


def test_a_temporary_file_is_always_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the file, with a dot before its name; one that is there is somebody else's."""
    monkeypatch.setattr(os, "urandom", lambda number: b"\x01" * number)
    temporary = tmp_path / f".x.{'01' * 8}"
    temporary.symlink_to(tmp_path / "evil")
    for _ in range(2):
        with pytest.raises(FileExistsError):
            replacement.write(str(tmp_path / "x"), b"new")
        assert os.listdir(tmp_path) == [temporary.name]
        temporary.unlink()
        temporary.touch()


def test_another_mode_is_given_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the caller wants one, as for a script; also in the current directory."""
    monkeypatch.chdir(tmp_path)
    replacement.write("x", b"new", mode=0o755)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o755
    assert os.listdir(tmp_path) == ["x"]
