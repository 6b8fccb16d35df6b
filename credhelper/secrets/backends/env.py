"""Secrets in the environment: `env:NAME`, or a field of JSON there: `env:NAME#FIELD`."""

import os
from collections.abc import Iterator

from credhelper.errors import ConfigError
from credhelper.secrets.field import Wanted, of_text, unversioned
from credhelper.system import fingerprint


def read(path: str, field: str, settings: object) -> str:
    """Return the variable's value; see `backend.Backend`.

    The variable is taken out of the environment: a process that AWS's chain starts must not
    inherit it.
    """
    del settings
    parts = _parsed(path, field)
    name = parts.path
    value = os.environ.pop(name) if name in os.environ else fingerprint.TAKEN.get(name, "")
    if not value:
        hint = f"set {name} to the secret, where credhelper is called"
        raise ConfigError(f"the environment variable {name} is not set", hint=hint)
    fingerprint.TAKEN[name] = value
    return of_text(value, parts.field, what=f"the environment variable {name}")


def describe(path: str, field: str, settings: object) -> Iterator[str]:
    """Return nothing: a variable has neither owner nor age; see `backend.Backend`."""
    del settings
    _parsed(path, field)
    return iter(())


def _parsed(path: str, field: str) -> Wanted:
    """Return the parts of a reference. Raises ConfigError."""
    parts = unversioned(path, field, kind="the environment variable")
    if "$" in parts.path or "=" in parts.path:
        # Not quoted: the value may stand behind the name.
        hint = "write env:NAME, without $, and without the value"
        raise ConfigError("the env: reference has more than a variable's name", hint=hint)
    return parts


def state(path: str) -> dict[str, str | None]:
    """Return a fingerprint of the variable's value: another shell may have another one."""
    value = fingerprint.TAKEN.get(path, os.environ.get(path, ""))
    return {f"#{path}": fingerprint.of_value(value, os.urandom(8).hex())}


def store_hint(path: str, _field: str) -> str:
    """Return how to store the secret; see `backend.Backend`."""
    if not (path.isascii() and path.isidentifier()):
        return ""
    words = f"stty -echo; IFS= read -r {path}; stty echo; export {path}"
    return f"Set the client secret where credhelper is called; this reads it unseen:\n  {words}"
