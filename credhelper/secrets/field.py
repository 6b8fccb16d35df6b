"""Which string of a secret's document is meant: one rule for `#field`, whatever the backend."""

import json
import re
from typing import NamedTuple

from credhelper.errors import ConfigError
from credhelper.system import characters, redaction

NAMES_LIMIT = 8  # of the fields that an error names
_VERSION = r"(?s)(.*)\?version=([^?/]*)"
_POINTER = r"(/([^~/]|~[01])*)*"  # RFC 6901 section 3
_INDEX = r"0|[1-9][0-9]{0,8}"  # RFC 6901 section 4
_KINDS = {bool: "true or false", int: "a number", float: "a number", type(None): "null"}


class Wanted(NamedTuple):
    """What a reference means: a field ("" for none) of a path, in a version ("" for the newest)."""

    path: str
    field: str
    version: str


def wanted(path: str, field: str) -> Wanted:
    """Return the parts of a reference that has been split at its first `#`. Raises ConfigError.

    `?version=` counts at the very end of the path or of the field alone; any other `?` is literal.
    """
    versions = []
    for place, text in enumerate((path, field)):
        if found := re.fullmatch(_VERSION, text):
            versions.append(found[2])
            path, field = (found[1], field) if place == 0 else (path, found[1])
    if len(versions) > 1 or "" in versions:
        hint = "write it once, at the end, as ?version=3"
        raise ConfigError(f"the reference to {path} does not name one version", hint=hint)
    return Wanted(path, field, "".join(versions))


def unversioned(path: str, field: str, *, kind: str) -> Wanted:
    """Return the parts of a reference to what keeps no versions. Raises ConfigError for one."""
    parts = wanted(path, field)
    if parts.version:
        raise ConfigError(f"{kind} {parts.path} keeps no versions", hint="remove ?version=")
    return parts


def of_text(text: str, field: str, *, what: str) -> str:
    """Return a text that is the secret itself or, if a field is named, JSON that has it.

    A JSON object or list is never the secret: it holds others'. Raises ConfigError, which never
    quotes a value.
    """
    text = characters.without_bom(text)
    if not field:
        return _single(text, what)
    if not isinstance(_opened(text), dict | list):
        hint = f"remove #{field} from the reference, or store JSON"
        raise ConfigError(f"{what} is not JSON with fields", hint=hint)
    return of_document(text, field, what=what)


def of_document(document: object, field: str, *, what: str) -> str:
    """Return the string at a field of decoded JSON. Raises ConfigError, which never quotes a value.

    `/a/b` is an RFC 6901 pointer; else the field is a key; else a dotted path of keys. Each goes
    through objects, lists and strings that hold JSON.
    """
    value = document
    for key in _keys(document, field):
        inner = _opened(value)
        if isinstance(inner, dict) and key in inner:
            value = inner[key]
        elif isinstance(inner, list) and re.fullmatch(_INDEX, key) and int(key) < len(inner):
            value = inner[int(key)]
        else:
            hint = f"check the part after #{_listed(inner, '; there are ')}"
            raise ConfigError(f"{what} has no field {field}", hint=hint)
    if isinstance(value, str):
        return _single(characters.without_bom(value), f"field {field} of {what}")
    if isinstance(value, dict | list):
        raise _several(value, f"field {field} of {what}")
    msg = f"field {field} of {what} is {_KINDS.get(type(value), 'no text')}"
    raise ConfigError(msg, hint="store it as text, in quotes")


def _keys(document: object, field: str) -> list[str]:
    if field.startswith("/"):
        if not re.fullmatch(_POINTER, field):
            raise ConfigError(f"{field} is no JSON pointer", hint="write ~ as ~0 and / as ~1")
        return [key.replace("~1", "/").replace("~0", "~") for key in field[1:].split("/")]
    opened = _opened(document)
    # A key that has dots itself goes before a path of keys.
    return [field] if isinstance(opened, dict) and field in opened else field.split(".")


def _single(text: str, what: str) -> str:
    """Return a text that is one secret. Raises ConfigError for a JSON object or list."""
    if text.lstrip()[:1] in ("{", "[", '"'):
        document = _opened(text)
        if isinstance(document, dict | list):
            raise _several(document, what)
    return text


def _several(document: dict[str, object] | list[object], what: str) -> ConfigError:
    """Return the error for what holds more than one secret: never is all of it sent."""
    kind = "a JSON object" if isinstance(document, dict) else "a list"
    msg = f"{what} is {kind}{_listed(document, ' with the fields ')}"
    return ConfigError(msg, hint="name the one that is the secret after #, as in #client_secret")


def _opened(value: object) -> object:
    """Return what a string holds, where that is JSON; everything else as it is."""
    while isinstance(value, str):
        try:
            value = json.loads(characters.without_bom(value))
        except ValueError:
            return value
        except RecursionError:
            return []  # JSON beyond all sense: nothing can be found in it
    return value


def _listed(document: object, before: str) -> str:
    """Return some names of an object's fields, sorted; none that is a part of a value beside it."""
    if not isinstance(document, dict):
        return ""
    _hide(document)
    found = sorted(filter(redaction.name, document))[:NAMES_LIMIT]
    more = " and others" if len(found) < len(document) else ""
    names = redaction.names(found)
    return f"{before}{names}{more}" if names else ""


def _hide(value: object) -> None:
    """Let no string of a document be shown from now on."""
    if isinstance(value, str):
        redaction.hide(value)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            _hide(each)
