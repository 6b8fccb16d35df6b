"""The command line's grammar, for argparse; its help is the reference."""

import argparse
import functools
from collections.abc import Sequence
from types import SimpleNamespace
from typing import NoReturn

from credhelper import __version__
from credhelper.errors import UsageError
from credhelper.system import registry
from credhelper.system.registry import COMMANDS

# Of one width, so that what is printed of it elsewhere is the same on every machine.
FORMAT = functools.partial(argparse.HelpFormatter, width=80)
EPILOG = "exit status: 64 usage, 78 config, 77 denied, 75 temporary, 76 protocol, 74 io, 70 bug"


class _Parser(argparse.ArgumentParser):
    """argparse with our exit class; it knows no other way than a subclass."""

    def error(self, message: str) -> NoReturn:
        # argparse quotes what was typed, and a secret may have been typed.
        del message
        raise UsageError("the command line is wrong", hint=f"see `{self.prog} --help`")


def parse(arguments: Sequence[str]) -> SimpleNamespace:
    """Return the options, `command` among them. Raises UsageError, and SystemExit for `--help`.

    `child` is what follows a `--`: words of another command, that no option of ours is taken from.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    parser = build()
    options = vars(parser.parse_args(arguments[:end]))
    return SimpleNamespace(
        question=None, child=list(arguments[end + 1 :]), parser=parser, **options
    )


def build() -> argparse.ArgumentParser:
    """Return the grammar of all commands."""
    what = "print an OAuth access token; the client secret stays in its manager"
    parser = _Parser(prog="credhelper", description=what, epilog=EPILOG, formatter_class=FORMAT)
    parser.add_argument("--version", action="version", version=f"credhelper {__version__}")
    found = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)

    def add(name: str, about: str) -> argparse.ArgumentParser:
        return found.add_parser(
            name, help=about, description=about, epilog=EPILOG, formatter_class=FORMAT
        )

    get = add("get", "Print the token as JSON.")
    get.add_argument("profile", nargs="?", default="", metavar="PROFILE")

    speak = add("as", "Print it in another tool's dialect.")
    speak.add_argument("protocol", metavar="PROTOCOL")
    speak.add_argument("words", nargs="*", metavar="PROFILE", help="and what the dialect adds")

    for command in (get, speak):
        command.add_argument("--fresh", action="store_true", help="past the cache")
        command.add_argument(
            "--min-ttl", default="0s", metavar="DURATION", help="remaining life it needs"
        )

    for name in registry.own_names(COMMANDS):
        module = registry.load(COMMANDS, name)
        module.declare(add(name, (module.__doc__ or "").split("\n")[0]))

    for command in found.choices.values():
        command.add_argument("-v", "--verbose", action="store_true", help="say what happens")
        command.add_argument(
            "--error-format", choices=["text", "json"], default="text", help="of the line on stderr"
        )
        command.add_argument(
            "--config", default="", metavar="FILE", help="instead of the usual one"
        )
    return parser
