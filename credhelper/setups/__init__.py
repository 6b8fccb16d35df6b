"""One file per caller that can be configured; the contract is `contracts.Setup`."""

import importlib
import pkgutil

from credhelper import table
from credhelper.contracts import Setup
from credhelper.errors import UsageError


def find(name: str) -> Setup:
    """Return the setup of a caller. Raises UsageError."""
    known = [module.name for module in pkgutil.iter_modules(__path__)]
    if name not in known:
        raise UsageError("that caller is unknown", hint=table.nearest(name, known))
    found: Setup = importlib.import_module(f"{__name__}.{name}")
    return found
