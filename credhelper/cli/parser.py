"""The command line's grammar, for argparse; its help is the reference."""

import argparse
import functools
import os
import re
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import NoReturn

from credhelper import __version__
from credhelper.cli import grammar
from credhelper.config import schema
from credhelper.errors import ConfigError, UsageError
from credhelper.system import registry
from credhelper.system.registry import COMMANDS, PROTOCOLS

# Of one width, so that what is printed of it elsewhere is the same on every machine.
FORMAT = functools.partial(argparse.HelpFormatter, width=80)
# The parts of argparse's messages that are our own words; the rest quotes what was typed, and a
# secret may have been typed.
_MISSING = re.compile(r"the following arguments are required: ([A-Z, ]+)")
_NO_VALUE = re.compile(r"argument ([-a-z/, ]+): expected (?:one|at least one) argument")
_BAD_VALUE = re.compile(r"argument ([-a-zA-Z/, ]+): (?:invalid|ignored explicit argument)")
_TOGETHER = re.compile(r"argument ([-a-zA-Z/, ]+): not allowed with argument ([-a-zA-Z/, ]+)")
_NO_COMMAND = re.compile(r"argument COMMAND: invalid choice: '(\w{1,20})'")
_OPTION = re.compile(r"--[a-z-]{1,20}")
EPILOG = "exit status: 64 usage, 78 config, 77 denied, 75 temporary, 76 protocol, 74 io, 70 bug"


class _Parser(argparse.ArgumentParser):
    """argparse with our exit class; it works by subclasses alone."""

    def error(self, message: str) -> NoReturn:
        hint = f"see `{self.prog} --help`"
        if match := _NO_COMMAND.match(message):
            names = ["get", "as", *registry.own_names(COMMANDS)]
            hint = _near(match[1], names, otherwise=hint)
        raise UsageError(_problem(message), hint=hint)


def _problem(message: str) -> str:
    """Return what argparse has found wrong, without a word that was typed."""
    if match := _MISSING.match(message):
        return f"{match[1].strip()} is missing"
    if match := _NO_VALUE.match(message):
        return f"{match[1]} needs a value"
    if match := _BAD_VALUE.match(message):
        if match[1] == "COMMAND":
            return "there is no such command"
        return f"{match[1]} does not take that value"
    if match := _TOGETHER.match(message):
        return f"{match[1]} and {match[2]} exclude each other"
    return "the command line is wrong"


def _near(word: str, known: list[str], *, otherwise: str) -> str:
    """Return the hint that names the known word which was meant, if one is near."""
    found = schema.nearest(word, known)
    return found if found.startswith("did") else otherwise


def _unknown(command: str, rest: Sequence[str], parser: argparse.ArgumentParser) -> UsageError:
    """Return the error for words that the command does not take."""
    hint = f"see `credhelper {command} --help`"
    options = [word.partition("=")[0] for word in rest if word[:1] == "-"]
    if not options:
        return UsageError(f"there is a word too many after {command}", hint=hint)
    arguments = next(each.options for each in grammar.read(parser) if each.name == command)
    known = [flag for each in arguments for flag in each.flags]
    if options[0] in known:
        hint = f"write it after the command: credhelper {command} {options[0]}"
        return UsageError(f"{options[0]} stands before the command", hint=hint)
    if not _OPTION.fullmatch(options[0]):  # a secret may begin with a hyphen
        return UsageError(f"{command} has no such option", hint=hint)
    hint = _near(options[0], known, otherwise=hint)
    return UsageError(f"{command} has no option `{options[0]}`", hint=hint)


def parse(arguments: Sequence[str]) -> SimpleNamespace:
    """Return the options, `command` among them. Raises UsageError, and SystemExit for `--help`.

    Without any argument a person at a terminal gets the overview, and a program the error.

    `child` is what follows a `--`: words of another command, that no option of ours is taken from.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    parser = build()
    if not arguments and os.isatty(2):
        parser.print_help(sys.stderr)
        raise SystemExit(UsageError.status)
    found, rest = parser.parse_known_args(arguments[:end])
    if rest:
        raise _unknown(found.command, rest, parser)
    options = vars(found)
    return SimpleNamespace(
        question=None, child=list(arguments[end + 1 :]), parser=parser, **options
    )


def add_min_ttl(command: argparse.ArgumentParser) -> None:
    """Add `--min-ttl`, in seconds. Raises UsageError when it is parsed and no duration."""

    def seconds(text: str) -> float:
        try:
            return schema.duration_s(text, key="--min-ttl")
        except ConfigError as error:
            raise UsageError(error.problem, hint=error.hint) from None

    what = "remaining life it needs"
    command.add_argument(
        "--min-ttl", dest="min_ttl_s", type=seconds, default=0.0, metavar="DURATION", help=what
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
    what = f"one of {', '.join(registry.own_names(PROTOCOLS))}"
    speak.add_argument("protocol", metavar="PROTOCOL", help=what)
    what = "and what the dialect adds"
    speak.add_argument("words", nargs="*", default=[], metavar="PROFILE", help=what)

    for command in (get, speak):
        command.add_argument(
            "--fresh", action="store_true", help="ask the server, even if a token is cached"
        )
        add_min_ttl(command)

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
