"""Drop cached tokens."""

import os
from argparse import ArgumentParser
from types import SimpleNamespace

from credhelper import cache, profile, store


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("profile", nargs="?", default="", metavar="PROFILE")
    which.add_argument("--all", action="store_true", help="of all profiles of all configs")


def run(options: SimpleNamespace) -> int:
    """Delete the entries of one profile, or the whole cache; return 0."""
    where = cache.directory(os.environ)
    if options.all:
        store.forget(where, "")
        return 0
    profiles = profile.load(os.environ, options.config)
    name = profiles.choose(options.profile or os.environ.get("CREDHELPER_PROFILE", ""))
    for grant in ("", "sts"):
        store.forget(where, profiles.source.entry_name(name, grant))
    return 0
