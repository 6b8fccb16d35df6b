"""Endpoints: an absolute https URL with nothing hidden in it, and what errors say of it."""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from credhelper.errors import ConfigError
from credhelper.hosts import is_loopback

# RFC 3986 section 2. A backslash above all ends the host for urllib3, but not for urlsplit.
_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")


@dataclass(frozen=True)
class Peer:
    """A server that we ask: its URL, its role in a sentence, and the key that names it.

    `ca` and `proxy` are the configuration's own, "" for the environment's. `place` replaces the
    address in sentences.
    """

    url: str
    role: str
    key: str = "the address"
    ca: str = ""
    # It may hold a password.
    proxy: str = field(default="", repr=False)
    place: str = ""

    @property
    def whom(self) -> str:
        """The role and the address, as in `Vault at vault.example:8200`."""
        return f"{self.role} at {self.place or place_of(self.url)}"


def host_of(url: str) -> str:
    """Return the host of a URL, lower case; "" if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def endpoint(url: str, *, key: str) -> str:
    """Return the URL as it is, after the checks. Raises ConfigError that names the key.

    Only https, and http on loopback: RFC 6749 section 3.2 wants TLS. No user part, no fragment,
    nothing but the characters of RFC 3986.
    """
    hint = f"set {key} to an https:// address"
    if not _CHARACTERS.fullmatch(url):
        msg = f"{key} has characters that no URL has"
        raise ConfigError(msg, hint=hint)
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        msg = f"{key} is not a URL"
        raise ConfigError(msg, hint=hint) from None
    if fault := _fault(parts):
        raise ConfigError(f"{key} {fault}", hint=hint)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        msg = f"{key} for {host} does not start with https:// (http:// is for loopback only)"
        raise ConfigError(msg, hint=hint)
    return url


def _fault(parts: SplitResult) -> str:
    """Return what no endpoint may have, in words that follow its key; "" if there is nothing."""
    host = parts.hostname or ""
    faults = {
        "does not start with https://": not host and parts.scheme not in ("https", "http"),
        "names no host": not host,
        # A percent sign is another character for urllib3, and so another host.
        "has a percent sign in its host": "%" in host,
        "has a user part": parts.username is not None or parts.password is not None,
        "has a fragment, the part from # on": bool(parts.fragment),
    }
    return next((words for words, is_so in faults.items() if is_so), "")


def place_of(url: str) -> str:
    """Return the host of a URL and its port, where one is written."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    place = f"[{host}]" if ":" in host else host
    return f"{place}:{parts.port}" if parts.port else place
