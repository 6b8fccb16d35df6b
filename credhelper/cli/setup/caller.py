"""The caller that is configured: its module by its name, and what that must offer."""

import importlib
import pkgutil
from typing import Protocol as Contract

from credhelper import caller
from credhelper.cli import protocol_names
from credhelper.cli.setup import callers
from credhelper.cli.setup.target import Target
from credhelper.errors import UsageError


class Setup(Contract):
    """A module that configures one caller to run us.

    If the caller's own command, a format library or a link can put it in place, it also has
    `changes(target) -> list[Change]`, what is still to be done; `removals(target)`, what undoes it;
    and `rest(target) -> str`, if something is left to paste, or to delete, by hand; and `SILENT`,
    its name, if it shows nobody what we say on stderr.
    """

    WHERE: str  # where the text belongs, as an order to the reader

    def text(self, target: Target) -> str:
        """Return the configuration, all of it.

        Raises ConfigError if the profile has no hosts, and the caller names one.
        """
        ...


def names() -> list[str]:
    """Return the names of all callers that can be configured."""
    return [module.name for module in pkgutil.iter_modules(callers.__path__)]


def programs() -> list[str]:
    """Return the names of programs that a setup is known by as well."""
    return sorted(name for name in protocol_names.callers() if name not in names())


def find(name: str) -> Setup:
    """Return the setup of a caller, by its own name or its protocol's. Raises UsageError."""
    known = names()
    spoken = [] if name in known else protocol_names.of_caller(name)
    if len(spoken) > 1:
        hint = f"write one of {', '.join(spoken)}"
        raise UsageError(f"{name.lower()} speaks {' and '.join(spoken)}", hint=hint)
    name = "".join(spoken) or name
    if name in known:
        found: Setup = importlib.import_module(f"{callers.__name__}.{name}")
        return found
    if caller.load(name):
        hint = f"run `credhelper as {name} PROFILE` where the token is needed"
        raise UsageError(f"`{name}` needs no configuration", hint=hint)
    raise protocol_names.unknown("caller", name, [*known, *programs()])
