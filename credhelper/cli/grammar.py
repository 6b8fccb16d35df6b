"""The command line as data, for what is made of it: completions and the man page."""

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass

PROFILE = "PROFILE"
FILES = ("FILE", "PATH")


@dataclass(frozen=True)
class Argument:
    """An option or, without `flags`, a positional.

    `metavar` is "" for an option that takes no value; `words` are the values that are known.
    `count` is argparse's `nargs`, "" for exactly one. A positional stands at `slot`, counted from
    0, in some commands only `after` a certain first one.
    """

    flags: tuple[str, ...]
    metavar: str
    about: str = ""
    words: tuple[str, ...] = ()
    count: str = ""
    slot: int = 0
    after: str = ""


@dataclass(frozen=True)
class Command:
    """A command; the one without a name holds the options of `credhelper` itself."""

    name: str
    about: str
    help: str
    options: tuple[Argument, ...]
    positionals: tuple[Argument, ...]


def read(parser: ArgumentParser) -> tuple[Command, ...]:
    """Return every command, the one without a name first."""
    found = [_command("", parser)]
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        if isinstance(action.choices, dict):
            found += [_command(name, inner) for name, inner in action.choices.items()]
    return tuple(found)


def _command(name: str, parser: ArgumentParser) -> Command:
    arguments = list(_arguments(parser))
    options = tuple(argument for argument in arguments if argument.flags)
    positionals = tuple(argument for argument in arguments if not argument.flags)
    about = (parser.description or "").removesuffix(".")
    return Command(name, about, parser.format_help(), options, positionals)


def _arguments(parser: ArgumentParser) -> Iterator[Argument]:
    slot = 0
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        if isinstance(action.choices, dict):
            continue  # the commands themselves
        words = tuple(map(str, action.choices or ()))
        flags = tuple(action.option_strings)
        metavar = str(action.metavar or "|".join(words) or action.dest.upper())
        count = str(action.nargs or "")
        place = 0 if flags else slot
        yield Argument(
            flags,
            metavar="" if action.nargs == 0 else metavar,
            about=action.help or "",
            words=words,
            count=count,
            slot=place,
        )
        slot += not flags
