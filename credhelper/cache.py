"""Tokens on disk: owner-only files, read without a lock, replaced in one step.

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
# No profile can have this name. Its file holds the name of the default profile.
DEFAULT = "@default"
SIZE_LIMIT = 65536
# Never serve a token below this remaining life: it would expire on its way to the server.
HARD_S = 30
# Variables that say where things are or how to speak, not which token is meant.
RESERVED = ("CREDHELPER_CONFIG", "CREDHELPER_PROFILE", "CREDHELPER_CACHE_DIR", "CREDHELPER_CHAIN")


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

    def entry_name(self, profile: str) -> str:
        """Return the file name of a profile's entry, of the default's for the empty profile.

        A slash would leave the directory; no profile has one, so no such entry is ever written.
        """
        return f"{profile.replace('/', '@') or DEFAULT}-{self.key}"


def source(environ: "Mapping[str, str]") -> Source:
    """Return the config file that is in force, or the environment where there is none."""
    path = config_path(environ)
    try:
        return Source(path, stamp=file_stamp(path, os.stat(path)))
    except OSError:
        if environ.get("CREDHELPER_CONFIG"):
            return Source(path, stamp="absent")
        return Source("", stamp=environment_stamp(environ))


def config_path(environ: "Mapping[str, str]") -> str:
    """Return `$CREDHELPER_CONFIG`, else the XDG path of the config file."""
    base = environ.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):
        base = os.path.expanduser("~/.config")
    return environ.get("CREDHELPER_CONFIG") or f"{base}/credhelper/config.toml"


def file_stamp(path: str, status: os.stat_result) -> str:
    """Return what identifies one state of a file; an edit, a chmod or a rename changes it."""
    return (
        f"{path} {status.st_dev} {status.st_ino} {status.st_size} {status.st_mtime_ns} "
        f"{status.st_ctime_ns}"
    )


def environment_stamp(environ: "Mapping[str, str]") -> str:
    """Return the settings of the profile `env`, as names and values; references, never secrets."""
    return "\x1f".join(
        f"{name}={value}"
        for name, value in sorted(environ.items())
        if (name.startswith("CREDHELPER_") and name not in RESERVED) or name == "ITWIN_CLIENT_ID"
    )


def directory(environ: "Mapping[str, str]") -> str:
    """Return the cache directory, or "" where there is neither a variable nor a home for it."""
    if chosen := environ.get("CREDHELPER_CACHE_DIR"):
        return chosen
    base = environ.get("XDG_CACHE_HOME", "")
    if not base.startswith("/"):
        base = os.path.expanduser("~/.cache")
    # Without HOME and passwd entry expanduser returns "~/.cache": the caller's own directory.
    return f"{base}/credhelper" if base.startswith("/") else ""


def read_lines(where: str, name: str) -> list[str]:
    """Return the lines of an owner-only regular file; [] for anything else, untouched.

    A link, a fifo, a device, another owner, a group or other bit, a second hard link: the file was
    not written by us, so it is neither followed nor mended.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        folder = os.stat(where)
        if folder.st_uid != os.geteuid() or folder.st_mode & 0o022:
            return []
        descriptor = os.open(f"{where}/{name}", flags)
    except (OSError, ValueError):
        return []
    try:
        status = os.fstat(descriptor)
        if (
            status.st_mode & 0o170077 != 0o100000
            or status.st_uid != os.geteuid()
            or status.st_nlink != 1
            or status.st_size > SIZE_LIMIT
        ):
            return []
        data = os.read(descriptor, SIZE_LIMIT)
    except OSError:
        return []
    finally:
        os.close(descriptor)
    lines = data.decode("utf-8", "replace").split("\n")
    return lines[:-2] if lines[-2:] == ["end", ""] else []


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
            conditions=dict(_condition(line) for line in lines[8:]),
        )
    except ValueError:
        return None
    if version != ENTRY:
        return None
    same = all(environ.get(name) == value for name, value in entry.conditions.items())
    return entry if same else None


def _condition(line: str) -> tuple[str, str | None]:
    name, equals, value = line.partition("=")
    return name, value if equals else None


def read_default(where: str, settings: Source) -> str:
    """Return the profile that was the default under these settings; "" if that is not known."""
    lines = read_lines(where, settings.entry_name(""))
    return lines[1] if len(lines) == 2 and lines[0] == settings.stamp else ""


def write_default(where: str, settings: Source, profile: str) -> None:
    """Remember the default profile, so that a hit need not read the config. Raises as `write`."""
    replace(where, settings.entry_name(""), [settings.stamp, profile])


def write(where: str, name: str, entry: Entry) -> None:
    """Store an entry. Raises OSError if the disk refuses, ValueError for a line break in a value.

    The token is lost to nobody: the caller still has it and answers with it.
    """
    token = entry.token
    numbers = (entry.stored_at, entry.renew_at, token.expires_at)
    conditions = (n if v is None else f"{n}={v}" for n, v in sorted(entry.conditions.items()))
    head = (ENTRY, entry.stamp, entry.identity, *map(str, numbers), token.scope, token.access_token)
    replace(where, name, [*head, *conditions])


def replace(where: str, name: str, lines: list[str]) -> None:
    """Write a file of lines whole or not at all: 0600 temporary file, fsync, rename."""
    if any("\n" in line for line in lines):
        msg = "a value of the entry has a line break"
        raise ValueError(msg)
    data = "\n".join([*lines, "end", ""]).encode("utf-8", "replace")
    temporary = f"{where}/.{name}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    _unlink(temporary)  # left by a killed process that had this number
    descriptor = os.open(temporary, flags, 0o600)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
        os.rename(temporary, f"{where}/{name}")
    except BaseException:
        _unlink(temporary)
        raise
    finally:
        os.close(descriptor)


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def forget(where: str, name: str) -> None:
    """Delete an entry, or with an empty name every file of the cache but the locks.

    A lock file stays for ever: deleting it would let two processes hold "the" lock.
    Raises OSError if the disk refuses.
    """
    try:
        names = [name] if name else [n for n in os.listdir(where) if not n.endswith(".lock")]
    except FileNotFoundError:
        return
    for each in names:
        _unlink(f"{where}/{each}")
