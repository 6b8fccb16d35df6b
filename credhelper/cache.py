"""Read tokens from disk: owner-only files, without a lock; `store` replaces them in one step.

A file is text: a header with a checksum over the file's name and body, a word for its kind, then
one value a line. The stamp is what the settings looked like when they were read. An entry is
used only with the same stamp, and for the profile and the grant that it names.
"""

import _imp
import os

from credhelper.token import Entry, Token

TYPE_CHECKING = False  # `import typing` costs 6 ms, most of a hit
if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER = "credhelper 3 "
OURS = b"credhelper"  # what files of every version start with
ENTRY, INDEX = "entry", "index"
INDEX_NAME = "@index"  # no profile can have this name
SIZE_LIMIT = 4 * 1024 * 1024  # far above what a server may send and what a config may need
TIME_LIMIT = 1e11  # unix seconds of the year 5138; `time` cannot format what is far beyond
BUDGET_S = 20.0  # the limit of a whole run, unless the profile has its own
CHAIN = "CREDHELPER_CHAIN"  # of processes that `aws_session` starts: one may be credhelper itself
# Variables that say where things are or how to speak, not which token is meant.
_WORDS = ("CONFIG", "PROFILE", "CACHE_DIR", "ERROR_FORMAT", "CHAIN")
RESERVED = tuple(f"CREDHELPER_{word}" for word in _WORDS)
NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


