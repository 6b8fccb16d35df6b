"""The house rules that a machine can check: who imports whom, and how large a file may be."""

import ast
from pathlib import Path

import credhelper

ROOT = Path(credhelper.__file__).parent
LEVEL = {
    **dict.fromkeys(
        ["__init__", "errors", "executable", "hosts", "keyring_backend", "replacement", "token"], 0
    ),
    **dict.fromkeys(["cache", "deadline", "grammar", "output", "place", "prose", "url"], 1),
    **dict.fromkeys(["lock", "man", "posix_words", "protocols", "step", "store", "table"], 2),
    "hardening": 2,
    "refusal": 3,
    "shells": 3,
    "contracts": 3,
    "secret": 3,
    "setups": 4,
    "profile": 4,
    "transport": 4,
    "aws_session": 4,
    "vault_answer": 5,
    "vault_login": 5,
    "oauth": 5,
    "backends": 6,
    "sts": 6,
    "rotation": 6,
    "issue": 7,
    "conversation": 8,
    "walk": 5,
    "checks": 7,
    "chain": 8,
    "draft": 5,
    "questions": 6,
    "storing": 4,
    "topics": 8,
    "commands": 9,
    "parser": 10,
    "cli": 11,
    "__main__": 12,
    "demo": 7,
    "terminal": 0,
}
ONLY_IN = {"requests": ["oauth", "transport", "vault_answer", "backends/vault"]}
ONLY_IN |= {"hvac": ["backends/vault", "vault_answer", "vault_login"]}
ONLY_IN |= {
    "keyring": ["keyring_backend"],
    "boto3": ["aws_session", "backends/aws"],
    "argparse": ["parser", "contracts", "commands", "grammar"],
}


def modules() -> dict[str, ast.Module]:
    """Return every module of the package by its path without suffix."""
    return {
        str(path.relative_to(ROOT).with_suffix("")): ast.parse(path.read_text())
        for path in ROOT.rglob("*.py")
    }


def imports(tree: ast.Module) -> set[str]:
    """Return the names of all modules that a module imports, at any depth of it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "credhelper":
            found |= {f"credhelper.{name.name}" for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_imports_go_down_only() -> None:
    """A module imports only what lies below it; backends and protocols know neither each other."""
    for name, tree in modules().items():
        top = name.split("/")[0]
        for other in imports(tree):
            if not other.startswith("credhelper.") or other == "credhelper.__version__":
                continue
            target = other.split(".")[1]
            if target == "contracts" or (name, other) == ("secret", "credhelper.backends"):
                continue  # the one is for the type checker only, the other to list their names
            if top == "protocols" and other == "credhelper.protocols" and name != top:
                continue  # what they have in common, not each other
            assert LEVEL[target] < LEVEL[top], f"{name} imports {other}"
            assert not (top == "issue" and target == "protocols"), name


def test_heavy_libraries_have_one_door() -> None:
    """Each network library is imported where it belongs: laziness lives at module borders."""
    for name, tree in modules().items():
        for other in imports(tree):
            top = other.split(".")[0]
            assert {name, name.split("/")[0]} & set(ONLY_IN.get(top, [name])), (
                f"{name} imports {other}"
            )


def test_no_file_is_longer_than_300_lines() -> None:
    """One noun per file."""
    for path in ROOT.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 300, path
