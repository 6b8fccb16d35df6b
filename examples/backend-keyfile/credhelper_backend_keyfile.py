"""Secrets in a file of `name = value` lines: `keyfile:NAME`."""

from dataclasses import dataclass

from credhelper.errors import ConfigError, DeniedError


@dataclass(frozen=True)
class Settings:
    """The keys of `[profiles.NAME.keyfile]`; one without a default must be set."""

    path: str
    separator: str = "="


def read(path: str, field: str, settings: Settings) -> str:
    """Return the value of the line that begins with the name `path`."""
    if field:
        raise ConfigError(f"keyfile:{path} has no fields", hint="remove the part from # on")
    try:
        with open(settings.path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except PermissionError:
        hint = "check its owner and mode"
        raise DeniedError(f"{settings.path} may not be read", hint=hint) from None
    except (OSError, ValueError):
        hint = "check keyfile.path in the profile"
        raise ConfigError(f"{settings.path} is no text file", hint=hint) from None
    for line in lines:
        name, separator, value = line.partition(settings.separator)
        if separator and name.strip() == path:
            return value.strip()
    # Never the line itself: it may hold a secret.
    raise ConfigError(f"{settings.path} has no line {path} = …", hint="add it")
