"""The profiles, where their secrets live, and the state of their tokens; never a value."""

import os
import time

from credhelper import cache
from credhelper.errors import ConfigError
from credhelper.profile import Profile, Profiles


def lines(profiles: Profiles) -> list[str]:
    """Return a line per profile; one that is broken hides no other."""
    found = []
    for name in profiles.tables:
        mark = "*" if name == profiles.default else " "
        try:
            item = profiles.get(name)
        except ConfigError as error:
            found.append(f"{mark} {name}\t{error.line()}\n")
            continue
        endpoint = item.token_url or item.issuer
        found.append(f"{mark} {name}\t{endpoint}\t{item.client_secret}\t{_state(profiles, item)}\n")
    return found


def _state(profiles: Profiles, item: Profile) -> str:
    where, name = cache.directory(os.environ), profiles.source.entry_name(item.name)
    entry = cache.read(where, name, os.environ)
    if entry is None or entry.identity != item.identity():
        return "no token"
    if not entry.serves(time.time()):
        return "expired"
    return f"valid until {entry.token.expiration()}"
