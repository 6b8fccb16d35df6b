"""Explain a command or a topic."""

import importlib
import pkgutil
from argparse import ArgumentParser
from types import SimpleNamespace
from typing import Protocol as Contract

from credhelper.cli import grammar
from credhelper.cli.help import man, prose, topics
from credhelper.config import schema
from credhelper.errors import UsageError
from credhelper.system import output


class Topic(Contract):
    """A module that explains one topic; its docstring is the title."""

    def text(self) -> str:
        """Return the explanation in 80 columns, of `prose`'s blocks, with an empty line at the end.

        What the code knows comes from the code.
        """
        ...


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument(
        "topic", nargs="?", default="", metavar="TOPIC", help="a command, or one of the topics"
    )
    parser.add_argument("--man", action="store_true", help="print the manual page, as roff")


def run(options: SimpleNamespace) -> int:
    """Write what there is to say of the topic, of "" the list of them; return 0.

    Raises UsageError.
    """
    output.write(page(options.parser) if options.man else text(options.topic, options.parser))
    return 0


def text(topic: str, parser: ArgumentParser) -> str:
    """Return what there is to say of a topic or a command, in 80 columns; of "" their list.

    The parser is that of `parser.build`. Raises UsageError for what is neither.
    """
    commands = {command.name: command for command in grammar.read(parser)}
    known = [module.name for module in pkgutil.iter_modules(topics.__path__)]
    if not topic:
        abouts = [(name, command.about) for name, command in commands.items() if name]
        titles = [(name, prose.first_line(_find(name).__doc__)) for name in known]
        lists = (prose.definitions(abouts), "Topics:\n\n", prose.definitions(titles))
        return "".join(("Commands:\n\n", *lists)).removesuffix("\n")
    if topic in commands:
        return commands[topic].help
    if topic not in known:
        hint = schema.nearest(topic, [*(name for name in commands if name), *known])
        raise UsageError("that topic is unknown", hint=hint)
    return _find(topic).text().removesuffix("\n")


def page(parser: ArgumentParser) -> str:
    """Return the manual page credhelper(1), as roff."""
    found = [_find(module.name) for module in pkgutil.iter_modules(topics.__path__)]
    titles = [(topic.__doc__ or "").partition(":")[0] for topic in found]
    return man.page(
        grammar.read(parser), zip(titles, [topic.text() for topic in found], strict=True)
    )


def _find(name: str) -> Topic:
    topic: Topic = importlib.import_module(f"{topics.__name__}.{name}")
    return topic
