"""Write the cache's files: whole or not at all, only where nobody else can write.

Only a file of an entry's very name is replaced, and only one that is ours alone.
"""

from credhelper import cache
from credhelper.cache import ENTRY, INDEX, INDEX_NAME, Folder, Index, Slot, Source
from credhelper.renewal import lock, refusal, removal
from credhelper.system import files
from credhelper.token import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def write_index(folder: Folder, settings: Source, index: Index) -> None:
    """Store what the door must know of the config. Raises as `write`."""
    profiles = [f"{name} {deadline_s}" for name, deadline_s in index.profiles.items()]
    lines = [settings.stamp, index.default, str(len(profiles)), *profiles, *index.hosts]
    _replace(folder, settings.slot(folder, INDEX_NAME).name, INDEX, lines)


def write(slot: Slot, entry: Entry) -> None:
    """Store an entry. Raises OSError if the disk refuses, ValueError for a line break in a value.

    The token is not lost: the caller still has it and prints it.
    """
    token = entry.token
    numbers = map(str, (entry.stored_at, entry.renew_at, token.expires_at))
    head = (slot.profile, slot.grant, entry.stamp, entry.identity, *numbers, entry.endpoint)
    values = [*head, token.scope, token.access_token, *_condition_lines(entry.conditions)]
    _replace(slot.folder, slot.name, ENTRY, values)


def write_failure(slot: Slot, failure: refusal.Failure) -> None:
    """Leave a marker beside an entry. Raises as `write`."""
    error = failure.error
    wait = "" if error.retry_after_s is None else str(error.retry_after_s)
    words = (error.word, error.problem, error.hint, error.code, wait)
    head = (slot.profile, slot.grant, failure.stamp, failure.identity)
    lines = [*head, str(failure.at), str(failure.until), *words]
    conditions = _condition_lines(failure.conditions)
    _replace(slot.folder, slot.name + refusal.SUFFIX, refusal.KIND, [*lines, *conditions])


def end_failure(slot: Slot) -> None:
    """Delete the marker: the exchange works. Raises OSError if the disk refuses."""
    removal.unlink(slot.folder, slot.name + refusal.SUFFIX)


def drop(slot: Slot) -> None:
    """Delete an entry. Raises OSError if the disk refuses."""
    removal.unlink(slot.folder, slot.name)


def _condition_lines(conditions: "Mapping[str, str | None]") -> list[str]:
    """Return `NAME=VALUE` for each variable, `NAME` alone for one that was not set."""
    return [n if v is None else f"{n}={v}" for n, v in sorted(conditions.items())]


def _replace(folder: Folder, name: str, kind: str, lines: list[str]) -> None:
    """Write a file of lines, whole or not at all, for its owner alone."""
    if any("\n" in line for line in lines):
        msg = "a value of the entry has a line break"
        raise ValueError(msg)
    body = "\n".join([kind, *lines, ""]).encode("utf-8", "surrogateescape")
    header = f"{cache.HEADER}{cache.checksum(name, body)}\n".encode()
    descriptor = lock.make(folder)
    _check_replaceable(folder, name)
    files.write(name, header + body, folder=descriptor)


def _check_replaceable(folder: Folder, name: str) -> None:
    """Raise PermissionError for what cannot be ours: a link, a fifo, another's file.

    A damaged file of this very name has lost its header, and needs no hand to be replaced.
    """
    status = lock.look(folder, name)
    if status and not cache.is_ours(status):
        msg = "something that is no entry is in its place"
        raise PermissionError(msg)
