"""What a caller orders, and what it gets."""

import os
import time
from dataclasses import dataclass

from credhelper import cache
from credhelper.config.profile import Profile
from credhelper.token import HARD_S, Entry, Token


@dataclass(frozen=True)
class Order:
    """What one caller asks for: the profile and its source, how long the token must live, how new.

    `newer_than` is a unix time: only a token stored later will do; 0 takes any from the cache.
    `grant` "sts" asks for the AWS keys that the token buys instead of the token itself. `placed_at`
    is the unix time when the call began, `until` the monotonic time when it must have ended.
    """

    profile: Profile
    source: cache.Source
    folder: cache.Folder
    placed_at: float
    until: float
    min_ttl_s: float = HARD_S
    newer_than: float = 0.0
    grant: str = ""

    def slot(self) -> cache.Slot:
        """Return where the cache has what is ordered."""
        return self.source.slot(self.folder, self.profile.name, self.grant)


@dataclass(frozen=True)
class Issued:
    """The entry, and a warning where the token was not got or kept as it should be."""

    entry: Entry
    warning: str = ""

    @property
    def token(self) -> Token:
        """The token."""
        return self.entry.token


def place(  # noqa: PLR0913 - what a caller may say
    profile: Profile,
    source: cache.Source,
    *,
    started: float,
    min_ttl_s: float = HARD_S,
    newer_than: float = 0.0,
    grant: str = "",
) -> Order:
    """Return an order of a call that began at `started` (monotonic)."""
    return Order(
        profile,
        source,
        cache.Folder(cache.directory(os.environ)),
        placed_at=time.time() - (time.monotonic() - started),
        until=started + profile.deadline,
        min_ttl_s=min_ttl_s,
        newer_than=newer_than,
        grant=grant,
    )
