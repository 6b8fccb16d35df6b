"""A table of settings read into a frozen type; every error names the key and the nearest right one.

The fields of the type are the keys that exist, so there is no second list of them.
"""

import dataclasses
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TypeVar

from credhelper.errors import ConfigError
from credhelper.system import characters

T = TypeVar("T")
_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m|h)?")
NEAR = 0.6  # difflib's own cutoff
_NOTHING: Mapping[str, object] = {}
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def nearest(word: str, choices: list[str]) -> str:
    """Return `did you mean …?` with the closest choice, or the list of them all."""
    import difflib  # 13 ms, and only ever needed by a person who mistyped

    def likeness(choice: str) -> tuple[float, int]:
        ratio = difflib.SequenceMatcher(None, choice, word).ratio()
        return ratio, -abs(len(choice) - len(word))

    close = max(choices, key=likeness, default="")
    is_near = likeness(close)[0] >= NEAR
    return f"did you mean `{close}`?" if is_near else f"known: {', '.join(sorted(choices))}"


def duration_s(text: str, *, key: str) -> float:
    """Return seconds for `20s`, `5m`, `1h`, `500ms` or a bare number of seconds."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ConfigError(f"{key} is not a duration", hint='write it like "20s" or "5m"')
    return float(match[1]) * _UNIT_S[match[2] or "s"]


def parse(
    kind: type[T], table: Mapping[str, object], *, key: str, given: Mapping[str, object] = _NOTHING
) -> T:
    """Return an instance of the dataclass `kind`; a field's metadata may hold `parse`.

    `parse(value, key)` replaces the check that the value is a string without control characters.
    `given` are values of fields that are no keys; nor is one with `is_key` in its metadata, whose
    value is `key`. Raises ConfigError for an unknown key, a missing one, or a value of the wrong
    kind.
    """
    all_fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    fields = {name: all_fields[name] for name in keys(kind) if name not in given}
    values = {**given, **dict.fromkeys(all_fields.keys() - keys(kind), key)}
    for name, value in table.items():
        if name not in fields:
            raise ConfigError(f"{key}.{name} is not a key", hint=nearest(name, list(fields)))
        read: Callable[[object, str], object] = fields[name].metadata.get("parse", string)
        values[name] = read(value, f"{key}.{name}")
    for name, field in fields.items():
        required = field.default is field.default_factory is dataclasses.MISSING
        if required and name not in values:
            raise ConfigError(f"{key}.{name} is missing", hint="add it")
    return kind(**values)


def keys(kind: type) -> list[str]:
    """Return the keys of a table of that kind: its fields, but for the one with the table's own."""
    return [field.name for field in dataclasses.fields(kind) if "is_key" not in field.metadata]


def string(value: object, key: str) -> str:
    """Return a non-empty string without control characters: they forge lines elsewhere."""
    if not isinstance(value, str):
        raise ConfigError(f"{key} is not a printable string", hint="write it in quotes")
    if not value:
        raise ConfigError(f"{key} is not a printable string: it is empty", hint="write one")
    if unseen := characters.fault(value):
        hint = "write it without that character"
        raise ConfigError(f"{key} is not a printable string: it {unseen}", hint=hint)
    return value


def seconds(value: object, key: str) -> float:
    """Return a duration in seconds."""
    return duration_s(string(value, key), key=key)


def switch(value: object, key: str) -> bool:
    """Return a truth value; the environment has only words for it."""
    if value in (True, "true", "1"):
        return True
    if value in (False, "false", "0"):
        return False
    raise ConfigError(f"{key} is neither true nor false", hint="write true or false")


def strings(value: object, key: str) -> tuple[str, ...]:
    """Return a list of strings; a single string is split at commas, for the environment."""
    items = [each.strip() for each in value.split(",")] if isinstance(value, str) else value
    if not isinstance(items, list):
        raise ConfigError(f"{key} is not a list", hint='write it like ["api.example.com"]')
    return tuple(string(item, key) for item in items)


def mapping(value: object, key: str) -> Mapping[str, object]:
    """Return a table as it is, for whoever checks it later."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"{key} is not a table", hint=f"write [{key}]")
    return value


def pairs(value: object, key: str) -> tuple[tuple[str, str], ...]:
    """Return a table of strings as sorted pairs."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"{key} is not a table", hint='write it like { resource = "urn:api" }')
    return tuple(sorted((name, string(item, f"{key}.{name}")) for name, item in value.items()))


def meanings(kind: type) -> dict[str, tuple[str, str]]:
    """Return what each key means, and its default in words ("required" where it has none).

    They stand in the source, as a string below each field: `MEANING; default WORDS`.
    """
    import ast  # only for who reads about keys, not for who uses them
    import inspect

    (definition,) = ast.parse(inspect.getsource(kind)).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    found = {}
    for node, after in pairwise(body):
        if isinstance(node, ast.AnnAssign) and isinstance(after, ast.Expr):
            text = " ".join(ast.literal_eval(after.value).split())
            meaning, _words, default = text.partition("; default ")
            found[ast.unparse(node.target)] = (meaning, default or "required")
    return found
