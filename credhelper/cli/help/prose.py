"""Text of 80 columns: paragraphs, and lists of a term and what it means."""

import textwrap
from collections.abc import Iterable

COLUMNS = 80
INDENT = "    "


def paragraph(text: str) -> str:
    """Return the text in lines of at most 80 columns, with an empty line after it."""
    return fill(text) + "\n\n"


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """Return each term with its meaning, indented, below it."""
    return "".join(f"{term}\n{fill(about, INDENT)}\n" for term, about in pairs) + "\n"


def example(text: str) -> str:
    """Return lines that must stay as they are, indented."""
    return textwrap.indent(text, INDENT) + "\n"


def first_line(docstring: str | None) -> str:
    """Return the first line of a docstring, without its full stop."""
    return (docstring or "").split("\n")[0].removesuffix(".")


def fill(text: str, indent: str = "") -> str:
    """Return the text in lines that are broken at spaces alone."""
    return textwrap.fill(
        " ".join(text.split()),
        COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
