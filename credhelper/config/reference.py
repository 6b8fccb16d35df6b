"""Secret references: which backend, which path, which field; never the secret itself."""

from dataclasses import dataclass

from credhelper.config import pasted, schema
from credhelper.errors import ConfigError
from credhelper.system import registry
from credhelper.system.registry import BACKENDS


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
        text = schema.string(value, key)
        backend, colon, rest = text.partition(":")
        path, _hash, field = rest.partition("#")
        if not colon or not path or not backend.isidentifier():
            raise ConfigError(f"{key} is not a secret reference", hint=pasted.hint(text) or hint)
        if not registry.is_known(BACKENDS, backend):
            msg = f"{key} is not a reference to a known backend"
            hint = pasted.hint(text) or f"known: {', '.join(registry.names(BACKENDS))}; or {hint}"
            raise ConfigError(msg, hint=hint)
        return cls(backend, path, field)

    def __str__(self) -> str:
        """Return the reference as it is written in the config."""
        return f"{self.backend}:{self.path}" + (f"#{self.field}" if self.field else "")
