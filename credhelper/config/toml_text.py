"""The text of a TOML file, edited by its tables: comments and the order of the rest stay."""

from credhelper.config import document
from credhelper.errors import ConfigError


def with_table(text: str, name: tuple[str, ...], new: str) -> str:
    """Return the text with `new` where the table of that name, or the first below it, was.

    Comments and blank lines inside the old tables stay behind `new`. The caller checks what the
    result means: a line inside a text of several lines may look like a table.
    """
    kept, is_old, is_placed = list[str](), False, False
    for line in text.splitlines(keepends=True):
        if table := _table_of(line):
            is_old = table[: len(name)] == name
            if is_old and not is_placed:
                kept.append(new)
                is_placed = True
        if not is_old or not line.strip() or line.lstrip().startswith("#"):
            kept.append(line)
    return "".join(kept)


def _table_of(line: str) -> tuple[str, ...]:
    """Return the parts of the name of the table that a line begins, nothing for another line."""
    if not line.lstrip().startswith("["):
        return ()
    try:
        inner: object = document.parse("", line.encode())
    except ConfigError:
        return ()  # a part of a value of several lines
    names: list[str] = []
    while isinstance(inner, dict) and inner:
        name, inner = next(iter(inner.items()))
        names.append(name)
    return tuple(names)
