"""What a caller's environment leaves open is closed, on the slow path: the fast door has no secret.

ssh-agent and sudo do the same.
"""

import os
import sys
import warnings

from credhelper import deadline

# prctl(2); https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
PR_SET_DUMPABLE = 4


def apply() -> int:
    """Close it, for the rest of this process; return the caller's umask. Raises nothing."""
    umask = os.umask(0o077)
    os.environ.pop("SSLKEYLOGFILE", None)  # urllib3 and botocore would write session keys there
    _silence_libraries()
    _forget_current_directory()
    _make_undumpable()
    deadline.watch_signals()
    return umask


def _silence_libraries() -> None:
    """Print no warning of a library unless Python was asked for them: a success prints no word.

    requests warns of a neighbour's version, boto3 of a Python that it will leave behind.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _forget_current_directory() -> None:
    """Import nothing more from where the caller stands: `python -m` puts that first."""
    try:
        current = os.getcwd()
    except OSError:
        current = ""  # it was deleted
    if sys.path and sys.path[0] in ("", current):
        del sys.path[0]


def _make_undumpable() -> None:
    """Let no core dump and no other process of this user read our memory, where Linux offers it."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # 2 ms; Python has no prctl of its own

    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
