"""A file replaced whole or not at all: what is read is the old text or the new one."""

import os


def write(path: str, data: bytes, *, mode: int = 0o600) -> None:
    """Replace a file, or make it: temporary file beside it, fsync, rename. Raises OSError.

    The temporary file starts with a dot, and is for its owner alone until it is complete.
    """
    folder, slash, name = path.rpartition("/")
    temporary = f"{folder}{slash}.{name}.{os.urandom(8).hex()}"
    # O_EXCL follows no link either, and Python keeps the descriptor from children (PEP 446).
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
        if mode != 0o600:
            os.fchmod(descriptor, mode)
        os.fsync(descriptor)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    finally:
        os.close(descriptor)
