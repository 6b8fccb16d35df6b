"""One file per command, `get` and `as` aside; the contract is `contracts.Command`."""

import importlib
import pkgutil

from credhelper.contracts import Command


def names() -> list[str]:
    """Return the names of the commands that are here."""
    return [module.name for module in pkgutil.iter_modules(__path__)]


def find(name: str) -> Command:
    """Return a command's module. Raises ImportError for a name that is none."""
    module: Command = importlib.import_module(f"{__name__}.{name}")
    return module
