"""What is written to the cache, byte for byte, and what is left when writing fails."""

import errno
import gc
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from credhelper import cache
from credhelper.renewal import lock, refusal, removal, store
from credhelper.system import files
from credhelper.token import Entry, Token
from tests.support.slots import damage, sealed, slot

SETTINGS = cache.Source("/a", stamp="stamp")
ENVIRON = {"A": "x=y", "C": ""}


def entry(identity: str = "identity", expires_at: int = 2_000_003_600) -> Entry:
    """Return an entry that one can read."""
    token = Token("abc", token_type="Bearer", expires_at=expires_at, scope="a b")
    return Entry(
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
    gc.collect()
    assert set(os.listdir("/proc/self/fd")) <= before


def test_an_entry_is_these_lines(tmp_path: Path) -> None:
    """The form that other versions read, too."""
    store.write(slot(tmp_path, grant="sts"), entry())
    header, _, body = (tmp_path / "x@sts-0").read_text().partition("\n")
    assert body == (
        "entry\nx\nsts\nstamp\nidentity\n2000000000.5\n2000003000\n2000003600\n\na b\nabc\n"
        "A=x=y\nB\nC=\n"
    )
    number = int.from_bytes(b"x@sts-0\n" + body.encode(), "big") % 18446744073709551557
    assert header == f"credhelper 3 {number:x}"
    after = cache.read(slot(tmp_path, grant="sts"), ENVIRON)
    assert after
    assert after.conditions == entry().conditions


def test_four_mebibytes_are_the_most(tmp_path: Path) -> None:
    """More than any server may send is no entry of ours."""
    store.write(slot(tmp_path), entry("i" * 1_000_000))
    assert cache.read(slot(tmp_path), ENVIRON)
    store.write(slot(tmp_path), entry("i" * 4 * 1024 * 1024))
    assert cache.read(slot(tmp_path), ENVIRON) is None


def test_an_entry_serves_under_its_own_settings_in_its_time(tmp_path: Path) -> None:
    """Under another stamp, or at its end, it is none."""
    now = 2_000_000_001.0
    store.write(slot(tmp_path), entry())
    assert cache.read_serving(slot(tmp_path), SETTINGS, ENVIRON, now)
    other = cache.Source("/a", stamp="other")
    assert cache.read_serving(slot(tmp_path), other, ENVIRON, now) is None
    assert cache.read_serving(slot(tmp_path), SETTINGS, ENVIRON, now + 3600) is None


def test_the_index_is_known_under_its_settings_only(tmp_path: Path) -> None:
    """Default, profiles and hosts come back; a damaged index is none."""
    folder, path = cache.Folder(str(tmp_path)), tmp_path / "@index-2f61"
    assert cache.read_index(folder, SETTINGS) is None
    store.write_index(folder, SETTINGS, cache.Index("p", {"p": 20.0, "q": 0.0}, ["h\tp\t"]))
    index = cache.read_index(folder, SETTINGS)
    assert index
    assert (index.default, index.profiles, index.hosts) == ("p", {"p": 20.0, "q": 0.0}, ["h\tp\t"])
    assert cache.read_index(folder, cache.Source("/a", stamp="other")) is None
    for body in (b"index\nstamp\np\n", b"index\nstamp\np\n2\np 1\n", b"index\nstamp\np\nx\n"):
        damage(path, sealed(path.name, body))
        assert cache.read_index(folder, SETTINGS) is None
    del folder


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
    store.write(slot(tmp_path), entry())
    tmp_path.chmod(mode)
    assert (cache.read(slot(tmp_path), ENVIRON) is not None) == is_trusted
    if is_trusted:
        store.write(slot(tmp_path), entry("other"))
        assert removal.forget(slot(tmp_path))
        return
    with pytest.raises(PermissionError, match="this user's alone"):
        store.write(slot(tmp_path), entry("other"))
    with pytest.raises(PermissionError, match="this user's alone"):
        removal.forget(slot(tmp_path))
    assert os.listdir(tmp_path) == ["x-0"]


def test_a_file_that_others_may_start_is_not_trusted(tmp_path: Path) -> None:
    """Every bit for others counts; every bit of the owner does not."""
    store.write(slot(tmp_path), entry())
    (tmp_path / "x-0").chmod(0o601)
    assert cache.read(slot(tmp_path), ENVIRON) is None
    (tmp_path / "x-0").chmod(0o700)
    assert cache.read(slot(tmp_path), ENVIRON)


def test_a_disk_that_cannot_be_read_has_no_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller gets a token all the same, from the server."""

    def fail(_descriptor: int, _limit: int) -> bytes:
        raise OSError(errno.EIO, "")

    store.write(slot(tmp_path), entry())
    monkeypatch.setattr(os, "read", fail)
    assert cache.read(slot(tmp_path), ENVIRON) is None


def test_a_value_that_is_no_text_comes_back(tmp_path: Path) -> None:
    """As a variable of the environment may be."""
    odd = entry()
    odd.conditions = {"A": "\udcff"}
    store.write(slot(tmp_path), odd)
    assert cache.read(slot(tmp_path), {"A": "\udcff"})


USERS = {
    *(".bashrc", ".env", ".x.tmp", ".gitignore", ".netrc", ".ssh", "notes", "x", "x.refused"),
    *("a-b", "key-0.lock.bak", "x-0.txt", ".x-0.0123456789abcdeg", ".photo.0123456789abcdef"),
    *("@index", "deploy-5eed", "backup-20240101", "id-ed25519", "release-1.lock"),
}


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """Return a directory of ours that holds much of the user's, all old."""
    for name in USERS:
        damage(tmp_path / name, b"precious")
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / ".d").mkdir()
    os.symlink("notes", tmp_path / ".link")
    os.symlink("notes", tmp_path / "link-0")
    return tmp_path


