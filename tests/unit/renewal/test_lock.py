"""The lock, between real processes."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from credhelper import cache
from credhelper.renewal import lock, wait
from tests.support.slots import slot

pytestmark = pytest.mark.unwatched  # its locks lie in no cache


def holder(where: Path, *suffix: str) -> subprocess.Popen[bytes]:
    """Return a process that holds the lock `x-0`, once it does."""
    code = (
        "import sys, credhelper.renewal.lock as l, credhelper.cache as c\n"
        "k = l.take(c.Folder(sys.argv[1]), 'x-0', *sys.argv[2:]); print(k, flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, where, *suffix], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert b"Lock" in process.stdout.readline()
    return process


def settle(where: Path, *, within_s: float = 20.0) -> lock.Lock:
    """Return the lock that a caller gets who finds nothing in the cache."""
    settled = wait.settle(
        slot(where),
        read=lambda: None,
        is_postponed=lambda _entry: False,
        read_refusal=lambda: None,
        until=time.monotonic() + within_s,
    )
    assert settled.lock
    return settled.lock


def test_one_holder_at_a_time_and_a_dead_one_is_none(tmp_path: Path) -> None:
    """A lock is taken once; it is free as soon as its holder has been killed."""
    folder = cache.Folder(str(tmp_path))
    with holder(tmp_path) as process:
        assert lock.take(folder, "x-0") is None
        other = lock.take(folder, "y-0")
        assert other
        process.kill()
    mine = lock.take(folder, "x-0")
    assert mine
    mine.release()
    mine.release()
    again = lock.take(folder, "x-0")
    assert again
    again.release()
    other.release()


def test_the_lock_file_is_private_and_says_whose_it_is(tmp_path: Path) -> None:
    """It has one line, which a file of the user's with such a name has not."""
    where = tmp_path / "a" / "b"
    mine = lock.take(cache.Folder(str(where)), "x-0")
    assert mine
    mine.release()
    status = (where / "x-0.lock").stat()
    assert (status.st_mode & 0o777, (where / "x-0.lock").read_bytes()) == (0o600, lock.HEADER)
    assert where.stat().st_mode & 0o777 == 0o700
    (where / "y-0.lock").write_bytes(b"precious")
    theirs = lock.take(cache.Folder(str(where)), "y-0")
    assert theirs
    theirs.release()
    assert (where / "y-0.lock").read_bytes() == b"precious"


def test_a_deleted_lock_is_held_by_nobody_else(tmp_path: Path) -> None:
    """Whoever opened the file before its holder deleted it starts again with the new one."""
    folder = cache.Folder(str(tmp_path))
    mine = lock.take(folder, "x-0")
    assert mine
    late = os.open(tmp_path / "x-0.lock", os.O_RDWR)
    mine.remove()
    assert not (tmp_path / "x-0.lock").exists()
    real, opened = os.open, [late]

    def open_late(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        return opened.pop() if opened else real(path, flags, mode, dir_fd=dir_fd)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "open", open_late)
        again = lock.take(folder, "x-0")
    assert again
    assert lock.take(folder, "x-0") is None
    again.release()


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_an_odd_lock_file_means_going_alone(tmp_path: Path, kind: str) -> None:
    """A planted link is not followed; without a lock the caller fetches alone, at once."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    if kind == "link":
        (tmp_path / "x-0.lock").symlink_to(victim)
    else:
        (tmp_path / "x-0.lock").mkdir()
    with pytest.raises(OSError, match=r"x-0\.lock"):
        lock.take(cache.Folder(str(tmp_path)), "x-0")
    settle(tmp_path)
    assert victim.read_text() == "precious"


def test_patience_ends_at_a_second_lock(tmp_path: Path) -> None:
    """A holder that does not finish is waited for, for half of the time; then one goes ahead."""
    with holder(tmp_path) as process:
        started = time.monotonic()
        second = settle(tmp_path, within_s=0.4)
        assert 0.2 <= time.monotonic() - started < 2
        assert lock.take(cache.Folder(str(tmp_path)), "x-0", lock.SECOND) is None
        second.release()
        process.kill()


def test_a_free_lock_goes_before_the_second_one(tmp_path: Path) -> None:
    """However late it is: otherwise two would be at work."""
    with holder(tmp_path, lock.SECOND) as process:
        first = settle(tmp_path, within_s=0.0)
        assert lock.take(cache.Folder(str(tmp_path)), "x-0") is None
        first.release()
        process.kill()


def test_the_lock_is_not_inherited(tmp_path: Path) -> None:
    """A child of the holder does not keep the lock."""
    mine = lock.take(cache.Folder(str(tmp_path)), "x-0")
    assert mine
    code = "import os; print([os.path.realpath(f'/proc/self/fd/{n}') for n in range(64)])"
    listing = subprocess.check_output([sys.executable, "-c", code], close_fds=False)
    mine.release()
    assert b"x-0.lock" not in listing


def test_a_directory_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    """A waiter whose directory went goes on in the one that has its name."""
    folder = cache.Folder(str(tmp_path / "c"))
    first = lock.take(folder, "x-0")
    assert first
    first.remove()
    (tmp_path / "c").rmdir()
    again = lock.take(folder, "x-0")
    assert again
    assert (tmp_path / "c" / "x-0.lock").exists()
    again.release()
