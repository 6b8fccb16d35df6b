"""Normally one renewal at a time: a kernel lock on a file of the cache. See `wait` for the second.

`flock`, not `lockf`: POSIX record locks are lost when any descriptor on the file closes. A dead
holder's lock is free at once.

Only its holder deletes a lock's file. So a process that takes one compares it with the file of that
name, and starts again if they differ: two processes never hold the same lock.
"""

import fcntl
import os

from credhelper import cache

SUFFIX, SECOND = ".lock", ".lock.2"
# Distinguishes our lock from a user's file of the same name.
HEADER = b"credhelper lock\n"


class Lock:
    """The right to renew the entry `name`, until `release` or the end of the process.

    A Lock without a descriptor holds nothing: the file system cannot lock, and the caller proceeds
    anyway, because two requests are better than none.
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
            there = look(folder, file)
            if there and os.path.samestat(there, status):
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
    """Make the directory if it is not there, and return its descriptor. Raises OSError."""
    try:
        if os.fstat(folder.descriptor()).st_nlink:
            return folder.descriptor()
        folder.close()  # it was deleted while we waited
    except FileNotFoundError:
        pass
    os.makedirs(folder.path, mode=0o700, exist_ok=True)
    return folder.descriptor()


def look(folder: cache.Folder, name: str) -> os.stat_result | None:
    """Return the status of a file or a link, None if there is none. Raises OSError."""
    try:
        return os.stat(name, dir_fd=folder.descriptor(), follow_symlinks=False)
    except FileNotFoundError:
        return None