class Folder:
    """The cache directory: all files are opened relative to one checked descriptor."""

    __slots__ = ("_descriptor", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = -1

    def descriptor(self) -> int:
        """Return the directory's descriptor. Raises OSError unless it is there and ours alone."""
        if self._descriptor < 0:
            self._descriptor = _open_folder(self.path)
        return self._descriptor

    def close(self) -> None:
        """Let the next use open the directory again."""
        close(self._descriptor)
        self._descriptor = -1

    __del__ = close


class Slot:
    """Where one cache file of a profile is: the folder and the file's name in it."""

    __slots__ = ("folder", "grant", "name", "profile")

    def __init__(self, folder: Folder, profile: str, *, grant: str = "", key: str) -> None:
        self.folder, self.profile, self.grant = folder, profile, grant
        self.name = f"{profile}@{grant}-{key}" if grant else f"{profile}-{key}"


class Source:
    """Where settings come from: `path` is "" for the environment. `stamp` changes when they do."""

    __slots__ = ("key", "path", "stamp")

    def __init__(self, path: str, *, stamp: str) -> None:
        self.path, self.stamp = path, stamp
        # Not hashlib, whose import costs 2 ms: a collision is harmless, entries hold their stamp.
        self.key = f"{int.from_bytes(os.fsencode(path or stamp), 'big') % (2**61 - 1):x}"

    def slot(self, folder: Folder, profile: str, grant: str = "") -> Slot:
        """Return where a profile's entry lives; that of a further exchange (`grant`) is another."""
        return Slot(folder, profile, grant=grant, key=self.key)


class Index:
    """What the door must know of a config: the default profile, the profiles, rules of `hosts`.

    `profiles` has the deadline of each in seconds: 0 for one that is never cached or is broken, so
    that there is nothing to wait for.
    """

    __slots__ = ("default", "hosts", "profiles")

    def __init__(self, default: str, profiles: "Mapping[str, float]", hosts: "list[str]") -> None:
        self.default, self.profiles, self.hosts = default, profiles, hosts


def is_name(profile: str) -> bool:
    """Return whether a word can be a profile's name: it stands in a file name."""
    return NAME_CHARACTERS.issuperset(profile) and len(profile) <= 100 and profile[:1] not in "-."


def source(environ: "Mapping[str, str]") -> Source:
    """Return the config file that is in force, or the environment where there is none."""
    path = config_path(environ)
    try:
        return Source(path, stamp=file_stamp(path, os.stat(path)))
    except (OSError, ValueError) as error:
        is_absent = isinstance(error, (FileNotFoundError, NotADirectoryError))
    if is_absent and not environ.get("CREDHELPER_CONFIG"):
        return Source("", stamp=environment_stamp(environ))
    return Source(path, stamp="unreadable")  # a file that cannot be read is in force all the same


def config_path(environ: "Mapping[str, str]") -> str:
    """Return `$CREDHELPER_CONFIG`, else the XDG path of the config file."""
    usual = _below(environ, "XDG_CONFIG_HOME", ".config", "credhelper/config.toml")
    return environ.get("CREDHELPER_CONFIG") or usual


def file_stamp(path: str, status: os.stat_result) -> str:
    """Return what identifies one state of a file; an edit, a chmod or a rename changes it."""
    what = f"{path} {status.st_dev} {status.st_ino} {status.st_size}"
    return f"{what} {status.st_mtime_ns} {status.st_ctime_ns}"


def environment_stamp(environ: "Mapping[str, str]") -> str:
    """Return what identifies the settings of the profile `env`.

    As a hash, for a secret may stand where a reference belongs; without proxies, which decide about
    no token and may hold a password.
    """
    ours = (name for name in environ if name[:11] == "CREDHELPER_" and name not in RESERVED)
    names = [*(name for name in ours if name[-6:] != "_PROXY"), "ITWIN_CLIENT_ID"]
    text = "\x1f".join(f"{name}={environ.get(name)}" for name in sorted(names))
    # SipHash, twice for 128 bits: it is in every interpreter, and `hashlib` costs 2 ms.
    data = text.encode("utf-8", "surrogateescape")
    return "environment " + (_imp.source_hash(1, data) + _imp.source_hash(2, data)).hex()


def directory(environ: "Mapping[str, str]") -> str:
    """Return the cache directory, or "" where there is neither a variable nor a home for it."""
    usual = _below(environ, "XDG_CACHE_HOME", ".cache", "credhelper")
    return environ.get("CREDHELPER_CACHE_DIR") or usual


def _below(environ: "Mapping[str, str]", variable: str, folder: str, path: str) -> str:
    """Return a path below an absolute XDG folder, else below the home; "" where neither is."""
    base = environ.get(variable, "")
    if base[:1] != "/":
        base = f"{environ.get('HOME') or os.path.expanduser('~')}/{folder}"
    # "~/x" would be a folder in the caller's current directory.
    return f"{base}/{path}" if base[:1] == "/" else ""


def _open_folder(path: str, links: int = 8) -> int:
    """Return a descriptor. Raises OSError where others may write, or a link is theirs."""
    path = path.rstrip("/") or path  # a slash at the end would follow a link
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        link = os.lstat(path)
        target = os.readlink(path) if link.st_mode & 0o170000 == 0o120000 else ""
        # What was read is the target of what was looked at: neither can be another's.
        is_same = file_stamp(path, os.lstat(path)) == file_stamp(path, link)
        if not (links and target and is_same and link.st_uid in (0, os.geteuid())):
            raise
        return _open_folder(os.path.join(os.path.dirname(path), target), links - 1)
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        close(descriptor)
        raise PermissionError("the cache directory is not this user's alone")
    return descriptor


def read_data(folder: Folder, name: str) -> bytes:
    """Return what is in a private regular file with one hard link, b"" for anything else."""
    try:
        return load(folder, name)
    except (OSError, ValueError):
        return b""


def load(folder: Folder, name: str) -> bytes:
    """Return the same. Raises OSError for a file that is absent or cannot be read."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=folder.descriptor())
    try:
        status = os.fstat(descriptor)
        is_sound = is_ours(status) and status.st_size <= SIZE_LIMIT
        return os.read(descriptor, status.st_size) if is_sound else b""
    finally:
        close(descriptor)


def read_lines(folder: Folder, name: str, kind: str) -> list[str]:
    """Return the values of a file of ours of that kind; [] for anything else, and for damage."""
    header, _newline, body = read_data(folder, name).partition(b"\n")
    if header != f"{HEADER}{checksum(name, body)}".encode():
        return []
    lines = body.decode("utf-8", "surrogateescape").split("\n")
    return lines[1:-1] if lines[0] == kind and not lines[-1] else []


def checksum(name: str, body: bytes) -> str:
    """Return a checksum, without an import; it detects any change within 63 consecutive bits."""
    number = int.from_bytes(name.encode() + b"\n" + body, "big")
    return f"{number % (2**64 - 59):x}"  # by the largest prime below 2**64


def close(descriptor: int) -> None:
    """Close a descriptor; an error is ignored, because the data has been read."""
    try:
        os.close(descriptor)
    except OSError:
        pass


def is_ours(status: os.stat_result) -> bool:
    """Return whether it is a regular file with one hard link that only we may access."""
    is_private_file = status.st_mode & 0o170077 == 0o100000
    return is_private_file and status.st_uid == os.geteuid() and status.st_nlink == 1


def read(slot: Slot, environ: "Mapping[str, str]") -> Entry | None:
    """Return a profile's entry, or None: absent, damaged, or made under other variables."""
    lines = read_lines(slot.folder, slot.name, ENTRY)
    try:
        profile, grant, stamp, identity, stored_at, renew_at, expires_at = lines[:7]
        endpoint, scope, access_token = lines[7:10]
        token = Token(access_token, token_type="bearer", expires_at=int(expires_at), scope=scope)
        entry = Entry(
            token,
            stamp=stamp,
            identity=identity,
            stored_at=float(stored_at),
            renew_at=int(renew_at),
            endpoint=endpoint,
            conditions=dict(map(condition, lines[10:])),
        )
    except ValueError:
        return None
    if (profile, grant) != (slot.profile, slot.grant) or not 0 <= token.expires_at < TIME_LIMIT:
        return None
    holds = all(environ.get(name) == value for name, value in entry.conditions.items())
    return entry if holds else None


def read_serving(
    slot: Slot, source: Source, environ: "Mapping[str, str]", now: float
) -> Entry | None:
    """Return a profile's entry if it was made under these settings and may be given out."""
    entry = read(slot, environ)
    return entry if entry and entry.stamp == source.stamp and entry.serves(now) else None


def condition(line: str) -> tuple[str, str | None]:
    """Return a variable and its value, None if it was not set, of a line `NAME[=VALUE]`."""
    name, equals, value = line.partition("=")
    return name, value if equals else None


def read_index(folder: Folder, source: Source) -> Index | None:
    """Return what is known of the config under these settings, None if nothing is."""
    lines = read_lines(folder, source.slot(folder, INDEX_NAME).name, INDEX)
    try:
        stamp, default, number = lines[:3]
        end = 3 + int(number)
        pairs = [line.split(" ") for line in lines[3:end]]
        profiles = {name: float(deadline_s) for name, deadline_s in pairs}
    except ValueError:
        return None
    if stamp != source.stamp or len(pairs) != end - 3:
        return None
    return Index(default, profiles, lines[end:])
