"""Mutants: one small change of a module each, by cosmic-ray's operators and three of our own."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

from tests.long.mutation.operators import LeaveOut, SpoilText, TurnIn

# Each comparison moves its border and is turned round; each other operator becomes one that is near
# it. All that cosmic-ray has would be five times as many, most of which no import survives.
_COMPARISONS = (
    *("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt"),
    *("Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt", "Is_IsNot", "IsNot_Is"),
)
_BINARIES = (
    *("Add_Sub", "Sub_Add", "Mul_Add", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul"),
    *("BitOr_BitAnd", "BitAnd_BitOr"),
)
_OTHERS = (
    *("AddNot", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub"),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
    *("ExceptionReplacer", "NumberReplacer", "RemoveDecorator"),
)


class Operator(Protocol):
    """What cosmic-ray asks of an operator, of nodes of parso's tree."""

    def mutation_positions(self, node: Any) -> Iterable[Any]:  # noqa: ANN401 - parso has no types
        """Return a place for each change of a node."""

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ANN401 - the same
        """Return the node after its change number `index`."""


@dataclass(frozen=True)
class Mutant:
    """A module with one change."""

    path: str
    source: str
    code: str

    def __str__(self) -> str:
        """Return the change as a diff without context."""
        lines = difflib.unified_diff(
            self.source.splitlines(), self.code.splitlines(), self.path, self.path, "", "", 0, ""
        )
        return "\n".join(lines)


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Yield each change of a module once, if it is still Python and more than annotations."""
    seen = {source}
    for operator in _operators():
        for code in _codes(source, operator):
            if code not in seen and _is_code(source, code):
                seen.add(code)
                yield Mutant(path, source, code)


def _operators() -> Iterator[Operator]:
    names = [f"ReplaceComparisonOperator_{pair}" for pair in _COMPARISONS]
    names += [f"ReplaceBinaryOperator_{pair}" for pair in _BINARIES]
    for name in [*names, *_OTHERS]:
        yield get_operator(f"core/{name}")()
    yield LeaveOut()
    yield SpoilText()
    yield TurnIn()


def _codes(source: str, operator: Operator) -> Iterator[str]:
    number = 0
    while (code := mutate_code(source, operator, number)) is not None:
        yield code
        number += 1


def _is_code(source: str, code: str) -> bool:
    """Return whether a change is one that can run: `TYPE_CHECKING` is for the type checker only."""
    changed = set(code.splitlines()) - set(source.splitlines())
    try:
        compile(code, "mutant", "exec")
    except SyntaxError:
        return False
    return not any("TYPE_CHECKING" in line for line in changed)
