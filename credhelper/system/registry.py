"""What can be added as one file: ours by the files of a folder, third parties' by entry points."""

import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import EntryPoint


@dataclass(frozen=True)
class Kind:
    """A kind of module: the package whose files are ours, and the entry point group ("" for none).

    `what` is its name in an error.
    """

    what: str
    package: str
    group: str = ""


BACKENDS = Kind("backend", "credhelper.secrets.backends", "credhelper.backends")
PROTOCOLS = Kind("protocol", "credhelper.protocols", "credhelper.protocols")
COMMANDS = Kind("command", "credhelper.cli.commands")


def own_names(kind: Kind) -> list[str]:
    """Return the names of our own modules of a kind."""
    import pkgutil  # 3 ms, which no call for a token need pay

    folder = importlib.import_module(kind.package)
    return [module.name for module in pkgutil.iter_modules(folder.__path__)]


def names(kind: Kind) -> list[str]:
    """Return the names of all modules of a kind on this machine, ours and third parties'."""
    return sorted({*own_names(kind), *(point.name for point in _entry_points(kind))})


def is_own(kind: Kind, name: str) -> bool:
    """Return whether a module is ours."""
    # `__init__` and `__pycache__` are found as well, and are no modules of a kind.
    is_name = name.isidentifier() and name[0] != "_"
    return is_name and importlib.util.find_spec(f"{kind.package}.{name}") is not None


def is_known(kind: Kind, name: str) -> bool:
    """Return whether there is such a module on this machine."""
    return is_own(kind, name) or _entry_point(kind, name) is not None


def load(kind: Kind, name: str) -> Any:  # noqa: ANN401 - the caller knows the kind's contract
    """Return a module. Raises ImportError if it cannot be imported, LookupError if there is none.

    A third party's runs its own code: call it within `guest.visit`.
    """
    if is_own(kind, name):
        return importlib.import_module(f"{kind.package}.{name}")
    if point := _entry_point(kind, name):
        return point.load()
    raise LookupError(name)


def _entry_point(kind: Kind, name: str) -> "EntryPoint | None":
    return next((point for point in _entry_points(kind) if point.name == name), None)


def _entry_points(kind: Kind) -> "Iterable[EntryPoint]":
    from importlib.metadata import entry_points  # 25 ms, and never for our own modules

    return entry_points(group=kind.group) if kind.group else ()
