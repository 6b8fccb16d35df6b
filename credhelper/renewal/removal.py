"""Delete files of the cache: only what we wrote.

A file of ours has our form of name, is for us alone, and starts with our header.
"""

import os
import re
import time
from contextlib import suppress

from credhelper import cache
from credhelper.cache import ENTRY, INDEX_NAME, Folder, Slot, Source
from credhelper.renewal import lock, refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

LITTER_S = 3600
UNUSED_S = 86400
# PROFILE[@GRANT]-KEY, the index of a source, and what stands beside them.
_NAME = (
    r"(?P<slot>(?P<profile>[A-Za-z0-9_][A-Za-z0-9._-]*|@index)(?:@(?P<grant>[a-z_]+))?"
    r"-(?P<key>[0-9a-f]{1,16}))(?P<suffix>\.refused|\.lock(?:\.2)?)?"
)
_SUFFIXES = ("", refusal.SUFFIX, lock.SUFFIX, lock.SECOND)
_TEMPORARY = r"\.(?P<name>.+)\.[0-9a-f]{16}"


def _matches(pattern: str, names: "Iterable[str]") -> "Iterator[re.Match[str]]":
    return filter(None, (re.fullmatch(pattern, name) for name in names))


def _is_written_by_us(folder: Folder, name: str) -> bool:
    """Return whether a file is ours alone, and has a header of ours, of this version or another.

    An index had none before version 3; it ended with a line `end`. Raises OSError for one of ours
    that cannot be read.
    """
    status = lock.look(folder, name)
    if status is None or not cache.is_ours(status):
        return False
    try:
        data = cache.load(folder, name)
    except (FileNotFoundError, PermissionError):
        return False
    return data.startswith(cache.OURS) or (name[0] == "@" and data.endswith(b"\nend\n"))


def unlink(folder: Folder, name: str) -> bool:
    """Delete a file if we wrote it; return whether there was one. Raises OSError."""
    if not _is_written_by_us(folder, name):
        return False
    try:
        os.unlink(name, dir_fd=folder.descriptor())
    except FileNotFoundError:
        return False  # another process was faster
    return True


def forget(slot: Slot) -> bool:
    """Delete an entry, its marker and its locks; return whether there was an entry or a marker.

    Whoever renews it now finds no entry to keep. Raises OSError if the disk refuses.
    """
    try:
        slot.folder.descriptor()
    except FileNotFoundError:
        return False
    found = [unlink(slot.folder, slot.name + suffix) for suffix in ("", refusal.SUFFIX)]
    for suffix in (lock.SUFFIX, lock.SECOND):
        _remove_lock(slot.folder, slot.name, suffix)
    return any(found)


def forget_all(folder: Folder) -> None:
    """Delete every file of ours. Raises OSError if the disk refuses."""
    try:
        names = os.listdir(folder.descriptor())
    except FileNotFoundError:
        return
    for match in _matches(_NAME, names):
        if not match["suffix"] or match["suffix"] == refusal.SUFFIX:
            unlink(folder, match[0])
        else:
            _remove_lock(folder, match["slot"], match["suffix"])
    _sweep_temporary(folder, names)


def grants(folder: Folder, profile: str, settings: Source) -> "Iterator[str]":
    """Yield the grants of which the cache has an entry of a profile, or another trace."""
    try:
        names = os.listdir(folder.descriptor())
    except FileNotFoundError:
        return
    matches = _matches(_NAME, names)
    wanted = (profile, settings.key)
    yield from {m["grant"] or "" for m in matches if (m["profile"], m["key"]) == wanted}


def sweep(folder: Folder, settings: Source, profiles: "Collection[str]") -> None:
    """Delete what nobody needs: ended entries, and those of profiles that no longer exist.

    And what killed processes left more than an hour ago, and locks and indexes without entries.
    Only under the lock of the entry. Raises OSError if the disk refuses.
    """
    names = os.listdir(folder.descriptor())
    _sweep_temporary(folder, names)
    found = {match["slot"]: match for match in _matches(_NAME, names)}
    for match in found.values():
        if not _is_useless(folder, match, names, settings, profiles):
            continue
        held = lock.take(folder, match["slot"])
        if held is None:
            continue  # a renewal is under way
        if _is_useless(folder, match, names, settings, profiles):
            unlink(folder, match["slot"])
            unlink(folder, match["slot"] + refusal.SUFFIX)
            _remove_lock(folder, match["slot"], lock.SECOND)
            if _is_written_by_us(folder, match["slot"] + lock.SUFFIX):
                held.remove()
        held.release()


def _is_useless(
    folder: Folder,
    match: re.Match[str],
    names: "Collection[str]",
    settings: Source,
    profiles: "Collection[str]",
) -> bool:
    """Return whether nobody will request what a slot has."""
    is_index, is_own = match["profile"] == INDEX_NAME, match["key"] == settings.key
    if is_own and not is_index and match["profile"] not in profiles:
        return True
    if is_index and (is_own or any(_is_of(name, match["key"]) for name in names)):
        return False
    data = cache.read_data(folder, match["slot"])
    if is_index or not data:
        ages_s = [_age_s(folder, match["slot"] + each) for each in _SUFFIXES]
        return next((age_s > UNUSED_S for age_s in ages_s if age_s is not None), False)
    lines = cache.read_lines(folder, match["slot"], ENTRY)
    # Without lines it is damaged, or of another version, if it is ours at all.
    return int(lines[6]) <= time.time() if lines else data.startswith(cache.OURS)


def _is_of(name: str, key: str) -> bool:
    """Return whether a file is an entry of a source."""
    return name.endswith(f"-{key}") and name[0] not in "@."


def _age_s(folder: Folder, name: str) -> float | None:
    """Return the seconds since a file was written, None if it is not there."""
    status = lock.look(folder, name)
    return time.time() - status.st_mtime if status else None


def _remove_lock(folder: Folder, name: str, suffix: str) -> None:
    """Delete a lock that is there, unless somebody holds it. Raises OSError."""
    if _is_written_by_us(folder, name + suffix) and (held := lock.take(folder, name, suffix)):
        held.remove()


def _sweep_temporary(folder: Folder, names: "Collection[str]") -> None:
    """Delete the temporary files of ours that killed processes left more than an hour ago."""
    for match in _matches(_TEMPORARY, names):
        if not re.fullmatch(_NAME, match["name"]):
            continue
        status = lock.look(folder, match[0])
        if status and cache.is_ours(status) and status.st_mtime < time.time() - LITTER_S:
            # Another process may have just renamed it: storing goes on.
            with suppress(FileNotFoundError):
                os.unlink(match[0], dir_fd=folder.descriptor())
