"""The house rules that a machine can check: who imports whom, and how large a file may be."""

import ast
from pathlib import Path

from importlinter import cli

import credhelper
from tests.support import paths

ROOT = Path(credhelper.__file__).parent
# Where a library may be imported: `a` is a file or a folder, below the package.
ONLY_IN = {
    "requests": ("oauth", "system/http", "system/unreached", "system/proxies", "secrets/vault"),
    "hvac": ("secrets/vault_answer", "secrets/vault_login", "secrets/vault_session"),
    "keyring": ("cli/keyring_backend",),
    "boto3": ("secrets/aws_session", "secrets/backends/aws"),
    "argparse": ("cli",),
}

# In os, signal, select, socket, resource, time and fcntl of Linux, and not of macOS.
LINUX_ONLY = """
sigtimedwait sigwaitinfo pidfd_open pidfd_send_signal memfd_create eventfd timerfd_create epoll
O_PATH O_TMPFILE O_NOATIME O_DIRECT O_LARGEFILE O_RSYNC getrandom prlimit setresuid setresgid
getresuid getresgid setxattr getxattr listxattr removexattr sched_getaffinity sched_setaffinity
sched_setscheduler pipe2 fdatasync posix_fadvise posix_fallocate copy_file_range splice unshare
setns sendfile64 SIGPWR SIGSTKFLT SIGPOLL SIGRTMIN SIGRTMAX SOCK_CLOEXEC SOCK_NONBLOCK
SO_PEERCRED SO_BINDTODEVICE SO_MARK TCP_USER_TIMEOUT CLOCK_BOOTTIME CLOCK_MONOTONIC_COARSE
CLOCK_TAI pthread_getcpuclockid P_PIDFD F_SEAL_WRITE F_ADD_SEALS F_OFD_SETLK F_SETPIPE_SZ
RLIMIT_MSGQUEUE RLIMIT_SIGPENDING GRND_NONBLOCK
"""


def modules() -> dict[str, ast.Module]:
    """Return every module of the package by its path without suffix."""
    return {
        str(path.relative_to(ROOT).with_suffix("")): ast.parse(path.read_text())
        for path in ROOT.rglob("*.py")
    }


def imports(tree: ast.Module) -> set[str]:
    """Return the names of all modules that a module imports, at any depth of it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "credhelper":
            found |= {f"credhelper.{name.name}" for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_each_floor_imports_only_from_those_below_it() -> None:
    """The order stands in pyproject.toml; there is no circle, and dialects are reached by name."""
    assert (
        cli.lint_imports(str(paths.ROOT / "pyproject.toml"), no_cache=True)
        == cli.EXIT_STATUS_SUCCESS
    )


def test_the_top_has_fifteen_entries() -> None:
    """A file at the top may be imported by a hit or a reply; a folder is the slow path."""
    found = [path.name for path in ROOT.iterdir() if path.name != "__pycache__"]
    assert len(found) <= 15, found
    for path in ROOT.rglob("__init__.py"):
        is_empty = not path.read_text() or path.parent.name == "callers"
        assert path.parent == ROOT or is_empty, path


def test_the_page_of_the_house_is_what_ls_shows() -> None:
    """Each entry at the top has its line in the tree, and no other has."""
    page = (paths.ROOT / "docs" / "pages" / "explanation" / "house.md").read_text()
    tree = page.partition("```text\n")[2].partition("```")[0]
    listed = {line.split()[0].rstrip("/") for line in tree.splitlines()[1:]}
    plain = {"__init__.py", "py.typed", "__pycache__"}
    assert listed == {path.name for path in ROOT.iterdir()} - plain


def test_heavy_libraries_have_one_door() -> None:
    """Each network library is imported where it belongs: laziness lives at module borders."""
    for name, tree in modules().items():
        for other in imports(tree):
            allowed = ONLY_IN.get(other.split(".")[0], ("",))
            assert name.startswith(allowed), f"{name} imports {other}"


def test_what_only_linux_has_has_another_half() -> None:
    """A name that macOS lacks is asked for first, or is where only Linux comes."""
    allowed = {
        ("system/child", "sigwaitinfo"),
        ("cli/check/machine", "/proc/self/mountinfo"),
        ("system/trust", "/proc/sys/kernel/overflowuid"),
        ("system/trust", "/proc/self/uid_map"),
        ("system/trust", "listxattr"),  # elsewhere no list of further users is seen
        ("system/guest", "memfd_create"),  # elsewhere -v shows nothing of a guest's stderr
    }
    absent = set(LINUX_ONLY.split())
    for name, tree in modules().items():
        for node in ast.walk(tree):
            word = node.attr if isinstance(node, ast.Attribute) else getattr(node, "value", "")
            if isinstance(word, str) and (word in absent or word.startswith("/proc/")):
                assert (name, word) in allowed, f"{name} uses {word}"


def test_no_file_is_longer_than_300_lines() -> None:
    """One noun per file."""
    for path in ROOT.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 300, path
