"""Secrets in the environment: `env:NAME`."""

import os

from credhelper.errors import ConfigError

_taken: dict[str, str] = {}


def read(path: str, field: str, settings: object) -> str:
    """Return the variable's value; see `contracts.Backend`.

    The variable is taken out of the environment: a process that AWS's chain starts must not
    inherit it.
    """
    del settings
    if field:
        raise ConfigError(f"env:{path} has no fields", hint="remove the part from # on")
    value = os.environ.pop(path) if path in os.environ else _taken.get(path, "")
    if not value:
        raise ConfigError(f"the environment variable {path} is not set", hint=f"set {path}")
    _taken[path] = value
    return value
