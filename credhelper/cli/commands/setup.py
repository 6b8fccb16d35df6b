"""Print how a caller is configured to run it, put that in place, or remove it."""

import os
import sysconfig
from argparse import ArgumentParser
from collections.abc import Callable
from importlib import metadata
from types import SimpleNamespace

import credhelper
from credhelper.cli.setup import caller
from credhelper.cli.setup.caller import Setup
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target
from credhelper.config import load
from credhelper.errors import ConfigError, OutputError, UsageError
from credhelper.secrets import secret
from credhelper.system import child, files, output

_NO_EDITOR = "credhelper cannot edit this caller's configuration"


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    what = f"one of {', '.join(caller.names())}; or a program: {', '.join(caller.programs())}"
    parser.add_argument("caller", metavar="CALLER", help=what)
    parser.add_argument("profile", nargs="?", default="", metavar="PROFILE")
    edit = parser.add_mutually_exclusive_group()
    edit.add_argument("--write", action="store_true", help="and put it in place")
    edit.add_argument("--remove", action="store_true", help="undo what --write did")


def run(options: SimpleNamespace) -> int:
    """Print a caller's configuration, or put it in place or remove it and say so; return 0.

    Raises CredhelperError; what was done before it stays, and was printed.
    """
    setup = caller.find(options.caller)
    target = _target(options)
    if options.write or options.remove:
        (_write if options.write else _remove)(setup, target)
        return 0
    output.write(setup.text(target))
    if options.verbose or os.isatty(2):
        output.complain(f"credhelper: {setup.WHERE}")
    return 0


def _target(options: SimpleNamespace) -> Target:
    """Return what the configuration is made of. Raises ConfigError."""
    profiles = load.profiles(os.environ, options.config)
    if options.profile and not options.remove:
        profiles.get(options.profile)
    return Target(
        options.profile,
        profiles=profiles,
        rules=tuple(profiles.rules()),
        folder=_folder(),
        environ=child.environment(os.environ, holders=secret.holders(profiles.tables), keep=()),
    )


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
    hint = "install credhelper again"
    raise ConfigError("the executables of credhelper are not beside this Python", hint=hint)


def _write(setup: Setup, target: Target) -> None:
    changes = getattr(setup, "changes", None)
    if changes is None:
        hint = f"paste what `setup` prints without --write: {setup.WHERE}"
        raise UsageError(_NO_EDITOR, hint=hint)
    _make(changes, target, hint=f"see what overrides it, or: {setup.WHERE}")
    if rest := getattr(setup, "rest", None):
        output.write(f"{setup.WHERE}:\n{rest(target)}")
    if hasattr(setup, "SILENT"):
        words = f"credhelper check {target.profile or 'PROFILE'}"
        output.write(f"{setup.SILENT} shows no message of ours; without a token run: {words}\n")


def _remove(setup: Setup, target: Target) -> None:
    removals = getattr(setup, "removals", None)
    if removals is None:
        hint = "delete by hand what `setup` prints without --remove"
        raise UsageError(_NO_EDITOR, hint=hint)
    _make(removals, target, hint="see what else sets it")
    if rest := getattr(setup, "rest", None):
        output.write(f"delete this by hand, where it was pasted:\n{rest(target)}")


def _make(open_changes: Callable[[Target], list[Change]], target: Target, *, hint: str) -> None:
    """Print the changes that are still open, then make them. Raises ConfigError, OutputError."""
    todo = open_changes(target)
    output.write("".join(f"{each.line}\n" for each in todo) or "nothing to do\n")
    try:
        _act(todo)
    except OSError as error:
        msg = f"the disk refused it ({error.strerror})"
        raise OutputError(msg, hint="check owner and mode of the files named above") from None
    if todo and open_changes(target):
        raise ConfigError("the change was made and has no effect", hint=hint)


def _act(todo: list[Change]) -> None:
    """Copy the files first, all of them, then change them. Raises OSError."""
    for path in dict.fromkeys(path for each in todo for path in each.files):
        if copy := files.back_up(path):
            output.write(f"copy: {path} to {copy}\n")
    for each in todo:
        each.act()
