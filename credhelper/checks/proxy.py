"""The proxy on the way to the token endpoint."""

import socket
from urllib.parse import urlsplit

from credhelper import transport
from credhelper.errors import ConfigError, TemporaryError
from credhelper.walk import Walk, needed

_PORTS = {"http": 80, "https": 443}


def check(walk: Walk) -> tuple[str, str]:
    """Return the proxy's host and port, never its user. Raises ConfigError, TemporaryError."""
    profile, proxy = needed(walk.profile), needed(walk.proxy)
    if not proxy:
        return "none", ""
    source = f"profiles.{profile.name}.proxy" if profile.proxy else "HTTPS_PROXY or ALL_PROXY"
    walk.proxy = None  # until it is known to answer
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 1080)
    except ValueError:
        hint = f"set {source} like http://host:port"
        raise ConfigError("the proxy's address is not a URL", hint=hint) from None
    try:
        socket.create_connection((host, port), transport.TIMEOUT_S[0]).close()
    except OSError:
        hint = f"correct {source}, or start the proxy"
        raise TemporaryError(f"the proxy {host}:{port} does not answer", hint=hint) from None
    walk.proxy = proxy
    return f"{host}:{port}, of {source}", ""
