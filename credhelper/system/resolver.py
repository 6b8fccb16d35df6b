"""Name look-ups that end when the run's time is over: glibc's own cannot be interrupted."""

import _thread
import os
import socket
from typing import Any

_look_up = socket.getaddrinfo


def make_interruptible() -> None:
    """Let each look-up of this process run in a thread; the main thread waits, and hears alarms.

    glibc tries for 5 s x 2 per server (resolv.conf(5)); a mute first server must not use up the
    time for the next.
    """
    os.environ.setdefault("RES_OPTIONS", "timeout:2 attempts:2")
    socket.getaddrinfo = _wait_for


def _wait_for(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - getaddrinfo's own
    """Return or raise what `socket.getaddrinfo` does."""
    found: list[Any] = []
    done = _thread.allocate_lock()
    done.acquire()

    def run() -> None:
        try:
            found.append(_look_up(*arguments, **named))
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            found.append(error)
        done.release()

    try:
        _thread.start_new_thread(run, ())
    except RuntimeError:
        return _look_up(*arguments, **named)  # no thread can be started
    done.acquire()
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]
