"""The lock, between real processes."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from credhelper import lock


def holder(where: str) -> subprocess.Popen[bytes]:
    """Return a process that holds the lock `x`, once it does."""
    code = (
        "import sys, credhelper.lock as l\n"
        "k = l.take(sys.argv[1], 'x'); print(k, flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, where], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert b"Lock" in process.stdout.readline()
    return process


def test_one_holder_at_a_time_and_a_dead_one_is_none(tmp_path: Path) -> None:
    """A lock is taken once; it is free as soon as its holder has been killed."""
    with holder(str(tmp_path)) as process:
        assert lock.take(str(tmp_path), "x") is None
        other = lock.take(str(tmp_path), "y")
        assert other
        process.kill()
    mine = lock.take(str(tmp_path), "x")
    assert mine
    mine.release()
    mine.release()
    again = lock.take(str(tmp_path), "x")
    assert again
    again.release()
    other.release()


def test_the_lock_file_is_private_empty_and_stays(tmp_path: Path) -> None:
    """It is never truncated, written or deleted."""
    where = tmp_path / "a" / "b"
    mine = lock.take(str(where), "x")
    assert mine
    mine.release()
    status = (where / "x.lock").stat()
    assert (status.st_mode & 0o777, status.st_size) == (0o600, 0)
    assert where.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_an_odd_lock_file_means_going_alone(tmp_path: Path, kind: str) -> None:
    """A planted link is not followed; without a lock the caller fetches alone, at once."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    if kind == "link":
        (tmp_path / "x.lock").symlink_to(victim)
    else:
        (tmp_path / "x.lock").mkdir()
    with pytest.raises(OSError, match=r"x\.lock"):
        lock.take(str(tmp_path), "x")
    alone = lock.settle(str(tmp_path), "x", read=lambda: None, read_refusal=lambda: None)
    assert isinstance(alone, lock.Lock)
    assert victim.read_text() == "precious"


def test_patience_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A holder that does not finish is waited for, then passed by, and the wait is told."""
    monkeypatch.setattr(lock, "PATIENCE_S", 0.2)
    with holder(str(tmp_path)) as process:
        started = time.monotonic()
        alone = lock.settle(str(tmp_path), "x", read=lambda: None, read_refusal=lambda: None)
        assert 0.2 <= time.monotonic() - started < 2
        assert isinstance(alone, lock.Lock)
        assert alone.waited_s == 0.2
        process.kill()


def test_the_lock_is_not_inherited(tmp_path: Path) -> None:
    """A child of the holder does not keep the lock."""
    mine = lock.take(str(tmp_path), "x")
    assert mine
    code = "import os; print([os.path.realpath(f'/proc/self/fd/{n}') for n in range(64)])"
    listing = subprocess.check_output([sys.executable, "-c", code], close_fds=False)
    mine.release()
    assert b"x.lock" not in listing
