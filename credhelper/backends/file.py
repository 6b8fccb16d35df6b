"""Secrets in a file: `file:/path`, as Docker and Kubernetes mount them."""

import logging
import os
import stat
import time
from collections.abc import Iterator

from credhelper.errors import ConfigError, DeniedError

SIZE_LIMIT = 65536
log = logging.getLogger(__name__)


def read(path: str, field: str, settings: object) -> str:
    """Return the file's text without one trailing newline; see `contracts.Backend`.

    Opened without blocking, so that a fifo is refused and not waited for.
    """
    del settings
    if field or not path.startswith("/"):
        hint = "write file:/absolute/path, without #field"
        raise ConfigError(f"file:{path} is not an absolute path alone", hint=hint)
    try:
        file = open(path, "rb", opener=_without_blocking)  # noqa: SIM115 - closed below
    except PermissionError:
        raise DeniedError(f"{path} may not be read", hint="check its owner and mode") from None
    except (OSError, ValueError):
        raise ConfigError(f"{path} is no file", hint="check the reference") from None
    with file:
        status = os.fstat(file.fileno())
        # One byte more than allowed: not every file system tells the size beforehand.
        data = file.read(SIZE_LIMIT + 1) if stat.S_ISREG(status.st_mode) else b""
        if not stat.S_ISREG(status.st_mode) or len(data) > SIZE_LIMIT:
            raise ConfigError(f"{path} is not a small regular file", hint="check the reference")
    log.info("%s: owner %d, mode %04o", path, status.st_uid, stat.S_IMODE(status.st_mode))
    try:
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text", hint="store the secret as text") from None


def describe(path: str, field: str, settings: object) -> Iterator[str]:
    """Yield our user, then owner, mode and age of the file; see `contracts.Backend`."""
    del field, settings
    yield f"user {os.geteuid()} of this machine"
    status = os.stat(path)
    written = time.strftime("%Y-%m-%d", time.gmtime(status.st_mtime))
    yield f"owner {status.st_uid}, mode {stat.S_IMODE(status.st_mode):04o}, written {written}"


def _without_blocking(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
