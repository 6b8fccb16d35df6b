"""The limit for code that no Python signal handler can interrupt: a copy in C, a resolver.

A timer of the kernel starts a thread of the C library, which writes one line to stderr and ends the
process: no bytecode, no interpreter lock. Where there is no such timer (macOS), a thread of Python
does the same, which a call that keeps the interpreter's lock holds up.
"""

import _thread
import ctypes
import os
import sys
import time

STATUS = 75
LINE = "temporary: no answer in time; try again later"
_CLOCK_MONOTONIC = 1  # of Linux, as the next two
_SIGEV_THREAD = 2
_ABSOLUTE = 1
# Between the line and the end.
_PAUSE_S = 0.05


class _Event(ctypes.Structure):
    """`struct sigevent` (sigevent(3type)): 64 bytes on every Linux."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signo", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("function", ctypes.c_void_p),
        ("attributes", ctypes.c_void_p),
        ("rest", ctypes.c_char * 64),
    )


class _Times(ctypes.Structure):
    """`struct itimerspec` with `time_t` and `long` as the C library's own calls have them."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("again_s", "again_ns", "s", "ns"))


_line = ctypes.create_string_buffer(LINE.encode())  # stays where a thread of C reads it
_timers: list[ctypes.c_void_p] = []  # the line's, then the end's
_until: list[float] = []
_claimed: list[bool] = []


def start(until: float) -> None:
    """End the process at `until` (monotonic); a later call moves the time. Raises nothing."""
    _until[:] = [until]
    _claimed.clear()
    try:
        if not _timers:
            _timers[:] = _made()
        for timer, at in zip(_timers, (until, until + _PAUSE_S), strict=True):
            _set(timer, at)
    except (OSError, AttributeError):
        _start_thread()


def claim() -> bool:
    """Return whether the last line is still to be written, and by the caller from now on.

    The process is ended all the same, in silence.
    """
    if not _until or _claimed:
        return True
    left = _set(_timers[0], 0.0) if _timers else 1.0
    if left:
        _claimed.append(True)
    return left > 0


def stop() -> None:
    """Cancel it."""
    _until.clear()
    for timer in _timers:
        _set(timer, 0.0)


def _made() -> list[ctypes.c_void_p]:
    """Return the two timers. Raises OSError, AttributeError where they are not to be had."""
    if not sys.platform.startswith("linux"):
        raise AttributeError
    library = ctypes.CDLL(None, use_errno=True)
    # `warnx` starts its line with this name: error(3), err(3).
    for variable in ("program_invocation_short_name", "__progname"):
        ctypes.c_char_p.in_dll(library, variable).value = b"credhelper"
    line, leave = ctypes.addressof(_line), library["_exit"]
    made = []
    for function, value in ((library.warnx, line), (leave, STATUS)):
        event = _Event(value, 0, _SIGEV_THREAD, ctypes.cast(function, ctypes.c_void_p).value)
        timer = ctypes.c_void_p()
        if library.timer_create(_CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(timer)):
            raise OSError(ctypes.get_errno(), "timer_create")
        made.append(timer)
    return made


def _set(timer: ctypes.c_void_p, at: float) -> float:
    """Set a timer, or stop it by 0; return the seconds that were left, 0 if it has struck."""
    seconds, rest = divmod(at, 1.0)
    times, old = _Times(0, 0, int(seconds), int(rest * 1e9)), _Times()
    library = ctypes.CDLL(None)
    library.timer_settime(timer, _ABSOLUTE, ctypes.byref(times), ctypes.byref(old))
    return float(old.s + old.ns / 1e9)


def _start_thread() -> None:
    try:
        _thread.start_new_thread(_watch, ())
    except RuntimeError:
        return  # no thread can be started: the alarm remains


def _watch() -> None:
    while _until and (left_s := _until[0] - time.monotonic()) > 0:
        time.sleep(left_s)
    if _until:
        if not _claimed:
            os.write(2, f"credhelper: {LINE}\n".encode())
        os._exit(STATUS)
