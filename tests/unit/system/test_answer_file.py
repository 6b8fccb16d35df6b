"""A copy of our answer in a file that a caller names: nothing of the user's is ever touched."""

import json
import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from credhelper.system import answer_file

OURS = {
    "version": 1,
    "success": True,
    "token_type": "urn:ietf:params:oauth:token-type:jwt",
    "id_token": "old",
    "expiration_time": 1,
}
NEW = json.dumps(OURS | {"id_token": "new"}) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of ours."""
    found = tmp_path / "folder"
    found.mkdir(mode=0o700)
    return found


def test_a_file_is_made_and_replaced(folder: Path) -> None:
    """For its owner alone, in one step: who has the old one open reads the old one."""
    path = folder / "a.json"
    answer_file.write(str(path), json.dumps(OURS))
    path.chmod(0o644)
    with path.open() as old:
        answer_file.write(str(path), NEW)
        assert json.load(old) == OURS
    assert path.read_text() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(folder) == ["a.json"]
    answer_file.remove(str(path))
    assert os.listdir(folder) == []


FOREIGN = {
    "words": "ssh-ed25519 AAAA me@host\n",
    "nothing": "",
    "other json": '{"type":"external_account"}',
    "a list": "[]",
    "a half": json.dumps(OURS)[:-1],
    "a failure": json.dumps(OURS | {"success": False}),
    "more members": json.dumps(OURS | {"mine": 1}),
    "fewer members": json.dumps({"version": 1, "success": True}),
    "too large": json.dumps(OURS | {"id_token": "x" * 70_000}),
    "too deep": "[" * 60_000,
    "no text": "\udcff",
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
def test_a_users_file_is_kept(folder: Path, text: str) -> None:
    """Neither replaced nor removed: it holds no answer of ours."""
    path = folder / "file"
    path.write_bytes(os.fsencode(text))
    before = path.stat()
    with pytest.raises(FileExistsError):
        answer_file.write(str(path), NEW)
    answer_file.remove(str(path))
    assert path.read_bytes() == os.fsencode(text)
    after = path.stat()
    assert (after.st_ino, after.st_mode, after.st_mtime_ns) == (
        before.st_ino,
        before.st_mode,
        before.st_mtime_ns,
    )
    assert os.listdir(folder) == ["file"]


@pytest.mark.parametrize("kind", ["link", "dangling", "second name", "fifo", "folder"])
def test_what_is_no_plain_file_of_one_name_is_kept(folder: Path, kind: str) -> None:
    """No link is followed, nothing is waited for."""
    path, target = folder / "path", folder / "target"
    if kind != "dangling":
        target.write_text(json.dumps(OURS))
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "second name":
        path.hardlink_to(target)
    else:
        path.symlink_to(target)
    before = sorted(os.listdir(folder))
    for _ in range(2):
        with suppress(OSError):
            answer_file.write(str(path), NEW)
        with suppress(OSError):
            answer_file.remove(str(path))
    assert sorted(os.listdir(folder)) == before
    assert not target.exists() or json.loads(target.read_text()) == OURS


@pytest.mark.parametrize(
    ("mode", "is_good"), [(0o700, True), (0o755, True), (0o1777, True), (0o777, False)]
)
def test_the_folder_is_ours_alone(folder: Path, mode: int, is_good: bool) -> None:  # noqa: FBT001
    """Or sticky: elsewhere somebody else could put another token in its place."""
    folder.chmod(mode)
    path = folder / "a.json"
    if is_good:
        answer_file.write(str(path), NEW)
        answer_file.remove(str(path))
    else:
        path.write_text(json.dumps(OURS))
        with pytest.raises(PermissionError):
            answer_file.write(str(path), NEW)
        with pytest.raises(PermissionError):
            answer_file.remove(str(path))
        assert json.loads(path.read_text()) == OURS


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of others")
@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_belongs_to_others_is_kept(folder: Path, which: str) -> None:
    """A file of another user in a sticky folder, or their folder."""
    path = folder / "a.json"
    path.write_text(json.dumps(OURS))
    os.chown(path if which == "file" else folder, 54321, 54321)
    with pytest.raises(OSError, match=r"^"):
        answer_file.write(str(path), NEW)
    assert json.loads(path.read_text()) == OURS


def test_a_disk_that_fails_leaves_no_rest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old answer stays, and no half of the new one."""
    path = folder / "a.json"
    path.write_text(json.dumps(OURS))

    def fail(_descriptor: int) -> None:
        raise OSError

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=r"^"):
        answer_file.write(str(path), NEW)
    assert os.listdir(folder) == ["a.json"]
    assert json.loads(path.read_text()) == OURS


def test_a_name_without_a_folder_is_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the caller's library reads it."""
    monkeypatch.chdir(folder)
    answer_file.write("a.json", NEW)
    assert os.listdir(folder) == ["a.json"]
