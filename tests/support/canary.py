"""Search for a secret in whatever shape it might leak, and remember which secrets there are."""

import base64
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

# One per kind and session, so that a leak tells which one it is.
CLIENT_SECRET = f"kanari-klient-{secrets.token_hex(8)}"
AWS_SECRET_ACCESS_KEY = f"canary-aws/{secrets.token_hex(12)}+"
PROXY_PASSWORD = f"canary-proxy-{secrets.token_hex(8)}"

# Shorter ones stand in paths and words by chance.
_LEAST = 12
_NAMES = re.compile(r"SECRET|TOKEN|PASSWORD|CANARY", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"://[^/@\s\"]*?:([^/@\s\"]+)@")
# What the tests have handed out so far: client secrets and passwords, and access tokens.
_secrets: set[str] = set()
_tokens: set[str] = set()
_permitted: set[str] = set()


def shapes(secret: str) -> set[bytes]:
    """Return a secret raw, in halves, and in the encodings that a log or a header would use."""
    raw = secret.encode()
    half = len(raw) // 2
    found = {raw, raw[:half], raw[half:], raw.hex().encode(), secret.encode("utf-16-le")}
    found |= {quote(secret, safe="").encode(), quote_plus(secret).encode()}
    found.add(json.dumps(secret)[1:-1].encode())
    for offset in range(3):
        # The middle of its base64, whatever stands before and after it.
        text = base64.b64encode(b"x" * offset + raw)
        found.add(text[4 if offset else 0 : len(text) // 4 * 4 - 4])
    return found


def leaks(data: bytes, *secrets: str) -> list[bytes]:
    """Return the shapes of the secrets that the data holds; [] is what a test wants."""
    return [shape for secret in secrets for shape in shapes(secret) if shape in data]


def learn(*values: object) -> None:
    """Remember secrets: strings, and those within JSON, tables and lists."""
    for value in values:
        if isinstance(value, Mapping):
            learn(*value.values())
        elif isinstance(value, str) and value.startswith("{"):
            learn(*_document(value))
        elif isinstance(value, str) and len(value) >= _LEAST and not _is_reference(value):
            _secrets.add(value)


def learn_tokens(tokens: Iterable[str]) -> None:
    """Remember access tokens."""
    _tokens.update(token for token in tokens if len(token) >= _LEAST)


def learn_environ(environ: Mapping[str, str]) -> None:
    """Remember what an environment holds of secrets, by the names of its variables."""
    learn(*(v for k, v in environ.items() if _NAMES.search(k)))
    learn_urls("\n".join(v for k, v in environ.items() if k.lower().endswith("_proxy")))


def learn_urls(text: str) -> None:
    """Remember the passwords of URLs in a text, as of a proxy in a config file."""
    learn(*_PASSWORD_IN_URL.findall(text))


def found_secrets(data: bytes) -> list[bytes]:
    """Return the shapes of remembered secrets that the data holds."""
    return leaks(data, *(_secrets - _permitted))


def found_tokens(data: bytes) -> list[bytes]:
    """Return the remembered access tokens that the data holds, as they are."""
    return [token.encode() for token in _tokens if token.encode() in data]


def permit(secret: str) -> None:
    """Let a secret be shown in this test: it is made for a person to read."""
    _permitted.add(secret)


def forget() -> None:
    """Start anew, for the next test."""
    for each in (_secrets, _tokens, _permitted):
        each.clear()


def _document(text: str) -> list[object]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return list(found.values()) if isinstance(found, dict) else []


def _is_reference(value: str) -> bool:
    """Return whether it says where a secret is: those stand in messages."""
    return value.startswith(("env:", "file:", "aws:", "vault:", "/", "http"))