def test_what_is_the_users_stays(users: Path) -> None:
    """Storing, sweeping and forgetting all of it touch nothing that we did not write."""
    folder = cache.Folder(str(users))
    store.write(slot(users), entry())
    removal.sweep(folder, SETTINGS, ["x"])
    removal.forget(slot(users))
    removal.forget(slot(users, "deploy", key="5eed"))
    removal.forget(slot(users, "release", key="1"))
    removal.forget_all(folder)
    del folder
    kept = {name for name in USERS if (users / name).read_bytes() == b"precious"}
    assert kept == USERS
    assert {".d", ".link", "link-0"} <= set(os.listdir(users))


def test_litter_is_our_temporary_file_of_an_hour(tmp_path: Path) -> None:
    """A younger one may still be written; a vanished file does not end the search."""
    end = ".0123456789abcdef"
    ages = {f".x-0{end}": 3601, f".y-0.refused{end}": 3601, f".z-0{end}": 3590}
    for name, age_s in ages.items():
        damage(tmp_path / name, b"")
        os.utime(tmp_path / name, (0, time.time() - age_s))
    folder = cache.Folder(str(tmp_path))
    removal.sweep(folder, SETTINGS, [])
    del folder
    assert os.listdir(tmp_path) == [f".z-0{end}"]


def put(where: Path, profile: str, key: str = SETTINGS.key, *, left_s: int = 3600) -> None:
    """Store an entry of a profile."""
    store.write(slot(where, profile, key=key), entry(expires_at=int(time.time()) + left_s))


def test_what_serves_nobody_goes(tmp_path: Path) -> None:
    """Ended entries, and those of profiles that the config no longer has, with all beside them."""
    put(tmp_path, "good")
    put(tmp_path, "ended", left_s=-1)
    put(tmp_path, "gone")
    put(tmp_path, "others", "1")
    put(tmp_path, "others-ended", "1", left_s=-1)
    damage(tmp_path / "old-1", b"credhelper-entry 1\nstamp\nend\n")
    for profile in ("gone", "ended", "good"):
        name = f"{profile}-{SETTINGS.key}"
        damage(tmp_path / f"{name}{refusal.SUFFIX}", b"credhelper 3 0\nrefusal\n")
        damage(tmp_path / f"{name}.lock", lock.HEADER)
        damage(tmp_path / f"{name}.lock.2", lock.HEADER)
    folder = cache.Folder(str(tmp_path))
    removal.sweep(folder, SETTINGS, ["good", "ended"])
    del folder
    good = f"good-{SETTINGS.key}"
    assert set(os.listdir(tmp_path)) == {
        *(good, f"{good}.refused", f"{good}.lock", f"{good}.lock.2", "others-1"),
    }


def test_what_is_being_renewed_is_not_swept(tmp_path: Path) -> None:
    """Only under its lock: the holder may have stored a new token meanwhile."""
    put(tmp_path, "ended", left_s=-1)
    folder = cache.Folder(str(tmp_path))
    held = lock.take(folder, f"ended-{SETTINGS.key}")
    assert held
    removal.sweep(folder, SETTINGS, ["ended"])
    assert (tmp_path / f"ended-{SETTINGS.key}").exists()
    held.release()
    del held, folder


