"""Tokens on disk, written: whole or not at all, and only where nobody else can write."""

import os
import time

from credhelper import replacement
from credhelper.cache import ENTRY, Entry, Source, check_folder, is_ours

LITTER_S = 3600
REFUSED = ".refused"  # ends the name of the marker beside an entry; see `refusal`

TYPE_CHECKING = False  # waiters import this, and `import typing` costs 6 ms
if TYPE_CHECKING:
    from collections.abc import Mapping


def write_index(
    where: str, settings: Source, default: str, hosts: list[str], names: list[str]
) -> None:
    """Remember default, hosts and names, so that the door need not read the config.

    Raises as `write`. No name has a space.
    """
    replace(where, settings.entry_name(""), [settings.stamp, default, " ".join(names), *hosts])


def write(where: str, name: str, entry: Entry) -> None:
    """Store an entry. Raises OSError if the disk refuses, ValueError for a line break in a value.

    The token is lost to nobody: the caller still has it and answers with it.
    """
    token = entry.token
    numbers = (entry.stored_at, entry.renew_at, token.expires_at)
    head = (ENTRY, entry.stamp, entry.identity, *map(str, numbers), token.scope, token.access_token)
    replace(where, name, [*head, *condition_lines(entry.conditions)])


def condition_lines(conditions: "Mapping[str, str | None]") -> list[str]:
    """Return `NAME=VALUE` for each variable, `NAME` alone for one that was not set."""
    return [n if v is None else f"{n}={v}" for n, v in sorted(conditions.items())]


def replace(where: str, name: str, lines: list[str]) -> None:
    """Write a file of lines, whole or not at all, for its owner alone."""
    if any("\n" in line for line in lines):
        msg = "a value of the entry has a line break"
        raise ValueError(msg)
    data = "\n".join([*lines, "end", ""]).encode("utf-8", "replace")
    os.makedirs(where, mode=0o700, exist_ok=True)
    check_folder(where)
    _check_replaceable(f"{where}/{name}")
    _sweep(where)
    replacement.write(f"{where}/{name}", data)


def write_token(path: str, access_token: str) -> None:
    """Write a token's file of the user's choice, owner-only. Raises OSError as `replace`."""
    _check_replaceable(path)
    replacement.write(os.path.abspath(path), f"{access_token}\n".encode())


def delete(path: str) -> None:
    """Delete a file, which need not be there. Raises OSError if the disk refuses."""
    _unlink(path)


def _check_replaceable(path: str) -> None:
    """Raise OSError for what we did not write: a link, a fifo, a directory, another's file."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return
    if not is_ours(status):
        msg = "something that is no entry is in its place"
        raise PermissionError(msg)


def _sweep(where: str) -> None:
    """Delete the temporary files that killed processes left more than an hour ago."""
    for name in os.listdir(where):
        path = f"{where}/{name}"
        try:
            if name.startswith(".") and os.lstat(path).st_mtime < time.time() - LITTER_S:
                _unlink(path)
        except FileNotFoundError:
            continue  # another process has just renamed it: that is no reason not to store


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def forget(where: str, name: str) -> None:
    """Delete an entry and its marker, or with an empty name every file of the cache but the locks.

    A lock file stays for ever: deleting it would let two processes hold "the" lock.
    Raises OSError if the disk refuses.
    """
    try:
        check_folder(where)
        everything = [each for each in os.listdir(where) if not each.endswith(".lock")]
    except FileNotFoundError:
        return
    for each in [name, name + REFUSED] if name else everything:
        _unlink(f"{where}/{each}")
