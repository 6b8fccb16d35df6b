"""A copy of our answer in a file that the caller names: Google's `output_file`.

The caller names it in a configuration that may be anybody's, so only what is ours goes: nothing, or
a file with such an answer. Everything happens below the folder as it was looked at, in which nobody
else can exchange a name.
"""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from credhelper.system import files, trust

SIZE_LIMIT = 65536
MEMBERS = {"version", "success", "token_type", "id_token", "expiration_time"}


def write(path: str, text: str) -> None:
    """Write the file, or replace one with such an answer, whole or not at all; for its owner alone.

    Raises OSError where something else lies, or others may write the folder.
    """
    with _folder(path) as (folder, name):
        if not _is_free(folder, name):
            raise FileExistsError
        files.write(name, text.encode(), folder=folder)


def remove(path: str) -> None:
    """Remove a file with such an answer, and nothing else. Raises OSError."""
    with _folder(path) as (folder, name):
        if _is_free(folder, name):
            os.unlink(name, dir_fd=folder)


@contextmanager
def _folder(path: str) -> Iterator[tuple[int, str]]:
    """Open the folder of a path; yield it and the name there.

    Raises OSError unless it is root's or ours, and nobody else can take a name of ours there.
    """
    parent, name = os.path.split(os.path.abspath(path))
    folder = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not trust.is_safe_folder(parent, os.fstat(folder)):
            raise PermissionError
        yield folder, name
    finally:
        os.close(folder)


def _is_free(folder: int, name: str) -> bool:
    """Return whether nothing lies there, or a file of ours with an answer. Raises OSError."""
    try:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(name, flags, dir_fd=folder)
    except FileNotFoundError:
        return True
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        is_ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
        if not is_ours or status.st_nlink != 1 or status.st_size > SIZE_LIMIT:
            return False
        return _is_answer(file.read(SIZE_LIMIT))


def _is_answer(data: bytes) -> bool:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.keys() == MEMBERS and found["success"] is True
