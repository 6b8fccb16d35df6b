"""Show profiles and the state of their tokens."""

import os
import time
from argparse import ArgumentParser
from types import SimpleNamespace

from credhelper import cache, output, profile
from credhelper.errors import ConfigError
from credhelper.profile import Profile, Profiles


def declare(_parser: ArgumentParser) -> None:
    """Add nothing: all profiles are shown."""


def run(options: SimpleNamespace) -> int:
    """Write a line per profile, never with a value of a secret or a token; return 0."""
    output.write("".join(lines(profile.load(os.environ, options.config))))
    return 0


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
        found.append(
            f"{mark} {name}\t{item.address}\t{item.client_secret}\t{_state(profiles, item)}\n"
        )
    return found


def _state(profiles: Profiles, item: Profile) -> str:
    where, name = cache.directory(os.environ), profiles.source.entry_name(item.name)
    entry = cache.read(where, name, os.environ)
    if entry is None or entry.identity != item.identity():
        return "no token"
    if not entry.serves(time.time()):
        return "expired"
    return f"valid until {entry.token.expiration()}"
