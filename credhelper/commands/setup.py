"""Print how a caller is configured to run it, or put that in place."""

import os
from argparse import ArgumentParser
from importlib import metadata
from types import SimpleNamespace

from credhelper import output, profile, secret, setups, step
from credhelper.contracts import Setup
from credhelper.errors import BugError, ConfigError, OutputError, UsageError
from credhelper.place import Place


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("protocol", metavar="PROTOCOL")
    parser.add_argument("profile", nargs="?", default="", metavar="PROFILE")
    parser.add_argument("--write", action="store_true", help="and put it in place")


def run(options: SimpleNamespace) -> int:
    """Print a caller's configuration; with `options.write` put it in place and say so; return 0.

    Raises CredhelperError; what was done before it stays, and was told.
    """
    setup = setups.find(options.protocol)
    place = _place(options)
    if options.write:
        _write(setup, place)
        return 0
    output.write(setup.text(place))
    if options.verbose or os.isatty(2):
        output.complain(f"credhelper: {setup.WHERE}")
    return 0


def _place(options: SimpleNamespace) -> Place:
    """Return what the configuration is made of: with a profile its hosts, else those of all."""
    profiles = profile.load(os.environ, options.config)
    if options.profile:
        profiles.get(options.profile)
    rules = [rule.pattern for rule in profiles.rules() if options.profile in ("", rule.profile)]
    hidden = {"VAULT_TOKEN", "BAO_TOKEN", *secret.holders(profiles.tables)}
    environ = {name: value for name, value in os.environ.items() if name not in hidden}
    return Place(options.profile, tuple(dict.fromkeys(rules)), _folder(), environ)


def _folder() -> str:
    """Return where the installer has put our executables: beside no other command's, perhaps."""
    for file in metadata.files("credhelper") or []:
        if file.name == "credhelper" and file.parts[0] != "credhelper":
            return os.path.dirname(os.path.abspath(file.locate()))
    raise BugError("the installed executables are not recorded", hint="install credhelper anew")


def _write(setup: Setup, place: Place) -> None:
    steps = getattr(setup, "steps", None)
    if steps is None:
        raise UsageError("nothing but you can write that caller's file", hint=setup.WHERE)
    todo: list[step.Step] = steps(place)
    output.write("".join(f"{each.line}\n" for each in todo) or "nothing to do\n")
    try:
        _act(todo)
    except OSError as error:
        what = f"the disk refused it ({error.strerror})"
        raise OutputError(what, hint="check owner and mode of the files named above") from None
    if todo and steps(place):
        msg = "the change was made and has no effect"
        raise ConfigError(msg, hint=f"see what overrides it, or: {setup.WHERE}")
    if rest := getattr(setup, "rest", None):
        output.write(f"{setup.WHERE}:\n{rest(place)}")


def _act(todo: list[step.Step]) -> None:
    """Copy the files first, all of them, then change them. Raises OSError."""
    for path in dict.fromkeys(path for each in todo for path in each.files):
        if copy := step.back_up(path):
            output.write(f"copy: {path} to {copy}\n")
    for each in todo:
        each.act()
