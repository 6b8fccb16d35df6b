"""The secret at a reference, and what its backend knows about it."""

import dataclasses
import logging
from collections.abc import Iterator, Mapping

from credhelper.config import schema
from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError, CredhelperError, ProtocolError
from credhelper.secrets.backend import find, visit
from credhelper.secrets.field import of_text
from credhelper.system import characters, deadline, redaction, registry
from credhelper.system.registry import BACKENDS


class Secret:
    """A value that shows itself to `reveal` alone: not to repr, str, format or a traceback.

    What others say later is searched for it: see `foreign`.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        redaction.hide(value)

    def __repr__(self) -> str:
        """Return no part of the value."""
        return "Secret(<redacted>)"

    def __eq__(self, other: object) -> bool:
        """Compare the values, to notice a rotation."""
        return isinstance(other, Secret) and self._value == other._value

    __hash__ = None  # type: ignore[assignment]

    def reveal(self) -> str:
        """Return the value, for the one place that sends it."""
        return self._value


def read(reference: SecretRef, settings: Mapping[str, object], *, key: str) -> Secret:
    """Return the secret. Raises the backend's CredhelperError, ConfigError for an unfit value."""
    parsed = settings_of(reference, settings, key=key)
    logging.getLogger(__name__).info("reading %s", reference)
    with deadline.waiting_for(f"{reference}"), visit(reference.backend) as module:
        value: object = module.read(reference.path, reference.field, parsed)
    return _checked(value, reference)


def read_previous(
    reference: SecretRef, settings: Mapping[str, object], *, key: str
) -> Secret | None:
    """Return the version before the current one, None where there is none. Raises as `read`."""
    parsed = settings_of(reference, settings, key=key)
    with visit(reference.backend) as module:
        read_version = getattr(module, "read_previous", None)
        value: object = None
        if read_version is not None:
            value = read_version(reference.path, reference.field, parsed)
    return _checked(value, reference) if value else None


def describe(
    reference: SecretRef, settings: Mapping[str, object], *, key: str
) -> Iterator[tuple[str, str]]:
    """Return what the backend says of us, then of the secret; nothing if it has no `describe`.

    Each with the next step where something needs one, else "". Raises ConfigError at once for
    wrong settings and a wrong reference, the backend's errors as it goes on.
    """
    parsed = settings_of(reference, settings, key=key)
    with visit(reference.backend) as module:
        tell = getattr(module, "describe", None)
        told = iter(tell(reference.path, reference.field, parsed) if tell else ())
    return _told(reference, told)


def _told(reference: SecretRef, told: Iterator[object]) -> Iterator[tuple[str, str]]:
    try:
        while True:
            with visit(reference.backend):
                each: object = next(told, None)
            if each is None:
                return
            texts = each if isinstance(each, tuple) else (each, "")
            if not registry.is_own(BACKENDS, reference.backend):
                texts = tuple(map(redaction.sentence, texts))
            yield str(texts[0]), str(texts[1])
    finally:
        if close := getattr(told, "close", None):  # what it holds open ends now
            with visit(reference.backend):
                close()


def check(reference: SecretRef, settings: Mapping[str, object], *, key: str) -> None:
    """Raise ConfigError for settings or a reference that are wrong by their form; nothing is read.

    A third party's reference is not looked at: its `describe` may begin to work at once.
    """
    parsed = _parsed(reference, settings, key=key)
    if registry.is_own(BACKENDS, reference.backend):
        tell = getattr(find(reference.backend), "describe", None)
        if tell:
            tell(reference.path, reference.field, parsed)


def settings_of(reference: SecretRef, settings: Mapping[str, object], *, key: str) -> object:
    """Return the backend's settings, its references in them read. Raises ConfigError."""
    parsed = _parsed(reference, settings, key=key)
    return _resolved(parsed, key=f"{key}.{reference.backend}")


def _parsed(reference: SecretRef, settings: Mapping[str, object], *, key: str) -> object:
    """Return the backend's settings, with references. Raises ConfigError."""
    parsed: object = None
    with visit(reference.backend) as module:
        kind = getattr(module, "Settings", None)
        try:
            parsed = (
                schema.parse(kind, settings, key=f"{key}.{reference.backend}") if kind else None
            )
        except ConfigError as error:
            parsed = error
    if isinstance(parsed, ConfigError):  # the table's words, which name the key: none of a guest's
        raise parsed
    if kind is None and settings:
        hint = "remove the table"
        raise ConfigError(f"{key}: backend {reference.backend} takes no settings", hint=hint)
    return parsed


def _checked(value: object, reference: SecretRef) -> Secret:
    if not isinstance(value, str):
        msg = f"backend {reference.backend} returned no text for {reference}"
        raise ProtocolError(msg, hint="report it to who wrote that backend")
    value = of_text(value, "", what=f"the secret at {reference}")
    if not value:
        raise ConfigError(f"the secret at {reference} is empty", hint="store it again")
    if fault := characters.fault(value):
        hint = "store it again without that"
        raise ConfigError(f"the secret at {reference} {fault}", hint=hint)
    return Secret(value)


def variables(reference: SecretRef) -> tuple[str, ...]:
    """Return the environment variables that decide, beside the config, which secret is meant."""
    with visit(reference.backend) as module:
        return tuple(map(str, getattr(module, "VARIABLES", ())))


def state(reference: SecretRef) -> Mapping[str, str | None]:
    """Return marks that distinguish the secret's value from another one at the same place.

    A shared refusal is bound to it; {} where the place has one value for everybody.
    """
    with visit(reference.backend) as module:
        tell = getattr(module, "state", None)
        return dict(tell(reference.path)) if tell else {}


def store_hint(reference: SecretRef) -> str:
    """Return what a person does to put the secret where the reference says, in a line or more."""
    with visit(reference.backend) as module:
        hint = getattr(module, "store_hint", None)
        path, field = (part.partition("?")[0] for part in (reference.path, reference.field))
        text = str(hint(path, field)) if hint else ""
    return text or f"Put the client secret where {reference} says."


def holders(settings: object) -> set[str]:
    """Return the environment variables that hold secrets, as `env:` references anywhere in a table.

    No child of ours may inherit them.
    """
    if isinstance(settings, Mapping):
        return set().union(*map(holders, settings.values()))
    name = settings.removeprefix("env:") if isinstance(settings, str) else settings
    return {str(name)} if name != settings else set()


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
            changes[item.name] = _inner(value, key=f"{key}.{item.name}")
        elif dataclasses.is_dataclass(value):
            changes[item.name] = _resolved(value, key=f"{key}.{item.name}")
    return dataclasses.replace(settings, **changes)


def _inner(reference: SecretRef, *, key: str) -> Secret:
    """Return the secret at a reference within settings. Errors name its key, not `client_secret`.

    Raises as `read`.
    """
    if reference.backend not in ("env", "file"):
        hint = "use env:NAME or file:/path for it"
        raise ConfigError(f"{key} is read by {reference.backend}", hint=hint)
    try:
        return read(reference, {}, key=key)
    except CredhelperError as error:
        error.problem = f"{key}: {error.problem}"
        error.args = (error.problem,)
        raise