def test_indexes_and_locks_without_entries_go_after_a_day(tmp_path: Path) -> None:
    """Of other sources; the source in force keeps its own."""
    folder = cache.Folder(str(tmp_path))
    for key in ("1", "2"):
        damage(tmp_path / f"@index-{key}", b"credhelper 3 0\nindex\n")
        damage(tmp_path / f"x-{key}.lock", lock.HEADER)
    put(tmp_path, "x", "2")
    store.write_index(folder, SETTINGS, cache.Index("", {}, []))
    removal.sweep(folder, SETTINGS, [])
    assert len(os.listdir(tmp_path)) == 6
    for name in os.listdir(tmp_path):
        os.utime(tmp_path / name, (0, time.time() - removal.UNUSED_S - 1))
    removal.sweep(folder, SETTINGS, [])
    del folder
    assert set(os.listdir(tmp_path)) == {"@index-2", "x-2", "x-2.lock", f"@index-{SETTINGS.key}"}


def test_forgetting_an_entry_leaves_the_others(tmp_path: Path) -> None:
    """Its marker and its locks go with it; no folder is no error."""
    for profile in ("a", "b"):
        put(tmp_path, profile)
        name = f"{profile}-{SETTINGS.key}"
        damage(tmp_path / f"{name}.refused", b"credhelper-refusal 2\n")
        damage(tmp_path / f"{name}.lock", lock.HEADER)
    assert removal.forget(slot(tmp_path, "a", key=SETTINGS.key))
    assert not removal.forget(slot(tmp_path, "a", key=SETTINGS.key))
    name = f"b-{SETTINGS.key}"
    assert set(os.listdir(tmp_path)) == {name, f"{name}.refused", f"{name}.lock"}
    damage(tmp_path / "@index-1", b"/a 1\np\np\nend\n")
    folder = cache.Folder(str(tmp_path))
    removal.forget_all(folder)
    del folder
    assert os.listdir(tmp_path) == []
    assert not removal.forget(slot(tmp_path / "nowhere", "a"))
    removal.forget_all(cache.Folder(str(tmp_path / "nowhere")))


def test_a_lock_that_is_held_is_not_deleted(tmp_path: Path) -> None:
    """With two files of that name two processes would hold "the" lock."""
    folder = cache.Folder(str(tmp_path))
    held = lock.take(folder, "x-0")
    assert held
    removal.forget(slot(tmp_path))
    removal.forget_all(folder)
    assert os.listdir(tmp_path) == ["x-0.lock"]
    held.release()
    del held, folder


def test_what_cannot_be_read_is_not_said_to_be_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can tell whether it is ours, and it is still there."""
    there = slot(tmp_path)
    damage(tmp_path / there.name, sealed(there.name, b"entry\n"))

    def refuse(*_arguments: object) -> bytes:
        raise OSError(errno.EIO, "made up")

    with monkeypatch.context() as patch:
        patch.setattr(cache, "load", refuse)
        with pytest.raises(OSError, match="made up"):
            removal.forget(there)
        with pytest.raises(OSError, match="made up"):
            removal.forget_all(there.folder)
    assert removal.forget(there)


def test_a_disk_that_takes_a_byte_at_a_time_gets_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And they are on the disk before the name is."""
    done, write, fsync, rename = [], os.write, os.fsync, os.rename

    def sync(descriptor: int) -> None:
        done.append("fsync")
        fsync(descriptor)

    def name(old: str, new: str, **more: int | None) -> None:
        done.append("rename")
        rename(old, new, **more)

    monkeypatch.setattr(os, "write", lambda to, data: write(to, data[:1]))
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "rename", name)
    files.write(str(tmp_path / "x"), b"whole")
    assert (tmp_path / "x").read_bytes() == b"whole"
    assert done == ["fsync", "rename"]


def test_a_failed_replacement_leaves_no_file(tmp_path: Path) -> None:
    """The error is the disk's, and what was there is there."""
    (tmp_path / "x").mkdir()
    with pytest.raises(IsADirectoryError):
        files.write(str(tmp_path / "x"), b"new")
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
            files.write(str(tmp_path / "x"), b"new")
        assert os.listdir(tmp_path) == [temporary.name]
        temporary.unlink()
        temporary.touch()


def test_another_mode_is_given_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the caller wants one, as for a script; also in the current directory."""
    monkeypatch.chdir(tmp_path)
    files.write("x", b"new", mode=0o755)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o755
    assert os.listdir(tmp_path) == ["x"]
