"""The command line's grammar, for argparse; its help is the reference."""

import argparse
from collections.abc import Sequence
from types import SimpleNamespace
from typing import NoReturn

from credhelper import __version__
from credhelper.errors import UsageError

EPILOG = "exit status: 64 usage, 78 config, 77 denied, 75 temporary, 76 protocol, 74 io, 70 bug"


class _Parser(argparse.ArgumentParser):
    """argparse with our exit class; it knows no other way than a subclass."""

    def error(self, message: str) -> NoReturn:
        # argparse quotes what was typed, and a secret may have been typed.
        del message
        raise UsageError("the command line is wrong", hint=f"see `{self.prog} --help`")


def parse(arguments: Sequence[str]) -> SimpleNamespace:
    """Return the options, `command` among them. Raises UsageError, and SystemExit for `--help`."""
    return SimpleNamespace(question=None, **vars(_parser().parse_args(arguments)))


def _parser() -> argparse.ArgumentParser:
    what = "print an OAuth access token; the client secret stays in its manager"
    parser = _Parser(prog="credhelper", description=what, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"credhelper {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)

    get = commands.add_parser("get", help="print the token as JSON", epilog=EPILOG)
    get.add_argument("profile", nargs="?", default="", metavar="PROFILE")

    speak = commands.add_parser("as", help="print it in another tool's dialect", epilog=EPILOG)
    speak.add_argument("protocol", metavar="PROTOCOL")
    speak.add_argument("words", nargs="*", metavar="PROFILE", help="and what the dialect adds")

    for command in (get, speak):
        command.add_argument("--fresh", action="store_true", help="past the cache")
        command.add_argument(
            "--min-ttl", default="0s", metavar="DURATION", help="remaining life it needs"
        )

    listing = commands.add_parser("list", help="show profiles and the state of their tokens")

    forget = commands.add_parser("forget", help="drop cached tokens")
    which = forget.add_mutually_exclusive_group()
    which.add_argument("profile", nargs="?", default="", metavar="PROFILE")
    which.add_argument("--all", action="store_true", help="of all profiles of all configs")

    demo = commands.add_parser("demo", help="try it offline, with an embedded server")
    demo.add_argument("--serve", action="store_true", help="keep that server running")

    for command in (get, speak, listing, forget, demo):
        command.add_argument("-v", "--verbose", action="store_true", help="say what happens")
    for command in (get, speak, listing, forget):
        command.add_argument(
            "--config", default="", metavar="FILE", help="instead of the usual one"
        )
    return parser
