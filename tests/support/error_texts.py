"""Every error's text, read from the package's source: `python -m tests.support.error_texts`.

A part of a text that is known only when it runs is shown as its source, in braces.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import credhelper
from credhelper import errors

ROOT = Path(credhelper.__file__).parent
KINDS = [
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.CredhelperError)
]


@dataclass(frozen=True, order=True)
class Text:
    """What one call that makes an error, or one row of a table of them, says."""

    kind: int
    line: str


@dataclass(frozen=True)
class Scope:
    """A function or a module, and what it assigns to its names."""

    calls: tuple[ast.Call, ...]
    assigned: tuple[ast.Assign, ...]

    def values(self, name: str, after: int, until: int) -> list[ast.expr]:
        """Return what the name may be at line `until`: what it got since line `after`, if any."""
        known = [each for each in self.assigned if each.lineno <= until and _name(each) == name]
        return [each.value for each in known if each.lineno > after] or [x.value for x in known]


def texts() -> list[Text]:
    """Return every error's text, in the order of its class in `errors` and then of the words."""
    return sorted({text for path in ROOT.rglob("*.py") for text in _of(path)})


def page() -> str:
    """Return the texts, one a line, below the name of their class."""
    found = texts()
    parts = [
        "\n".join([f"== {name}", *(text.line for text in found if text.kind == kind), ""])
        for kind, name in enumerate(KINDS)
    ]
    return "\n".join(parts)


def _of(path: Path) -> Iterator[Text]:
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    local = {node for function in functions for node in ast.walk(function)}
    shared = [node for node in ast.walk(tree) if node not in local]
    constants = [node for node in shared if isinstance(node, ast.Assign)]
    for nodes in [shared, *(list(ast.walk(function)) for function in functions)]:
        calls = sorted((n for n in nodes if isinstance(n, ast.Call)), key=lambda call: call.lineno)
        assigned = [node for node in nodes if isinstance(node, ast.Assign)]
        yield from _said(Scope(tuple(calls), (*constants, *assigned)))


def _said(scope: Scope) -> Iterator[Text]:
    last = 0  # the line of the error before, whose variables are used anew
    for call in scope.calls:
        words = _words(call)
        if words is None:
            continue
        kind, problem, hint = words
        problems = _spelled(problem, scope, last, call.lineno) if problem else [""]
        for before in problems:
            for after in _spelled(hint, scope, last, call.lineno):
                yield Text(kind, "; ".join(filter(None, (before, after))))
        last = call.lineno


def _words(call: ast.Call) -> tuple[int, ast.expr | None, ast.expr] | None:
    """Return class, problem and hint: of an error, or of a table's row, which has no problem."""
    hints = [word.value for word in call.keywords if word.arg == "hint"]
    first, second = (*call.args, None, None)[:2]
    if isinstance(call.func, ast.Name) and call.func.id in KINDS and hints:
        return KINDS.index(call.func.id), first, hints[0]
    if isinstance(first, ast.Name) and first.id in KINDS and second:
        return KINDS.index(first.id), None, second
    return None


def _spelled(node: ast.expr, scope: Scope, after: int, until: int) -> list[str]:
    """Return the texts that an expression may have."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        return ["".join(map(_part, node.values))]
    if isinstance(node, ast.IfExp):
        branches = (node.body, node.orelse)
        return [text for each in branches for text in _spelled(each, scope, after, until)]
    if isinstance(node, ast.Name) and (values := scope.values(node.id, after, until)):
        return [text for value in values for text in _spelled(value, scope, after, until - 1)]
    return [_source(node)]


def _part(node: ast.expr) -> str:
    if isinstance(node, ast.FormattedValue):
        return _source(node.value)
    assert isinstance(node, ast.Constant)
    return str(node.value)


def _source(node: ast.expr) -> str:
    """Return an expression in braces, with one kind of quote: Python 3.12 has other ones."""
    return "{" + ast.unparse(node).replace('"', "'") + "}"


def _name(assigned: ast.Assign) -> str:
    target = assigned.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - the page is the output
