"""The protocol that a caller speaks, for people who know the caller's name alone."""

from collections.abc import Iterable

from credhelper import caller
from credhelper.config import schema
from credhelper.errors import UsageError
from credhelper.system import registry
from credhelper.system.registry import PROTOCOLS


def unknown(what: str, name: str, known: Iterable[str]) -> UsageError:
    """Return the error for a word that is none of the known ones; a caller's leads to its own.

    A protocol lists in `CALLERS` the programs that speak it under another name.
    """
    for protocol in registry.own_names(PROTOCOLS):
        if name.lower() in getattr(caller.own(protocol), "CALLERS", ()):
            return UsageError(f"{name.lower()} speaks `{protocol}`", hint=f"write `{protocol}`")
    return UsageError(f"there is no such {what}", hint=schema.nearest(name, list(known)))
