"""This machine: the config file, the cache, and the start of the command."""

import importlib.util
import os
import re
import stat
import subprocess
import sys
import time

import credhelper
from credhelper import cache
from credhelper.cli import serving
from credhelper.cli.check.run import Results
from credhelper.config import load
from credhelper.errors import BugError, OutputError
from credhelper.renewal import lock
from credhelper.system import itself

PACKAGE = os.path.dirname(os.path.abspath(credhelper.__file__))
MOUNTS = "/proc/self/mountinfo"  # https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
# There a lock may hold for one machine only, or not at all.
NETWORK = (
    *("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "gfs"),
    "fuse.",  # sshfs, glusterfs, rclone; a local disk is `fuseblk`
)
_HINT = "set CREDHELPER_CACHE_DIR to a local folder of yours"


def check_config(results: Results) -> tuple[str, str]:
    """Return where the profile's settings come from; a warning if another has a host of its own.

    Raises ConfigError.
    """
    results.profiles = load.profiles(os.environ, results.config)
    results.profile = chosen = results.profiles.get(results.name)
    path = results.profiles.source.path
    if not path:
        return f"profile {chosen.name} of the environment; there is no config file", ""
    status = os.stat(path)
    owner = "yours" if status.st_uid == os.geteuid() else "root's"  # `load` takes no other
    return (
        f"profile {chosen.name} of {path}, {owner}, mode {stat.S_IMODE(status.st_mode):04o}",
        _ties(results.profiles, chosen.name),
    )


def _ties(profiles: load.Profiles, name: str) -> str:
    """Return what to do about the first host that another profile has as well, "" for nothing."""
    rules = profiles.rules()
    for pattern in (rule.pattern for rule in rules if rule.profile == name):
        for other in serving.owners(rules, pattern):
            if other != name:
                host = pattern.removesuffix(":443")
                hint = f"callers get no token for {host}, unless they name a profile"
                return f"{hint}: take it out of the hosts of {name} or {other}"
    return ""


def check_cache(results: Results) -> tuple[str, str]:
    """Return the cache directory, its file system and its lock. No entry is changed.

    A warning on a network file system. Raises OutputError.
    """
    folder = cache.Folder(cache.directory(os.environ))
    if not folder.path:
        raise OutputError("there is no home for a cache", hint="set HOME or CREDHELPER_CACHE_DIR")
    source = results.profiles.source if results.profiles else cache.source(os.environ)
    slot = source.slot(folder, results.profile.name if results.profile else cache.INDEX_NAME)
    try:
        held = lock.take(folder, slot.name)
    except (OSError, ValueError):
        raise _trouble(folder.path) from None
    if held:
        held.release()
    kind = _file_system(folder.path)
    state = "free" if held else "held: a renewal is under way"
    text = f"{folder.path}, where tokens lie in clear, for you alone, on "
    text += f"{kind or 'an unknown file system'}, lock {state}"
    return text, _HINT if kind.startswith(NETWORK) else ""


def _trouble(path: str) -> OutputError:
    """Return what is wrong with a directory in which no lock can be taken."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return OutputError(f"the cache directory {path} cannot be made", hint=_HINT)
    if status.st_uid != os.geteuid():
        return OutputError(f"the cache directory {path} belongs to another user", hint=_HINT)
    if status.st_mode & 0o022:
        hint = f"run: chmod go-w {path}"
        return OutputError(f"others may write the cache directory {path}", hint=hint)
    return OutputError(f"no file can be locked in the cache directory {path}", hint=_HINT)


def _file_system(path: str) -> str:
    """Return the kind of file system that a folder is on, "" where there is no mount table."""
    path = os.path.realpath(path)
    found, longest = "", -1
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return ""
    for line in lines:
        fields, _dash, rest = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields.split()[4])
        is_inside = path == point or path.startswith(point.rstrip("/") + "/")
        if is_inside and len(point) >= longest:
            found, longest = rest.split()[0], len(point)
    return found


def check_startup(results: Results) -> tuple[str, str]:
    """Return how long a new process takes to start; a warning if modules are not compiled."""
    del results
    started = time.monotonic()
    command = itself.python("import credhelper.__main__")
    done = subprocess.run(command, env={}, check=False, capture_output=True)  # noqa: S603 - ours
    detail = f"{(time.monotonic() - started) * 1000:.0f} ms to start"
    if done.returncode:
        raise BugError("credhelper cannot start itself", hint="install credhelper again")
    missing = _uncompiled(PACKAGE)
    if not missing:
        return detail, ""
    hint = f"run: {sys.executable} -m compileall -q {PACKAGE}"
    return f"{detail}, modules without .pyc: {len(missing)}", hint


def _uncompiled(folder: str) -> list[str]:
    """Return the modules below a folder that every start compiles anew."""
    return [
        path
        for base, _folders, names in os.walk(folder)
        for path in (os.path.join(base, name) for name in names if name.endswith(".py"))
        if not os.path.exists(importlib.util.cache_from_source(path))
    ]
