"""What the command line offers: parsers, options and topics, read from the code."""

import argparse
import pkgutil

from credhelper.cli import parser
from credhelper.cli.commands import help as command
from credhelper.cli.help import topics

TOPICS = [module.name for module in pkgutil.iter_modules(topics.__path__)]


def grammar() -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command; "" is credhelper's own."""
    root = parser.build()
    inner = next(each.choices for each in root._actions if isinstance(each.choices, dict))  # noqa: SLF001
    return {"": root, **inner}


def options(command: argparse.ArgumentParser) -> list[str]:
    """Return every spelling of every option."""
    return sorted(flag for each in command._actions for flag in each.option_strings)  # noqa: SLF001


def text(topic: str) -> str:
    """Return what there is to say of a topic."""
    return command.text(topic, parser.build())
