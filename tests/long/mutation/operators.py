"""Ways to change a module that cosmic-ray has not.

A statement left out, a text spoilt, `in` turned round.
"""

from collections.abc import Iterator
from typing import Any

import parso.python.tree

# A sentence is for people: tests that repeat each word would only be in the way.
WORDS = 2
_TYPES = ("annassign", "tfpdef", "funcdef")
_CALLS = ("atom_expr", "power", "raise_stmt", "return_stmt")


class LeaveOut:
    """Replace a call, a `raise` or a `return` by `pass`."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:  # noqa: ANN401 - parso has no types
        """Yield the place of a statement."""
        if node.type == "simple_stmt" and node.children[0].type in _CALLS:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ANN401 - the same
        """Return the line with `pass`."""
        first = node.get_first_leaf()
        node.children[0] = parso.python.tree.Keyword("pass", first.start_pos, first.prefix)
        return node


class SpoilText:
    """Put `XX` in front of a text of at most two words; annotations and docstrings are none."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:  # noqa: ANN401 - the same
        """Yield the place of a text."""
        is_text = node.type in ("string", "fstring_string")
        if is_text and node.parent.type not in ("simple_stmt", *_TYPES) and _is_short(node.value):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ANN401 - the same
        """Return the text with `XX`."""
        start = min(map(node.value.find, "'\""), key=lambda at: at % 1000)
        at = 0 if node.type == "fstring_string" else start + 1
        node.value = f"{node.value[:at]}XX{node.value[at:]}"
        return node


class TurnIn:
    """Replace `in` by `not in`."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:  # noqa: ANN401 - the same
        """Yield the place of an `in` that compares."""
        if node.type == "keyword" and node.value == "in" and node.parent.type == "comparison":
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ANN401 - the same
        """Return its contrary."""
        node.value = "not in"
        return node


def _is_short(text: str) -> bool:
    return len(text.split()) <= WORDS
