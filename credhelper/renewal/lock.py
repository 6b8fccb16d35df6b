"""One renewal at a time: a kernel lock on a file of the cache.

`flock`, not `lockf`: POSIX record locks are lost when any descriptor on the file closes. A dead
holder's lock is free at once. A stopped holder's is waited for with patience; then there is a
second lock, so that one stopped holder costs one request more, however many wait.

A lock's file is deleted by its holder alone. So whoever takes one compares it with the file of that
name, and starts again if they differ: two processes never hold "the" lock.
"""

import fcntl
import os
import time

from credhelper import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from credhelper.errors import CredhelperError

# Waiters read again after pauses that grow from the first to the second: two hundred of them that
# read every 10 ms would slow down the one that renews.
POLL_S, POLL_LIMIT_S = 0.05, 0.25
# A stopped holder is waited for this long, at most half of the time that is left.
PATIENCE_S = 10.0
# Somebody reads the config and writes the index: that takes no longer.
INDEX_PATIENCE_S = 1.0
SUFFIX, SECOND = ".lock", ".lock.2"
# Distinguishes our lock from a file of the user's with such a name.
HEADER = b"credhelper lock\n"


class Lock:
    """The right to renew the entry `name`, until `release` or the end of the process.

    A Lock without a descriptor holds nothing: the file system cannot lock, and the caller proceeds
    anyway, for two requests are better than none.
    """

    __slots__ = ("_descriptor", "_file", "_folder", "name")

    def __init__(
        self, name: str, *, folder: cache.Folder, file: str = "", descriptor: int = -1
    ) -> None:
        self.name = name
        self._folder = folder
        self._file = file
        self._descriptor = descriptor

    def release(self) -> None:
        """Free the lock; harmless when repeated."""
        if self._descriptor >= 0:
            cache.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """Delete the lock's file and free it. Raises OSError."""
        if self._descriptor >= 0:
            os.unlink(self._file, dir_fd=self._folder.descriptor())
            self.release()


class Settled:
    """What a caller without a fresh token gets: one of the three, the others are None.

    `entry` serves and needs no renewal, `refusal` is what the server told another caller moments
    ago, and under `lock` the caller renews the entry itself; `spare` is then the entry that still
    serves meanwhile, if there is one.
    """

    __slots__ = ("entry", "lock", "refusal", "spare")

    def __init__(
        self,
        *,
        entry: "cache.Entry | None" = None,
        refusal: "CredhelperError | None" = None,
        lock: "Lock | None" = None,
        spare: "cache.Entry | None" = None,
    ) -> None:
        self.entry, self.refusal, self.lock, self.spare = entry, refusal, lock, spare


def take(folder: cache.Folder, name: str, suffix: str = SUFFIX) -> Lock | None:
    """Return the lock of an entry, None if another process has it.

    Raises OSError where the directory cannot be written or the file system cannot lock.
    """
    file = name + suffix
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    while True:
        descriptor = os.open(file, flags, 0o600, dir_fd=make(folder))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            status = os.fstat(descriptor)
            if _is_at(folder, file, status):
                if not status.st_size:
                    os.write(descriptor, HEADER)
                return Lock(name, folder=folder, file=file, descriptor=descriptor)
        except BlockingIOError:
            cache.close(descriptor)
            return None
        except BaseException:
            cache.close(descriptor)
            raise
        cache.close(descriptor)  # its holder deleted it between our open and our lock


def make(folder: cache.Folder) -> int:
    """Return the descriptor of the directory, once it is made. Raises OSError."""
    try:
        if os.fstat(folder.descriptor()).st_nlink:
            return folder.descriptor()
        folder.close()  # it was deleted while we waited
    except FileNotFoundError:
        pass
    os.makedirs(folder.path, mode=0o700, exist_ok=True)
    return folder.descriptor()


def look(folder: cache.Folder, name: str) -> "os.stat_result | None":
    """Return the status of what has a name, be it a link, None if nothing has. Raises OSError."""
    try:
        return os.stat(name, dir_fd=folder.descriptor(), follow_symlinks=False)
    except FileNotFoundError:
        return None


def _is_at(folder: cache.Folder, file: str, status: os.stat_result) -> bool:
    """Return whether the file of that name is the one that we have locked."""
    there = look(folder, file)
    return there is not None and os.path.samestat(there, status)


def settle(
    slot: cache.Slot,
    *,
    read: "Callable[[], cache.Entry | None]",
    is_postponed: "Callable[[cache.Entry], bool]",
    read_refusal: "Callable[[], CredhelperError | None]",
    until: float,
) -> Settled:
    """Return an entry that needs no renewal, or a refusal, else the lock to renew it under.

    `read` returns an entry that serves, or None. While another process holds the lock, a serving
    entry is good enough even inside its soft window. Without one the caller waits by reading, so
    that a hundred waiters never queue for the lock. `until` (monotonic) is when the run's time is
    over: its alarm ends the wait.
    """
    now = time.monotonic()
    patience_ends = now + min(PATIENCE_S, (until - now) / 2)
    pause_s = POLL_S * (1 + os.getpid() % 16 / 16)  # apart, without the 1.5 ms of `import random`
    lock: Lock | None = None
    spare: cache.Entry | None = None
    while True:
        entry = read()
        spare = entry or spare  # the lock may have taken the last descriptor
        if entry and (entry.is_fresh(time.time()) or is_postponed(entry)):
            break
        if entry is None and (error := read_refusal()):
            _release(lock)
            return Settled(refusal=error)
        if lock:  # the holder before has stored nothing between our read and our lock
            return Settled(lock=lock, spare=spare)
        try:
            lock = _take_one(slot, patience_ends)
        except (OSError, ValueError):
            return Settled(lock=Lock(slot.name, folder=slot.folder), spare=spare)
        if lock:
            continue
        if entry:
            break
        time.sleep(pause_s)
        pause_s = min(1.5 * pause_s, POLL_LIMIT_S)
    _release(lock)
    return Settled(entry=entry)


def _release(lock: Lock | None) -> None:
    if lock:
        lock.release()


def _take_one(slot: cache.Slot, patience_ends: float) -> Lock | None:
    """Return the entry's lock, or after a while its second one; None if both are held."""
    lock = take(slot.folder, slot.name)
    if lock is None and os.environ.get(cache.CHAIN):
        # The holder is our own ancestor, which waits for us.
        return Lock(slot.name, folder=slot.folder)
    if lock is None and time.monotonic() >= patience_ends:
        return take(slot.folder, slot.name, SECOND)
    return lock


def await_index(
    folder: cache.Folder, settings: cache.Source
) -> "tuple[cache.Index | None, Lock | None]":
    """Return the index of the config, or the lock under which to write it; or neither.

    Of many callers that know nothing of the config, one reads it and the others wait.
    """
    name = settings.slot(folder, cache.INDEX_NAME).name
    patience_ends = time.monotonic() + INDEX_PATIENCE_S
    while True:
        try:
            if lock := take(folder, name):
                index = cache.read_index(folder, settings)
                if index:
                    lock.release()
                return index, None if index else lock
        except (OSError, ValueError):
            return None, None
        if index := cache.read_index(folder, settings):
            return index, None
        if time.monotonic() >= patience_ends or os.environ.get(cache.CHAIN):
            return None, None
        time.sleep(POLL_S)
