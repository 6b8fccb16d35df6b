"""The config file: opened without waiting, checked (owner, folders), and only then read."""

import os
import re
import stat

from credhelper import cache
from credhelper.errors import ConfigError
from credhelper.system import characters, trust

SIZE_LIMIT = 1 << 20
ATTEMPTS = 3  # for a file that is replaced while it is read
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_PLACE = re.compile(r"\(at (line ([0-9]+), column [0-9]+|end of document)\)")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_OTHER = "set CREDHELPER_CONFIG to a copy of your own, in a folder that only you may write"


def read(path: str) -> tuple[os.stat_result, bytes]:
    """Return a config file's status and text. Raises FileNotFoundError, ConfigError.

    Whoever can change it, or put another in its place, can have the secret sent to them.
    """
    for _ in range(ATTEMPTS):
        status, text = _read_once(path)
        if _is_at(path, status):
            return status, text
    raise ConfigError(f"{path} is replaced again and again while it is read", hint=_OTHER)


def _is_at(path: str, status: os.stat_result) -> bool:
    """Return whether the file that was read is the one that was checked."""
    try:
        return os.path.samestat(os.stat(path), status)
    except OSError:
        return False


def _read_once(path: str) -> tuple[os.stat_result, bytes]:
    try:
        descriptor = os.open(path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except (OSError, ValueError):
        raise ConfigError(f"{path} cannot be read", hint="check its owner and mode") from None
    try:
        status = os.fstat(descriptor)
        _check(path, status)
        with open(descriptor, "rb", closefd=False) as file:
            return status, file.read()
    except OSError:
        raise ConfigError(f"{path} cannot be read", hint="check the disk") from None
    finally:
        cache.close(descriptor)


def _check(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        hint = "check its owner and mode, or set CREDHELPER_CONFIG to a file"
        raise ConfigError(f"{path} cannot be read: it is not a regular file", hint=hint)
    _refuse(*trust.fault(path))
    if status.st_size > SIZE_LIMIT:
        hint = "correct --config or CREDHELPER_CONFIG"
        raise ConfigError(f"{path} is too large for a config file", hint=hint)


def check_folder(path: str) -> None:
    """Raise ConfigError where a config file at the path would not be trusted for its folders."""
    _refuse(*trust.fault_on_way(path))


def _refuse(problem: str, command: str) -> None:
    if problem:
        raise ConfigError(problem, hint=f"run: {command}" if command else _OTHER)


def parse(path: str, text: bytes) -> dict[str, object]:
    """Return the TOML document of a config file. Raises ConfigError, which quotes nothing of it."""
    import tomllib  # 5 ms, which settings from the environment need not pay

    decoded = characters.without_bom(_decoded(path, text))
    try:
        return tomllib.loads(decoded)
    except (ValueError, RecursionError) as error:
        place = _PLACE.search(str(error))  # the place alone: tomllib's text may quote the file's
        where = f" at {place[1]}" if place else ""
        if place and place[2]:
            line = decoded.replace("\r\n", "\n").split("\n")[int(place[2]) - 1]
            unseen = characters.fault(line.replace("\t", " "))
            where += f": that line {unseen}" if unseen else ""
        raise ConfigError(f"{path} is not TOML{where}", hint="correct its syntax") from None


def _decoded(path: str, text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        what = "it is UTF-16" if text.startswith(_UTF_16) else f"line {line} is not UTF-8"
        raise ConfigError(f"{path} is not TOML: {what}", hint="save it as UTF-8") from None
