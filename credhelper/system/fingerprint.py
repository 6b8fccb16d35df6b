"""A mark that distinguishes one value of a secret from another, and does not reveal it."""

import os

from credhelper import cache

# Values that `backends.env` took out of the environment, so that no child inherits them.
TAKEN: dict[str, str] = {}


def of_value(value: str, salt: str) -> str:
    """Return a salted hash of a secret's value, with its salt (16 hex digits)."""
    from _blake2 import blake2b  # `hashlib` costs 2 ms, of a refused caller's 10

    data = value.encode("utf-8", "surrogateescape")
    return f"{salt} {blake2b(data, digest_size=16, salt=bytes.fromhex(salt)).hexdigest()}"


def of_file(path: str) -> str | None:
    """Return the stamp of a file, None if it cannot be read."""
    try:
        return cache.file_stamp(path, os.stat(path))
    except (OSError, ValueError):
        return None
