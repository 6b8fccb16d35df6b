"""Print how a caller is configured to run it, or put that in place."""

import os
import sysconfig
from argparse import ArgumentParser
from importlib import metadata
from types import SimpleNamespace

import credhelper
from credhelper.cli.setup import caller, change
from credhelper.cli.setup.caller import Setup
from credhelper.cli.setup.target import Target
from credhelper.config import profile
from credhelper.errors import ConfigError, OutputError, UsageError
from credhelper.secrets import secret
from credhelper.system import child, output


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("protocol", metavar="PROTOCOL")
    parser.add_argument("profile", nargs="?", default="", metavar="PROFILE")
    parser.add_argument("--write", action="store_true", help="and put it in place")


def run(options: SimpleNamespace) -> int:
    """Print a caller's configuration; with `options.write` put it in place and say so; return 0.

    Raises CredhelperError; what was done before it stays, and was told.
    """
    setup = caller.find(options.protocol)
    target = _target(options)
    if options.write:
        _write(setup, target)
        return 0
    output.write(setup.text(target))
    if options.verbose or os.isatty(2):
        output.complain(f"credhelper: {setup.WHERE}")
    return 0


def _target(options: SimpleNamespace) -> Target:
    """Return what the configuration is made of: with a profile its hosts, else those of all."""
    profiles = profile.load(os.environ, options.config)
    if options.profile:
        profiles.get(options.profile)
    rules = [rule.pattern for rule in profiles.rules() if options.profile in ("", rule.profile)]
    environ = child.environment(os.environ, holders=secret.holders(profiles.tables), keep=())
    return Target(options.profile, tuple(dict.fromkeys(rules)), _folder(), environ)


def _folder() -> str:
    """Return where our executables are: as the installer recorded, else where one puts them.

    Distributions remove that record. Raises ConfigError if there are none.
    """
    try:
        recorded = metadata.files("credhelper") or []
    except metadata.PackageNotFoundError:
        recorded = []
    ours = os.path.dirname(os.path.dirname(os.path.abspath(credhelper.__file__)))
    usual = (sysconfig.get_path("scripts", each) for each in sysconfig.get_scheme_names())
    folders = (
        *(os.path.dirname(each.locate()) for each in recorded if each.name == "credhelper"),
        *(sysconfig.get_path("scripts"), f"{ours}/bin", *usual),
    )
    for folder in folders:
        if os.path.isfile(f"{folder}/credhelper"):
            return os.path.abspath(folder)
    hint = "install credhelper anew"
    raise ConfigError("the executables of credhelper are nowhere beside this Python", hint=hint)


def _write(setup: Setup, target: Target) -> None:
    changes = getattr(setup, "changes", None)
    if changes is None:
        msg = "credhelper cannot edit this caller's configuration"
        raise UsageError(msg, hint=f"paste what `setup` prints without --write: {setup.WHERE}")
    todo: list[change.Change] = changes(target)
    output.write("".join(f"{each.line}\n" for each in todo) or "nothing to do\n")
    try:
        _act(todo)
    except OSError as error:
        what = f"the disk refused it ({error.strerror})"
        raise OutputError(what, hint="check owner and mode of the files named above") from None
    if todo and changes(target):
        msg = "the change was made and has no effect"
        raise ConfigError(msg, hint=f"see what overrides it, or: {setup.WHERE}")
    if rest := getattr(setup, "rest", None):
        output.write(f"{setup.WHERE}:\n{rest(target)}")


def _act(todo: list[change.Change]) -> None:
    """Copy the files first, all of them, then change them. Raises OSError."""
    for path in dict.fromkeys(path for each in todo for path in each.files):
        if copy := change.back_up(path):
            output.write(f"copy: {path} to {copy}\n")
    for each in todo:
        each.act()
