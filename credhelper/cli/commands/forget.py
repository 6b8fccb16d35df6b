"""Drop cached tokens."""

import os
from argparse import ArgumentParser
from types import SimpleNamespace

from credhelper import cache
from credhelper.config import load
from credhelper.errors import OutputError, word_for
from credhelper.renewal import removal


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("profile", nargs="?", default="", metavar="PROFILE")
    which.add_argument("--all", action="store_true", help="of all profiles of all configs")


def run(options: SimpleNamespace) -> int:
    """Delete the entries of one profile, or the whole cache; return 0.

    Raises ConfigError for a profile that neither the config nor the cache knows, OutputError.
    """
    folder = cache.Folder(cache.directory(os.environ))
    try:
        if options.all:
            removal.forget_all(folder)
        else:
            _forget_one(folder, options)
    except OSError as error:
        msg = f"nothing can be deleted in {folder.path} ({word_for(error)})"
        raise OutputError(msg, hint="see `credhelper check` for what is wrong with it") from None
    return 0


def _forget_one(folder: cache.Folder, options: SimpleNamespace) -> None:
    name = options.profile or os.environ.get("CREDHELPER_PROFILE", "")
    source = _source(options.config)
    if not cache.is_name(name) or not _forget(folder, source, name):
        profiles = load.profiles(os.environ, options.config)
        _forget(folder, source, profiles.choose(name))


def _source(config: str) -> cache.Source:
    environ = {**os.environ, "CREDHELPER_CONFIG": config} if config else os.environ
    return cache.source(environ)


def _forget(folder: cache.Folder, source: cache.Source, name: str) -> bool:
    """Delete a profile's entries, also of a removed profile; return whether there was one."""
    grants = list(removal.grants(folder, name, source))
    return sum(removal.forget(source.slot(folder, name, grant)) for grant in grants) > 0
