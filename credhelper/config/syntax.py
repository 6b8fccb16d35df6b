"""Values of a profile whose form a standard defines: checked before any request is made.

Errors name the key, never the value: it may be a secret in the wrong place.
"""

import re
from urllib.parse import urlsplit

from credhelper.config import schema
from credhelper.errors import ConfigError

_PROXIES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


def scope(value: object, key: str) -> str:
    """Return scopes with one space between them (RFC 6749 section 3.3)."""
    text = schema.string(value, key)
    if "" in text.split(" "):
        raise ConfigError(f"{key} has a space too many", hint="write one space between scopes")
    _only(text.replace(" ", ""), r"[!#-\[\]-~]", key)
    return text


def client_id(value: object, key: str) -> str:
    """Return printable ASCII (RFC 6749 appendix A.1)."""
    return _only(schema.string(value, key), "[ -~]", key)


def username(value: object, key: str) -> str:
    """Return a user of Basic authentication, whose colon would end it (RFC 7617 section 2)."""
    return _only(schema.string(value, key), "[^:]", key)


def form_values(value: object, key: str) -> tuple[tuple[str, str], ...]:
    """Return a table of strings as sorted pairs; a name is printable as well."""
    found = schema.pairs(value, key)
    for name, _text in found:
        schema.string(name, f"a name in {key}")
    return found


def proxy(value: object, key: str) -> str:
    """Return the address of a proxy, `http://` if it says nothing else; a password may be in it."""
    text = schema.string(value, key)
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        is_good = bool(parts.hostname) and parts.port != 0 and parts.scheme in _PROXIES
    except ValueError:
        is_good = False
    if not is_good or " " in text:
        hint = f'write it like "http://proxy.example.com:3128"; known: {", ".join(_PROXIES)}'
        raise ConfigError(f"{key} is not the address of a proxy", hint=hint)
    return text


def _only(text: str, permitted: str, key: str) -> str:
    """Return the text if it has only characters of that class. Raises ConfigError."""
    left = re.sub(permitted, "", text)
    if left:
        name = left[0] if left.isascii() else f"the character U+{ord(left[0]):04X}"
        hint = "correct it: the standard does not allow that character there"
        raise ConfigError(f"{key} has {name} in it", hint=hint)
    return text
