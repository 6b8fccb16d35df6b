"""Replace a file whole or not at all: readers see the old text or the new one."""

import itertools
import os

BACKUP = "credhelper-backup"


def write(path: str, data: bytes, *, mode: int = 0o600, folder: int | None = None) -> None:
    """Replace a file, or make it: temporary file beside it, fsync, rename. Raises OSError.

    `path` is below the directory with the descriptor `folder`, if one is given. The temporary file
    starts with a dot, ends with 16 hex digits, and is for its owner alone until it is complete.
    """
    above, slash, name = path.rpartition("/")
    temporary = f"{above}{slash}.{name}.{os.urandom(8).hex()}"
    # O_EXCL follows no link either, and Python keeps the descriptor from children (PEP 446).
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    descriptor = os.open(temporary, flags, 0o600, dir_fd=folder)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
        if mode != 0o600:
            os.fchmod(descriptor, mode)
        os.fsync(descriptor)
        os.rename(temporary, path, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        _remove(temporary, folder)
        raise
    finally:
        os.close(descriptor)


def _remove(temporary: str, folder: int | None) -> None:
    """Delete the temporary file, which a signal may have found renamed already."""
    try:
        os.unlink(temporary, dir_fd=folder)
    except FileNotFoundError:
        pass


def back_up(path: str) -> str:
    """Copy a file, for its owner alone, to an unused name; return the name, "" if there is no file.

    Raises OSError.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return ""
    for number in itertools.count(1):
        copy = f"{path}.{BACKUP}-{number}" if number > 1 else f"{path}.{BACKUP}"
        try:
            descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
        with open(descriptor, "wb") as file:
            file.write(data)
        return copy
    return ""
