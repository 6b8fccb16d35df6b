"""The protocol that a caller speaks, for people who know the caller's name alone."""

from collections.abc import Iterable

from credhelper import caller
from credhelper.config import schema
from credhelper.errors import UsageError
from credhelper.system import registry
from credhelper.system.registry import PROTOCOLS


def unknown(what: str, name: str, known: Iterable[str]) -> UsageError:
    """Return the error for a word that is none of the known ones, with the nearest of them."""
    return UsageError(f"there is no such {what}", hint=schema.nearest(name, list(known)))


def of_caller(name: str) -> list[str]:
    """Return the protocols that a program speaks, by the lists `CALLERS` there."""
    return callers().get(name.lower(), [])


def callers() -> dict[str, list[str]]:
    """Return the protocols of each program that is known."""
    found: dict[str, list[str]] = {}
    for protocol in registry.own_names(PROTOCOLS):
        for name in getattr(caller.load(protocol), "CALLERS", ()):
            found.setdefault(name, []).append(protocol)
    return found
