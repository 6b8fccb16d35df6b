"""Secrets in a file, as Docker and Kubernetes mount them: `file:/path`, or JSON's `#FIELD`."""

import codecs
import logging
import os
import shlex
import stat
import time
from collections.abc import Iterator

from credhelper.errors import ConfigError, DeniedError
from credhelper.secrets.backend import READ_UNSEEN
from credhelper.secrets.field import Wanted, of_text, unversioned
from credhelper.system import fingerprint
from credhelper.system.characters import without_bom, without_line_end

SIZE_LIMIT = 65536
log = logging.getLogger(__name__)


def read(path: str, field: str, settings: object) -> str:
    """Return the file's text without one line end; see `backend.Backend`."""
    del settings
    parts = _parsed(path, field)
    text = without_line_end(without_bom(_text(parts.path)))
    return of_text(text, parts.field, what=parts.path)


def _parsed(path: str, field: str) -> Wanted:
    """Return the parts of a reference. Raises ConfigError."""
    parts = unversioned(path, field, kind="the file")
    if not parts.path.startswith("/"):
        hint = "write file:/absolute/path"
        raise ConfigError(f"file:{parts.path} is not an absolute path", hint=hint)
    return parts


def _text(path: str) -> str:
    """Return all of a small file. Opened without blocking: a fifo is refused, not waited for.

    Raises ConfigError, DeniedError.
    """
    try:
        file = open(path, "rb", opener=_without_blocking)  # noqa: SIM115 - closed below
    except PermissionError:
        raise DeniedError(f"{path} may not be read", hint="check its owner and mode") from None
    except (OSError, ValueError):
        raise ConfigError(f"{path} is no file", hint="check the reference") from None
    with file:
        status = os.fstat(file.fileno())
        # One byte more than allowed: not every file system knows the size beforehand.
        data = file.read(SIZE_LIMIT + 1) if stat.S_ISREG(status.st_mode) else b""
        if not stat.S_ISREG(status.st_mode) or len(data) > SIZE_LIMIT:
            raise ConfigError(f"{path} is not a small regular file", hint="check the reference")
    log.info("%s: owner %d, mode %04o", path, status.st_uid, stat.S_IMODE(status.st_mode))
    try:
        return data.decode()
    except UnicodeDecodeError:
        # PowerShell's `>` writes it so.
        is_utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        kind = "UTF-16, not" if is_utf_16 else "not"
        raise ConfigError(f"{path} is {kind} UTF-8 text", hint="store it as UTF-8") from None


def describe(path: str, field: str, settings: object) -> Iterator[str]:
    """Return our user, then owner, mode and age of the file; see `backend.Backend`."""
    del settings
    return _told(_parsed(path, field).path)


def _told(place: str) -> Iterator[str]:
    yield f"user {os.geteuid()} of this machine"
    try:
        status = os.stat(place)
    except (OSError, ValueError):
        raise ConfigError(f"{place} is no file", hint="check the reference") from None
    written = time.strftime("%Y-%m-%d", time.gmtime(status.st_mtime))
    yield f"owner {status.st_uid}, mode {stat.S_IMODE(status.st_mode):04o}, written {written}"


def state(path: str) -> dict[str, str | None]:
    """Return the stamp of the file: a corrected secret need not wait."""
    return {path: fingerprint.of_file(path)}


def _without_blocking(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def store_hint(path: str, _field: str) -> str:
    """Return how to store the secret; see `backend.Backend`."""
    words = f"{READ_UNSEEN} > {shlex.quote(path)} && chmod 600 {shlex.quote(path)}"
    return f"Store the client secret; this reads it unseen:\n  (umask 077; {words})"
