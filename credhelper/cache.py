"""Tokens on disk, read: owner-only files, without a lock; `store` replaces them in one step.

An entry is text, one value a line, then one line per environment variable that the secret
reference depends on, then `end`. The stamp is what the settings looked like when they were read;
an entry serves only under the same stamp, so a changed config never gets the old token.
"""

import os

from credhelper.token import Token

TYPE_CHECKING = False  # `import typing` costs 6 ms, of a hit's 8
if TYPE_CHECKING:
    from collections.abc import Mapping

ENTRY = "credhelper-entry 1"
# No profile can have this name. Its file holds what the door must know of the config: the default
# profile, the names of all, and which profile's token may go to which host.
INDEX = "@index"
SIZE_LIMIT = 65536
# Never serve a token below this remaining life: it would expire on its way to the server.
HARD_S = 30
# Unix seconds of the year 5138: what lies beyond is a damaged entry, and no date for `time`.
TIME_LIMIT = 1e11
# Set by `aws_session` for the processes that the AWS chain starts: they may be ours.
CHAIN = "CREDHELPER_CHAIN"
# Variables that say where things are or how to speak, not which token is meant.
RESERVED = (
    *("CREDHELPER_CONFIG", "CREDHELPER_PROFILE", "CREDHELPER_CACHE_DIR"),
    *("CREDHELPER_ERROR_FORMAT", CHAIN),
)


class Entry:
    """A token, the settings that produced it, and when to renew it (unix seconds)."""

    __slots__ = ("conditions", "identity", "renew_at", "stamp", "stored_at", "token")

    def __init__(  # noqa: PLR0913 - one per line of the file
        self,
        token: Token,
        *,
        stamp: str,
        identity: str,
        stored_at: float,
        renew_at: int,
        conditions: "Mapping[str, str | None]",
    ) -> None:
        self.token = token
        self.stamp = stamp
        self.identity = identity
        self.stored_at = stored_at
        self.renew_at = renew_at
        self.conditions = conditions

    def serves(self, now: float, min_ttl_s: float = HARD_S) -> bool:
        """Return whether the token may be given out: not from the future, not about to expire."""
        life_s = self.token.expires_at - now
        return self.stored_at <= now + 1 and life_s > HARD_S and life_s >= min_ttl_s

    def is_fresh(self, now: float) -> bool:
        """Return whether it is too early to renew the token."""
        return now < self.renew_at

    def under(self, stamp: str, renew_at: int) -> "Entry":
        """Return the same token of the same age under another stamp, to be renewed at that time."""
        return Entry(
            self.token,
            stamp=stamp,
            identity=self.identity,
            stored_at=self.stored_at,
            renew_at=renew_at,
            conditions=self.conditions,
        )


class Source:
    """Where the settings come from: `path` of the config file ("" for the environment).

    `stamp` changes whenever they do; `key` tells the entries of two sources apart.
    """

    __slots__ = ("key", "path", "stamp")

    def __init__(self, path: str, *, stamp: str) -> None:
        self.path = path
        self.stamp = stamp
        # Not hashlib, whose import costs 2 ms: a collision is harmless, entries hold their stamp.
        self.key = f"{int.from_bytes(os.fsencode(path or stamp), 'big') % (2**61 - 1):x}"

    def entry_name(self, profile: str, grant: str = "") -> str:
        """Return the file name of a profile's entry; the index's for the empty profile.

        A further exchange of the token (`grant`) has an entry of its own. A slash would leave the
        directory; no profile has one, so no such entry is ever written.
        """
        name = profile.replace("/", "@") or INDEX
        return f"{name}@{grant}-{self.key}" if grant else f"{name}-{self.key}"


def source(environ: "Mapping[str, str]") -> Source:
    """Return the config file that is in force, or the environment where there is none."""
    path = config_path(environ)
    try:
        return Source(path, stamp=file_stamp(path, os.stat(path)))
    except FileNotFoundError:
        if not environ.get("CREDHELPER_CONFIG"):
            return Source("", stamp=environment_stamp(environ))
    except OSError:
        pass  # a file that cannot be looked at is in force all the same
    return Source(path, stamp="absent")


def config_path(environ: "Mapping[str, str]") -> str:
    """Return `$CREDHELPER_CONFIG`, else the XDG path of the config file."""
    base = environ.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):
        base = f"{_home(environ)}/.config"
    usual = f"{base}/credhelper/config.toml" if base.startswith("/") else ""
    return environ.get("CREDHELPER_CONFIG") or usual


def file_stamp(path: str, status: os.stat_result) -> str:
    """Return what identifies one state of a file; an edit, a chmod or a rename changes it."""
    return (
        f"{path} {status.st_dev} {status.st_ino} {status.st_size} {status.st_mtime_ns} "
        f"{status.st_ctime_ns}"
    )


