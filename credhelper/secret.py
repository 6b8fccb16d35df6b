"""Secret references: which backend, which path, which field; and how a backend is found."""

import dataclasses
import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from credhelper import table
from credhelper.contracts import Backend
from credhelper.errors import ConfigError

GROUP = "credhelper.backends"  # the entry point group of third parties' backends


class Secret:
    """A value that shows itself to `reveal` alone: not to repr, str, format or a traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        """Return no part of the value."""
        return "Secret(<redacted>)"

    def __eq__(self, other: object) -> bool:
        """Compare the values: a rotation is told by it."""
        return isinstance(other, Secret) and self._value == other._value

    __hash__ = None  # type: ignore[assignment]

    def reveal(self) -> str:
        """Return the value, for the one place that sends it."""
        return self._value


@dataclass(frozen=True)
class SecretRef:
    """Where a secret lives, never its value: `vault:secret/itwin#client_secret`."""

    backend: str
    path: str
    field: str = ""

    @classmethod
    def parse(cls, value: object, key: str) -> "SecretRef":
        """Return `BACKEND:PATH[#FIELD]`, parsed. Raises ConfigError, without quoting the value.

        What is no reference may well be the secret itself, put in the wrong place.
        """
        hint = "write where it lives, e.g. vault:secret/itwin#client_secret or env:NAME"
        if isinstance(value, cls):
            return value
        if not value:
            raise ConfigError(f"{key} is missing", hint=hint)
        text = table.string(value, key)
        backend, colon, rest = text.partition(":")
        path, _hash, field = rest.partition("#")
        if not colon or not path or not backend.isidentifier():
            raise ConfigError(f"{key} is not a secret reference", hint=hint)
        if _spec(backend) is None and _entry_point(backend) is None:
            msg = f"{key} is not a reference to a known backend"
            raise ConfigError(msg, hint=f"known: {', '.join(backends())}; or {hint}")
        return cls(backend, path, field)

    def __str__(self) -> str:
        """Return the reference as it is written in the config."""
        return f"{self.backend}:{self.path}" + (f"#{self.field}" if self.field else "")


def backends() -> list[str]:
    """Return the names of all backends on this machine, ours and third parties'."""
    import pkgutil
    from importlib.metadata import entry_points

    from credhelper import backends as ours

    names = {module.name for module in pkgutil.iter_modules(ours.__path__)}
    return sorted(names | {point.name for point in entry_points(group=GROUP)})


def read(reference: SecretRef, settings: Mapping[str, object], *, key: str) -> Secret:
    """Return the secret. Raises the backend's CredhelperError, ConfigError for an unfit value."""
    backend = find(reference.backend)
    value = backend.read(reference.path, reference.field, _settings(reference, settings, key=key))
    return _checked(value, reference)


def read_previous(
    reference: SecretRef, settings: Mapping[str, object], *, key: str
) -> Secret | None:
    """Return the version before the current one, None where there is none. Raises as `read`."""
    read_version = getattr(find(reference.backend), "read_previous", None)
    if read_version is None:
        return None
    parsed = _settings(reference, settings, key=key)
    value = read_version(reference.path, reference.field, parsed)
    return _checked(value, reference) if value else None


def describe(reference: SecretRef, settings: Mapping[str, object], *, key: str) -> Iterator[str]:
    """Return what the backend tells of us, then of the secret; nothing if it tells nothing.

    Raises ConfigError for wrong settings at once, the backend's errors as it goes on.
    """
    backend = find(reference.backend)
    parsed = _settings(reference, settings, key=key)
    tell = getattr(backend, "describe", None)
    return iter(()) if tell is None else tell(reference.path, reference.field, parsed)


def _settings(reference: SecretRef, settings: Mapping[str, object], *, key: str) -> object:
    """Return the backend's settings, its references in them read."""
    kind = getattr(find(reference.backend), "Settings", None)
    if kind is None and settings:
        hint = "remove the table"
        raise ConfigError(f"{key}: backend {reference.backend} takes no settings", hint=hint)
    parsed = table.parse(kind, settings, key=f"{key}.{reference.backend}") if kind else None
    return _resolved(parsed, key=key)


def _checked(value: str, reference: SecretRef) -> Secret:
    if not value or not value.isprintable():
        msg = f"the secret at {reference} is empty or has a line break or control character"
        raise ConfigError(msg, hint="store it again without a trailing newline")
    return Secret(value)


def variables(reference: SecretRef) -> tuple[str, ...]:
    """Return the environment variables that decide, beside the config, which secret is meant."""
    return tuple(getattr(find(reference.backend), "VARIABLES", ()))


def holders(settings: object) -> set[str]:
    """Return the environment variables that hold secrets, as `env:` references anywhere in a table.

    No child of ours may inherit them.
    """
    if isinstance(settings, Mapping):
        return set().union(*map(holders, settings.values()))
    name = settings.removeprefix("env:") if isinstance(settings, str) else settings
    return {str(name)} if name != settings else set()


def find(name: str) -> Backend:
    """Return a backend's module. Raises ConfigError if it is not to be had."""
    try:
        if _spec(name):
            module: Backend = importlib.import_module(f"credhelper.backends.{name}")
            return module
        if point := _entry_point(name):
            loaded: Backend = point.load()  # type: ignore[attr-defined]
            return loaded
    except ImportError as error:
        hint = f"install {error.name or 'what it needs'}"
        raise ConfigError(f"backend {name} cannot be imported", hint=hint) from None
    raise ConfigError(f"there is no backend {name}", hint=table.nearest(name, backends()))


def _spec(name: str) -> object:
    # `__init__` and `__pycache__` are found as well, and are no backends.
    return None if name[:1] == "_" else importlib.util.find_spec(f"credhelper.backends.{name}")


def _entry_point(name: str) -> object:
    from importlib.metadata import entry_points  # 25 ms, and never for our own backends

    return next(iter(entry_points(group=GROUP, name=name)), None)


def _resolved(settings: object, *, key: str) -> object:
    """Return settings in which each secret reference (`role secrets are references, too`) is read.

    Only from env and file: a manager behind a manager could go in circles.
    """
    if settings is None or not dataclasses.is_dataclass(settings) or isinstance(settings, type):
        return settings
    changes: dict[str, object] = {}
    for item in dataclasses.fields(settings):
        value = getattr(settings, item.name)
        if isinstance(value, SecretRef):
            if value.backend not in ("env", "file"):
                hint = "use env:NAME or file:/path for it"
                raise ConfigError(f"{key}: {item.name} is read by {value.backend}", hint=hint)
            changes[item.name] = read(value, {}, key=key)
        elif dataclasses.is_dataclass(value):
            changes[item.name] = _resolved(value, key=key)
    return dataclasses.replace(settings, **changes)
