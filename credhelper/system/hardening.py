"""Close what the caller's environment leaves open, on the slow path: the fast door has no secret.

ssh-agent and sudo do the same.
"""

import os
import resource
import site
import sys
import warnings

from credhelper.system import deadline

# prctl(2); https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
PR_SET_DUMPABLE = 4


def apply() -> int:
    """Close it, for the rest of this process; return the caller's limit of core files in bytes.

    Raises nothing.
    """
    os.environ.pop("SSLKEYLOGFILE", None)  # urllib3 and botocore would write session keys there
    _silence_libraries()
    sys.unraisablehook = lambda _lost: None  # an alarm in a destructor; the next one counts
    _limit_search_path()
    core = _leave_no_core()
    deadline.watch_signals()
    return core


def _silence_libraries() -> None:
    """Print no warning of a library unless Python was asked for them: a success prints nothing.

    requests warns of a neighbour's version, boto3 of a Python that it will leave behind.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _limit_search_path() -> None:
    """Import nothing more from where the environment points, or where the caller stands.

    Our scripts see to that before they import us; this is for `python -m`, and for a user's
    packages that are not ours. Our own folder stays, whoever named it.
    """
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        foreign = {os.getcwd()}
    except OSError:
        foreign = set()  # it was deleted
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    installed = (f"{sys.prefix}/", f"{sys.base_prefix}/")
    foreign |= {
        each for each in [*named, site.USER_SITE] if each and not each.startswith(installed)
    }
    sys.path[:] = [
        each for each in sys.path if each == ours or (os.path.isabs(each) and each not in foreign)
    ]


def _leave_no_core() -> int:
    """Let no core file hold our memory; on Linux, no process of this user read it either.

    Return the limit that there was.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    except (OSError, ValueError):
        pass  # a sandbox forbids it
    if not sys.platform.startswith("linux"):
        return soft
    import ctypes  # 2 ms; Python has no prctl of its own

    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    return soft
