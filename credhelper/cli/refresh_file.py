"""The file of `exec --refresh-file`: a token for whoever reads it, at a path of the user's choice.

Beside it lies `.NAME.credhelper` with the hashes of what was written last, locked while a command
runs. So what a killed run left is known as ours, and a file that the user put there is not.
"""

import fcntl
import hashlib
import os
from dataclasses import dataclass

from credhelper.cache import is_ours
from credhelper.errors import OutputError
from credhelper.system import files, trust

SIZE_LIMIT = 65536
_HINT = "name a file that is not there yet, in a folder of yours"


@dataclass(frozen=True)
class RefreshFile:
    """A file that this process keeps; `mark` is the opened and locked file of its hashes."""

    path: str
    mark: int


def claim(path: str) -> RefreshFile:
    """Return the file, to be written next. Raises OutputError for what is not ours to replace."""
    try:
        path = os.path.abspath(path)
        _check_folder(path)
        present = _content(path)
        file = RefreshFile(path, _open_mark(path))
    except OSError as error:
        msg = f"--refresh-file {path} cannot be used ({os.strerror(error.errno or 0)})"
        raise OutputError(msg, hint=_HINT) from None
    if present is not None and not _is_known(file, present):
        if not os.fstat(file.mark).st_size:
            os.unlink(_mark(path))
        os.close(file.mark)
        raise _not_ours(path)
    return file


def write(file: RefreshFile, access_token: str) -> None:
    """Replace the file whole, for its owner alone. Raises OSError, OutputError as `claim`."""
    data = f"{access_token}\n".encode()
    present = _content(file.path)
    if present is not None and not _is_known(file, present):
        raise _not_ours(file.path)
    # The hashes first: after a crash in between, the old content is still known.
    hashes = [hashlib.sha256(each).hexdigest() for each in (present or b"", data)]
    os.pwrite(file.mark, "".join(f"{each}\n" for each in hashes).encode(), 0)
    if present is not None:
        files.write(file.path, data)
        return
    # Nobody reads it yet; and what has just come in its place is not replaced.
    descriptor = os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(data)


def release(file: RefreshFile) -> None:
    """Delete the file if it is still what was written, and its hashes. Raises nothing."""
    try:
        present = _content(file.path)
        if present is not None and _is_known(file, present):
            os.unlink(file.path)
        os.unlink(_mark(file.path))
    except (OSError, OutputError):
        pass  # the folder is gone or locked, or the file is another now: that stays as it is
    finally:
        os.close(file.mark)


def _mark(path: str) -> str:
    folder, _slash, name = path.rpartition("/")
    return f"{folder}/.{name}.credhelper"


def _check_folder(path: str) -> None:
    """Raise OutputError where others could put a file of theirs in the place of ours."""
    folder = os.path.dirname(path)
    if not trust.is_safe_folder(folder, os.stat(folder)):
        msg = f"--refresh-file {path}: others may write in its folder"
        raise OutputError(msg, hint="name a file in a folder that only you can write")


def _open_mark(path: str) -> int:
    """Return the file of hashes, opened and locked. Raises OSError, and OutputError for no such."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(_mark(path), flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_free = os.fstat(descriptor).st_nlink > 0  # else whoever had it has just deleted it
    except BlockingIOError:
        is_free = False
    except OSError:
        is_free = True  # this file system knows no locks
    status = os.fstat(descriptor)
    if is_free and is_ours(status) and status.st_size in (0, 130):
        return descriptor
    os.close(descriptor)
    if is_free:
        raise _not_ours(_mark(path))
    msg = f"--refresh-file {path} is kept by another run"
    raise OutputError(msg, hint="name another file, or wait for its end")


def _content(path: str) -> bytes | None:
    """Return what a private file has, None for no file. Raises OutputError for anything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError:
        raise _not_ours(path) from None
    with os.fdopen(descriptor, "rb") as opened:
        if not is_ours(os.fstat(descriptor)):
            raise _not_ours(path)
        return opened.read(SIZE_LIMIT)


def _is_known(file: RefreshFile, content: bytes) -> bool:
    known = os.pread(file.mark, SIZE_LIMIT, 0).decode("ascii", "replace").splitlines()
    return hashlib.sha256(content).hexdigest() in known


def _not_ours(path: str) -> OutputError:
    return OutputError(f"--refresh-file: {path} is not a file of credhelper", hint=_HINT)