def environment_stamp(environ: "Mapping[str, str]") -> str:
    """Return the settings of the profile `env`, as names and values; references, never secrets.

    So without the proxy, which may hold a password: it decides about no token.
    """
    return "\x1f".join(
        f"{name}={value}"
        for name, value in sorted(environ.items())
        if (name.startswith("CREDHELPER_") and name not in (*RESERVED, "CREDHELPER_PROXY"))
        or name == "ITWIN_CLIENT_ID"
    )


def directory(environ: "Mapping[str, str]") -> str:
    """Return the cache directory, or "" where there is neither a variable nor a home for it."""
    if chosen := environ.get("CREDHELPER_CACHE_DIR"):
        return chosen
    base = environ.get("XDG_CACHE_HOME", "")
    if not base.startswith("/"):
        base = f"{_home(environ)}/.cache"
    return f"{base}/credhelper" if base.startswith("/") else ""


def _home(environ: "Mapping[str, str]") -> str:
    """Return the home; "~" where neither HOME nor the passwd file has one, as expanduser does.

    Callers must check for a leading slash: "~/x" is a folder in the caller's current directory.
    """
    return environ.get("HOME") or os.path.expanduser("~")


def read_lines(where: str, name: str) -> list[str]:
    """Return the lines of an owner-only regular file; [] for anything else, untouched.

    A link, a fifo, a device, another owner, a group or other bit, a second hard link: the file was
    not written by us, so it is neither followed nor mended.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        check_folder(where)
        descriptor = os.open(f"{where}/{name}", flags)
    except (OSError, ValueError):
        return []
    try:
        status = os.fstat(descriptor)
        if not is_ours(status) or status.st_size > SIZE_LIMIT:
            return []
        data = os.read(descriptor, SIZE_LIMIT)
    except OSError:
        return []
    finally:
        close(descriptor)
    lines = data.decode("utf-8", "replace").split("\n")
    return lines[:-2] if lines[-2:] == ["end", ""] else []


def close(descriptor: int) -> None:
    """Close a descriptor. What the kernel has to complain about changes nothing that was read."""
    try:
        os.close(descriptor)
    except OSError:
        pass


def check_folder(where: str) -> None:
    """Raise OSError unless the cache directory is there and nobody else can write into it."""
    status = os.stat(where)
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        msg = "the cache directory is not this user's alone"
        raise PermissionError(msg)


def is_ours(status: os.stat_result) -> bool:
    """Return whether it is a regular file of one name that only its owner, us, may touch."""
    is_private_file = status.st_mode & 0o170077 == 0o100000
    return is_private_file and status.st_uid == os.geteuid() and status.st_nlink == 1


def read(where: str, name: str, environ: "Mapping[str, str]") -> Entry | None:
    """Return a profile's entry, or None: absent, damaged, or made under other variables."""
    lines = read_lines(where, name)
    try:
        version, stamp, identity, stored_at, renew_at, expires_at, scope, access_token = lines[:8]
        token = Token(access_token, token_type="bearer", expires_at=int(expires_at), scope=scope)
        entry = Entry(
            token,
            stamp=stamp,
            identity=identity,
            stored_at=float(stored_at),
            renew_at=int(renew_at),
            conditions=dict(condition(line) for line in lines[8:]),
        )
    except ValueError:
        return None
    if version != ENTRY or not 0 <= token.expires_at < TIME_LIMIT:
        return None
    return entry if holds(entry.conditions, environ) else None


def read_serving(
    where: str, name: str, settings: Source, environ: "Mapping[str, str]", now: float
) -> Entry | None:
    """Return a profile's entry if it was made under these settings and may be given out."""
    entry = read(where, name, environ)
    return entry if entry and entry.stamp == settings.stamp and entry.serves(now) else None


def holds(conditions: "Mapping[str, str | None]", environ: "Mapping[str, str]") -> bool:
    """Return whether the environment has the variables as they were."""
    return all(environ.get(name) == value for name, value in conditions.items())


def condition(line: str) -> tuple[str, str | None]:
    """Return a variable and its value, None if it was not set, of a line `NAME[=VALUE]`."""
    name, equals, value = line.partition("=")
    return name, value if equals else None


def read_index(where: str, settings: Source) -> tuple[str, list[str], list[str]]:
    """Return the default profile under these settings, the lines of the hosts, and all names.

    "", [] and [] if that is not known.
    """
    lines = read_lines(where, settings.entry_name(""))
    if len(lines) < 3 or lines[0] != settings.stamp:
        return "", [], []
    return lines[1], lines[3:], lines[2].split()
