"""One renewal at a time: a kernel lock on a file that is never deleted.

`flock`, not `lockf`: POSIX record locks are lost when any descriptor on the file closes. A dead
holder's lock is free at once; a stopped holder's is waited for, but not for ever.
"""

import fcntl
import os
import time

from credhelper import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from credhelper.errors import CredhelperError

# Waiters read again after pauses that grow from the one to the other: two hundred of them that
# read every 10 ms would take the processor from the one that works.
POLL_S, POLL_LIMIT_S = 0.05, 0.25
# A stopped holder is waited for this long, then the caller fetches alone.
PATIENCE_S = 10.0


class Lock:
    """The right to renew the entry `name`, until `release` or the end of the process.

    Without a descriptor it is the right to renew alone, unlocked: better two requests than none.
    `waited_s` is what it cost of the run's time.
    """

    __slots__ = ("_descriptor", "name", "waited_s")

    def __init__(self, name: str, *, descriptor: int = -1, waited_s: float = 0.0) -> None:
        self.name = name
        self.waited_s = waited_s
        self._descriptor = descriptor

    def release(self) -> None:
        """Free the lock; harmless when repeated."""
        if self._descriptor >= 0:
            cache.close(self._descriptor)
            self._descriptor = -1


def take(where: str, name: str) -> Lock | None:
    """Return the lock of an entry, None if another process has it.

    Raises OSError where the directory cannot be written or the file system cannot lock.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    os.makedirs(where, mode=0o700, exist_ok=True)
    cache.check_folder(where)
    descriptor = os.open(f"{where}/{name}.lock", flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        cache.close(descriptor)
        return None
    except OSError:
        cache.close(descriptor)
        raise
    return Lock(name, descriptor=descriptor)


def settle(
    where: str,
    name: str,
    *,
    read: "Callable[[], cache.Entry | None]",
    read_refusal: "Callable[[], CredhelperError | None]",
) -> "cache.Entry | CredhelperError | Lock":
    """Return an entry that needs no renewal, or a refusal, else the lock to renew it under.

    `read` returns an entry that serves, or None. While another process holds the lock, a serving
    entry is good enough even inside its soft window; without one we wait by reading, so a hundred
    waiters never queue for the lock.
    """

    def settled(entry: "cache.Entry | None") -> "cache.Entry | CredhelperError | None":
        if entry is None:
            return read_refusal()
        return entry if entry.is_fresh(time.time()) else None

    # In a chain the holder is our own ancestor, which waits for us.
    patience_s = 0.0 if os.environ.get(cache.CHAIN) else PATIENCE_S
    until = time.monotonic() + patience_s
    pause_s = POLL_S * (1 + os.getpid() % 16 / 16)  # apart, without the 1.5 ms of `import random`
    while True:
        entry = read()
        if found := settled(entry):
            return found
        try:
            lock = take(where, name)
        except (OSError, ValueError):
            return Lock(name)
        if lock:
            # The holder may have stored and left between our read and our lock.
            if found := settled(read()):
                lock.release()
                return found
            return lock
        if entry:
            return entry
        if time.monotonic() >= until:
            return Lock(name, waited_s=patience_s)
        time.sleep(pause_s)
        pause_s = min(1.5 * pause_s, POLL_LIMIT_S)
