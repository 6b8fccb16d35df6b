"""Where the tests look for entries of the cache, and how they put some there."""

import os
import time
from pathlib import Path

from credhelper import cache
from credhelper.config import load
from credhelper.renewal import store
from credhelper.token import Entry, Token
from tests.conftest import Box


def slot(where: Path | str, profile: str = "x", grant: str = "", *, key: str = "0") -> cache.Slot:
    """Return a slot in a directory."""
    return cache.Slot(cache.Folder(str(where)), profile, grant=grant, key=key)


def of(
    where: Path | str, source: cache.Source, profile: str = "env", grant: str = ""
) -> cache.Slot:
    """Return the slot of a source's profile."""
    return source.slot(cache.Folder(str(where)), profile, grant)


def name(source: cache.Source, profile: str = "env", grant: str = "") -> str:
    """Return the name of a profile's file."""
    return of("/nowhere", source, profile, grant).name


def index_name(source: cache.Source) -> str:
    """Return the name of the index."""
    return name(source, cache.INDEX_NAME)


def damage(path: Path, data: bytes) -> None:
    """Put other bytes into an owner-only file."""
    path.write_bytes(data)
    os.chmod(path, 0o600)


def sealed(name: str, body: bytes) -> bytes:
    """Return a file's bytes with the right checksum, whatever the body says."""
    return f"{cache.HEADER}{cache.checksum(name, body)}\n".encode() + body


def plant(box: Box, *, life_s: float, renew_in_s: float) -> None:
    """Put a token into the cache as an earlier run would have left it."""
    environ, now = box.environ, time.time()
    source = cache.source(environ)
    profiles = load.profiles(environ)
    entry = Entry(
        Token("planted", token_type="Bearer", expires_at=int(now + life_s), scope=""),
        stamp=source.stamp,
        identity=profiles.get("").identity(),
        stored_at=now - 1,
        renew_at=int(now + renew_in_s),
        conditions={},
    )
    store.write(of(box.cache, source, profiles.default), entry)
    store.write_index(cache.Folder(str(box.cache)), source, profiles.index())
