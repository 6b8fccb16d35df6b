"""The cache: its directory, its lock, and the kind of its file system. No entry is touched."""

import os
import re

from credhelper import cache, lock
from credhelper.errors import OutputError
from credhelper.walk import Walk

MOUNTS = "/proc/self/mountinfo"  # https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
# There a lock may hold for one machine only, or not at all.
NETWORK = (
    *("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "gfs"),
    "fuse.",  # sshfs, glusterfs, rclone; a local disk is `fuseblk`
)
_HINT = "set CREDHELPER_CACHE_DIR to a local folder of yours"


def check(walk: Walk) -> tuple[str, str]:
    """Return the directory and its file system. Raises OutputError."""
    where = cache.directory(os.environ)
    if not where:
        raise OutputError("there is no home for a cache", hint="set HOME or CREDHELPER_CACHE_DIR")
    source = walk.profiles.source if walk.profiles else cache.source(os.environ)
    name = source.entry_name(walk.profile.name if walk.profile else "")
    try:
        held = lock.take(where, name)
    except (OSError, ValueError):
        raise _trouble(where) from None
    if held:
        held.release()
    kind = file_system(where)
    state = "free" if held else "held: a renewal is under way"
    detail = f"{where} on {kind or 'an unknown file system'}, lock {state}"
    return detail, _HINT if kind.startswith(NETWORK) else ""


def _trouble(where: str) -> OutputError:
    """Return what is wrong with a directory in which no lock can be taken."""
    try:
        status = os.stat(where)
    except (OSError, ValueError):
        return OutputError(f"the cache directory {where} cannot be made", hint=_HINT)
    if status.st_uid != os.geteuid():
        return OutputError(f"the cache directory {where} belongs to another user", hint=_HINT)
    if status.st_mode & 0o022:
        hint = f"run: chmod go-w {where}"
        return OutputError(f"others may write the cache directory {where}", hint=hint)
    return OutputError(f"no file can be locked in the cache directory {where}", hint=_HINT)


def file_system(path: str) -> str:
    """Return the kind of file system that a folder is on, "" where no mount table tells."""
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
