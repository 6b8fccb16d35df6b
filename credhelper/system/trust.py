"""Who else can change a file: the one rule for config, roots, keys and files with a secret.

It is OpenSSH's: the file, and each folder and link on the way to it, is root's or ours, and nobody
else may write there. A sticky folder lets others add names, but not take one of ours. It follows
the path as the kernel does, part by part: nobody else can exchange what has been checked.
"""

import errno
import os
import shlex
import stat
from collections.abc import Iterator

ROOT = 0
LINKS = 40  # as many as Linux follows
MOUNTS = ("/run/secrets/", "/var/run/secrets/")
# https://man7.org/linux/man-pages/man7/user_namespaces.7.html, "Unmapped user and group IDs"
UNMAPPED = "/proc/sys/kernel/overflowuid"
MAPPED = "/proc/self/uid_map"


def fault(path: str) -> tuple[str, str]:
    """Return who else may change a file, and the command that fixes it; "" and "" if nobody may.

    The command is "" where it is not this user's to run. The path may name a folder of files.
    """
    try:
        *parts, (file, status) = _walk(path)
        found = [_fault_of_part(part, of_part) for part, of_part in parts]
    except OSError:
        return f"{path} cannot be looked at", ""
    return next(filter(any, [*found, _fault_of_file(file, status)]), ("", ""))


def fault_on_way(path: str) -> tuple[str, str]:
    """Return the same of the folders alone, as far as they are there: others will be ours."""
    folder, found = os.path.dirname(path), []
    try:
        for part, status in _walk(folder):
            found.append(_fault_of_part(part, status))
    except FileNotFoundError:
        pass
    except OSError:
        found.append((f"{folder} cannot be looked at", ""))
    return next(filter(any, found), ("", ""))


def fault_of_secret(path: str) -> tuple[str, str]:
    """Return the same, or that others may read a file of ours; nothing of what a platform mounts.

    Docker and Kubernetes mount secrets that all users of the container may read.
    """
    try:
        *way, (file, status) = _walk(path)
        if file.startswith(MOUNTS) or os.statvfs(file).f_flag & os.ST_RDONLY:
            return "", ""
    except OSError:
        return f"{path} cannot be looked at", ""
    problem, command = fault(path)
    if problem or status.st_uid != os.geteuid() or not _others_may_read(way, status):
        return problem, command
    return f"others may read {file}", f"chmod go= {shlex.quote(file)}"


def is_safe_folder(path: str, status: os.stat_result) -> bool:
    """Return whether nobody but root and us can change, or take, a name of ours in a folder."""
    is_sticky = bool(status.st_mode & stat.S_ISVTX)
    return _is_ours(status) and (is_sticky or not _others_may_write(path, status))


def is_private_group(gid: int) -> bool:
    """Return whether a group is this user's own, as of distributions whose umask is 002.

    It is the user's first group, has the user's name, and nobody else is in it. Root has none:
    system accounts and whole containers run in its group.
    """
    if gid == ROOT or gid not in (os.getegid(), *os.getgroups()):
        return False
    import grp  # a directory service may answer, so only where a group does have the right
    import pwd

    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    is_named = user.pw_gid == gid and user.pw_name == group.gr_name
    return is_named and {user.pw_name}.issuperset(group.gr_mem)


def _walk(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield each folder and link on the way, and what lies at its end. Raises OSError."""
    here, links = "/", 0
    pending = os.path.join(os.getcwd(), path).split("/")[::-1]
    yield here, os.lstat(here)
    while pending:
        name = pending.pop()
        if name in ("", "."):
            continue
        part = os.path.dirname(here) if name == ".." else os.path.join(here, name)
        status = os.lstat(part)
        yield part, status
        if not stat.S_ISLNK(status.st_mode):
            here = part
            continue
        target, links = os.readlink(part), links + 1
        if links > LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        here = "/" if target.startswith("/") else here
        pending += target.split("/")[::-1]


def _fault_of_part(part: str, status: os.stat_result) -> tuple[str, str]:
    """Return what is wrong with a folder or a link on the way."""
    if not (_is_ours(status) or _is_unmapped_root(status.st_uid)):
        return f"{part} belongs to another user", ""
    mode = status.st_mode
    is_link_or_sticky = stat.S_ISLNK(mode) or mode & stat.S_ISVTX
    is_roots_alone = status.st_gid == ROOT and not mode & stat.S_IWOTH
    if is_link_or_sticky or is_roots_alone or not _others_may_write(part, status):
        return "", ""
    # Kubernetes mounts the folder of a ConfigMap as 0777, and read-only.
    return ("", "") if os.statvfs(part).f_flag & os.ST_RDONLY else _writable(part, status)


def _fault_of_file(path: str, status: os.stat_result) -> tuple[str, str]:
    if not _is_ours(status):
        return f"{path} belongs to another user", ""
    return _writable(path, status) if _others_may_write(path, status) else ("", "")


def _writable(path: str, status: os.stat_result) -> tuple[str, str]:
    is_mendable = os.geteuid() in (ROOT, status.st_uid)
    return f"others may write {path}", f"chmod go-w {shlex.quote(path)}" if is_mendable else ""


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid in (ROOT, os.geteuid())


def _others_may_write(path: str, status: os.stat_result) -> bool:
    if not status.st_mode & stat.S_IWGRP:
        return bool(status.st_mode & stat.S_IWOTH)
    is_private = is_private_group(status.st_gid) and not _has_acl(path)
    return not is_private or bool(status.st_mode & stat.S_IWOTH)


def _others_may_read(way: list[tuple[str, os.stat_result]], status: os.stat_result) -> bool:
    """Return whether the file's mode lets others read, and the folders let them come so far."""
    modes = [of_part.st_mode for _part, of_part in way]
    if status.st_mode & stat.S_IROTH and all(mode & stat.S_IXOTH for mode in modes):
        return True
    gid = status.st_gid
    if not status.st_mode & stat.S_IRGRP or gid == ROOT or is_private_group(gid):
        return False
    return all(
        of_part.st_mode & (stat.S_IXGRP if of_part.st_gid == gid else stat.S_IXOTH)
        for _part, of_part in way
    )


def _has_acl(path: str) -> bool:
    """Return whether a list of further users stands behind the group's bits."""
    try:
        return "system.posix_acl_access" in os.listxattr(path)
    except (OSError, AttributeError):  # a file system without them, or macOS
        return False


def _is_unmapped_root(uid: int) -> bool:
    """Return whether a user may be the machine's root, in a sandbox that has no name for root.

    There everything outside belongs to this one user, `/` as well.
    """
    try:
        with open(UNMAPPED, encoding="utf-8") as file:
            unmapped = int(file.read())
        with open(MAPPED, encoding="utf-8") as file:
            firsts = [line.split()[0] for line in file]
    except (OSError, ValueError, IndexError):
        return False
    return uid == unmapped and str(ROOT) not in firsts
