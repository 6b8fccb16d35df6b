"""Print the script that completes the command line in a shell."""

import os
import pkgutil
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

from credhelper import caller, protocols
from credhelper.cli import completion, grammar
from credhelper.cli.completion.next_words import next_words
from credhelper.cli.grammar import Argument, Command
from credhelper.cli.help import topics
from credhelper.cli.setup import callers
from credhelper.config import load
from credhelper.errors import CredhelperError
from credhelper.system import output

STUBS = Path(completion.__file__).parent / "stubs"
PROFILES, WORDS = "profiles", "words"


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument(
        "shell",
        choices=[*shells(), PROFILES, WORDS],
        metavar="SHELL",
        help="bash, fish, powershell or zsh; or `profiles`, for their names, one a line; or "
        "`words -- CURRENT BEFORE …`, what may stand next, as the scripts ask",
    )


def shells() -> list[str]:
    """Return the shells that there is a stub for."""
    return sorted(path.name for path in STUBS.iterdir())


def run(options: SimpleNamespace) -> int:
    """Write what is asked for; return 0. Raises ConfigError for names of a broken config."""
    if options.shell == PROFILES:
        lines: Iterable[str] = load.profiles(os.environ, options.config).tables
    elif options.shell == WORDS:
        current, *before = options.child or [""]
        lines = next_words(commands(options.parser), current, before, profiles=_profiles)
    else:
        lines = (STUBS / options.shell).read_text().splitlines()
    output.write("".join(f"{line}\n" for line in lines))
    return 0


def _profiles() -> Iterable[str]:
    """Return the names of the profiles; none of a broken config."""
    try:
        return load.profiles(os.environ).tables
    except CredhelperError:
        return ()


def commands(parser: ArgumentParser) -> tuple[Command, ...]:
    """Return the command line's grammar, with the words that it leaves to the commands."""
    found = grammar.read(parser)
    words = {
        ("as", "PROTOCOL"): _names(protocols),
        ("setup", "CALLER"): _names(callers),
        ("help", "TOPIC"): (*(command.name for command in found[1:]), *_names(topics)),
    }
    return tuple(
        replace(
            command,
            positionals=(
                *(
                    replace(item, words=words.get((command.name, item.metavar), item.words))
                    for item in command.positionals
                ),
                *(_dialects() if command.name == "as" else ()),
            ),
        )
        for command in found
    )


def _dialects() -> Iterator[Argument]:
    """Return what follows the profile in a protocol that speaks to several shells."""
    for name in _names(protocols):
        if known := getattr(caller.load(name), "SHELLS", ()):
            yield Argument((), "SHELL", words=tuple(known), slot=2, after=name)


def _names(package: ModuleType) -> tuple[str, ...]:
    return tuple(module.name for module in pkgutil.iter_modules(package.__path__))
