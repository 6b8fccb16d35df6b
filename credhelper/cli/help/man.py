"""The manual page credhelper(1), as roff: man(7)'s plainest macros, and ASCII alone."""

import re
from collections.abc import Iterable, Iterator, Sequence

from credhelper import __version__
from credhelper.cli.grammar import Argument, Command
from credhelper.cli.help.prose import INDENT, fill

DATE = "2026-11-24"  # of the last change of its text
# What roff would take for a command, or show as a character that cannot be pasted into a shell.
ESCAPES = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "~": r"\(ti", "^": r"\(ha", "…": "..."}
_TABLE = str.maketrans(ESCAPES)
_DEFINITION = re.compile(f"^(\\S.*)\n((?:{INDENT}.*\n)+)", re.MULTILINE)
_CODE = re.compile("`([^`]+)`")


def page(commands: Sequence[Command], sections: Iterable[tuple[str, str]]) -> str:
    """Return the page: the commands, then the sections, each a title and a text of `prose`."""
    root, *others = commands
    common = [option for option in others[0].options if all(option in c.options for c in others)]
    lines = [f'.TH CREDHELPER 1 {DATE} "credhelper {__version__}" "User Commands"']
    lines += [".SH NAME", _text(f"credhelper - {root.about}"), ".SH SYNOPSIS"]
    for command in others:
        lines += [_synopsis(command), ".br"]
    lines[-1:] = [".SH COMMANDS"]
    for command in others:
        lines += [".SS " + _synopsis(command), _text(f"{command.about}.")]
        lines += _listed(item for item in command.positionals if item.about)
        lines += _listed(option for option in command.options if option not in common)
    lines += [".SH OPTIONS", "Each command takes these, too:", *_listed(common)]
    lines += [".PP", "Without a command:", *_listed(o for o in root.options if o not in common)]
    for title, text in sections:
        first, *rest = _blocks(text)
        lines += [f".SH {title.upper()}", *([first] if first != ".PP" else []), *rest]
    return "\n".join(lines) + "\n"


def _synopsis(command: Command) -> str:
    words = [f"{_bold('credhelper ' + command.name)}", *map(_positional, command.positionals)]
    return " ".join(words)


def _positional(item: Argument) -> str:
    name = rf"\fI{_text(item.metavar)}\fR"
    return f"[{name}]" if item.count == "?" else f"[{name} ...]" if item.count == "*" else name


def _listed(items: Iterable[Argument]) -> Iterator[str]:
    for item in items:
        value = [rf"\fI{_text(item.metavar)}\fR"] if item.metavar else []
        flags = [", ".join(map(_bold, item.flags))] if item.flags else []
        yield from (".TP", " ".join([*flags, *value]), _text(item.about))


def _blocks(text: str) -> Iterator[str]:
    """Yield the roff of paragraphs, definitions and examples."""
    for block in text.strip("\n").split("\n\n"):
        lines = block.split("\n")
        if block.startswith(INDENT):
            yield from (".PP", ".RS 4", ".nf", *map(_text, lines), ".fi", ".RE")
        elif lines[-1].startswith(INDENT):
            for term, about in _DEFINITION.findall(block + "\n"):
                yield from (".TP", _bold(term), _text(about))
        else:
            yield from (".PP", _text(block))


def _bold(text: str) -> str:
    return rf"\fB{_text(text)}\fR"


def _text(text: str) -> str:
    r"""Return the text for roff; what stands in backquotes is bold, and no line starts a macro."""
    escaped = _CODE.sub(r"\\fB\1\\fR", text.translate(_TABLE))
    return re.sub(r"^(?=\.)", r"\\&", fill(escaped), flags=re.MULTILINE)
