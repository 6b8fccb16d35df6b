"""Secrets in the environment: `env:NAME`."""

import os

from credhelper.errors import ConfigError


def read(path: str, field: str, settings: object) -> str:
    """Return the variable's value; see `contracts.Backend`."""
    del settings
    if field:
        raise ConfigError(f"env:{path} has no fields", hint="remove the part from # on")
    if not os.environ.get(path):
        raise ConfigError(f"the environment variable {path} is not set", hint=f"set {path}")
    return os.environ[path]
