"""The proxy on the way to a server: the profile's own, else the environment's."""

import importlib.util
import os
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from credhelper.errors import ConfigError

_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_SOCKS = ("socks4", "socks4a", "socks5", "socks5h")


def find(url: str, own: str) -> str:
    """Return the proxy's address, with a scheme; "" for none.

    Raises ConfigError, naming the key or the variable, for what is no proxy or needs PySocks.
    """
    found = own or select_proxy(url, get_environ_proxies(url)) or ""
    if not found:
        return ""
    address = found if "://" in found else f"http://{found}"
    scheme, named = address.partition("://")[0].lower(), source(own)
    if scheme in _SOCKS and importlib.util.find_spec("socks") is None:
        hint = f"install PySocks beside credhelper, or set {named} to an http:// proxy"
        raise ConfigError(f"{named} names a SOCKS proxy, which needs PySocks", hint=hint)
    if scheme not in ("http", "https", *_SOCKS) or not _is_host(address):
        hint = f"set {named} like http://host:port"
        raise ConfigError(f"{named} is no address of a proxy", hint=hint)
    return address


def source(own: str) -> str:
    """Return the name of the key or variable that names the proxy."""
    if own:
        return "`proxy`"
    return next((name for name in _VARIABLES if os.environ.get(name)), "the system's proxy")


def _is_host(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
