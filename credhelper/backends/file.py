"""Secrets in a file: `file:/path`, as Docker and Kubernetes mount them."""

import logging
import os
import stat

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
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise DeniedError(f"{path} may not be read", hint="check its owner and mode") from None
    except (OSError, ValueError):
        raise ConfigError(f"there is no file {path}", hint="check the reference") from None
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > SIZE_LIMIT:
            raise ConfigError(f"{path} is not a small regular file", hint="check the reference")
        data = file.read(SIZE_LIMIT)
    log.info("%s: owner %d, mode %04o", path, status.st_uid, stat.S_IMODE(status.st_mode))
    try:
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text", hint="store the secret as text") from None
