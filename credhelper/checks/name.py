"""The name of the token endpoint's host."""

import socket

from credhelper import transport, url
from credhelper.errors import ConfigError, TemporaryError
from credhelper.walk import Walk, needed


def check(walk: Walk) -> tuple[str, str]:
    """Return what the resolver says, unless a proxy asks it. Raises ConfigError, TemporaryError."""
    profile = needed(walk.profile)
    host = url.host_of(profile.address)
    with transport.open_session(profile.address, ca=profile.ca, proxy=profile.proxy) as session:
        proxy = session.proxies.get("https") or session.proxies.get("all") or ""
    numbers = [] if proxy else _resolve(host, profile.address_key)
    walk.proxy = proxy
    return f"{host} is {', '.join(numbers)}" if numbers else f"{host}, which the proxy looks up", ""


def _resolve(host: str, key: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_NONAME:
            raise ConfigError(f"the name {host} does not exist", hint=f"correct {key}") from None
        hint = f"check this machine's resolver (/etc/resolv.conf), or correct {key}"
        raise TemporaryError(f"the resolver has no answer for {host}", hint=hint) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
