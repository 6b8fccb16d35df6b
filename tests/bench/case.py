"""The single commands that a round runs: ours, and the bare interpreters they are measured by."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.bench import home
from tests.bench.home import Home
from tests.bench.servers import Servers
from tests.bench.venvs import Venv, Venvs

COLD = ("env", "vault", "aws")


@dataclass(frozen=True)
class Case:
    """A command, and the name of the case that is 1.00 for it."""

    name: str
    kind: str
    """`bare`, `warm`, `cold` or `peer`."""
    argv: list[str]
    environ: dict[str, str]
    yardstick: str
    cold: Home | None = None
    """Its cache is dropped before each run."""


def bare_name(venv: Venv) -> str:
    """Return what the interpreter of a virtual environment is called in the table."""
    return f"bare interpreter, {venv.installer}"


def ours(venvs: Venvs, servers: Servers, root: Path) -> list[Case]:
    """Return bare and warm for each installer, and cold for each backend by the first."""
    cases = []
    for number, venv in enumerate(venvs.users):
        bare, plain = bare_name(venv), home.make(root, f"bare-{number}").environ
        warm = home.of(root, f"warm-{number}", "env", servers).environ
        cases.append(Case(bare, "bare", [venv.python, "-I", "-c", "pass"], plain, bare))
        cases.append(Case(f"warm, {venv.installer}", "warm", [venv.command, "get"], warm, bare))
    first = venvs.users[0]
    for backend in COLD:
        cold = home.of(root, f"cold-{backend}", backend, servers)
        argv = [first.command, "get"]
        cases.append(Case(f"cold {backend}", "cold", argv, cold.environ, bare_name(first), cold))
    return cases


def shell(name: str, line: str, environ: dict[str, str], yardstick: str) -> Case:
    """Return a peer that is a line of sh."""
    sh = shutil.which("sh") or "/bin/sh"
    return Case(name, "peer", [sh, "-c", line], environ, yardstick)
