"""Print the script that completes the command line in a shell."""

import importlib
import os
import pkgutil
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType, SimpleNamespace

from credhelper import conversation, grammar, output, profile, protocols, setups, shells, topics
from credhelper.contracts import Shell
from credhelper.grammar import Argument, Command

PROFILES = "profiles"


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument(
        "shell",
        choices=[*_names(shells), PROFILES],
        metavar="SHELL",
        help="bash, fish, powershell or zsh; or `profiles`, for their names, one a line",
    )


def run(options: SimpleNamespace) -> int:
    """Write the shell's script, or the profiles' names; return 0. Raises ConfigError.

    Whoever asks for the names next is answered by the door.
    """
    if options.shell == PROFILES:
        profiles = profile.load(os.environ, options.config)
        conversation.write_index(profiles, profiles.rules())
        output.write("".join(f"{name}\n" for name in profiles.tables))
        return 0
    output.write(_find(options.shell).script(commands(options.parser)))
    return 0


def commands(parser: ArgumentParser) -> tuple[Command, ...]:
    """Return the command line's grammar, with the words that it leaves to the commands."""
    found = grammar.read(parser)
    words = {
        ("as", "PROTOCOL"): _names(protocols),
        ("setup", "PROTOCOL"): _names(setups),
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


def _find(name: str) -> Shell:
    shell: Shell = importlib.import_module(f"{shells.__name__}.{name}")
    return shell


def _dialects() -> Iterator[Argument]:
    """Return what follows the profile in a protocol that speaks to several shells."""
    for name in _names(protocols):
        if known := getattr(protocols.own(name), "SHELLS", ()):
            yield Argument((), "SHELL", words=tuple(known), slot=2, after=name)


def _names(package: ModuleType) -> tuple[str, ...]:
    return tuple(module.name for module in pkgutil.iter_modules(package.__path__))
