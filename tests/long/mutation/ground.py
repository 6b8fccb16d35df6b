"""Where mutants live: a copy of the tree, installed so that commands run its files, too."""

import itertools
import os
import shutil
import signal
import subprocess
import sysconfig
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.long.mutation.mutant import Mutant
from tests.support.paths import ROOT

TREE = ROOT
# A busy machine is slow: what takes longer than this is tried again alone, for three times as long.
LIMIT_S = 120.0
Fate = Literal["killed", "survived", "timeout", "stillborn"]


@dataclass(frozen=True)
class Ground:
    """A folder with a copy of the tree and the environment it is installed in."""

    folder: Path
    clock: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1_000_000_000))

    @property
    def tree(self) -> Path:
        """The copy."""
        return self.folder / "tree"

    def prepare(self) -> None:
        """Copy and install; our environment's packages are the new one's, too."""
        ignored = shutil.ignore_patterns(".*", "__pycache__", "build", "dist")
        shutil.copytree(TREE, self.tree, ignore=ignored)
        venv.create(self.folder / "venv", symlinks=True, with_pip=True)
        [site] = (self.folder / "venv/lib").glob("python*/site-packages")
        # The last of all `.pth` files: a package that both have is the new one's.
        (site / "~outer.pth").write_text(sysconfig.get_path("purelib"))
        install = [self._python, "-m", "pip", "install", "-q", "--no-deps", "-e", "."]
        subprocess.run(install, cwd=self.tree, check=True)

    @property
    def _python(self) -> str:
        return str(self.folder / "venv/bin/python")

    def judge(self, mutant: Mutant, stages: tuple[str, ...]) -> Fate:
        """Return what became of a mutant; the tree is whole again afterwards."""
        self._write(mutant.path, mutant.code)
        try:
            name = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            if self._run([self._python, "-c", f"import {name}"], LIMIT_S) == "killed":
                return "stillborn"
            fates = (self.test(stage) for stage in stages)
            return next((fate for fate in fates if fate != "survived"), "survived")
        finally:
            self._write(mutant.path, mutant.source)

    def test(self, stage: str) -> Fate:
        """Return whether the tests of a stage fail."""
        files = [f"tests/{name}" for name in stage.split()]
        command = [self._python, "-m", "pytest", "-n", "0", "-x", "-q", *files]
        fate = self._run(command, LIMIT_S)
        return self._run(command, 3 * LIMIT_S) if fate == "timeout" else fate

    def _write(self, path: str, code: str) -> None:
        """Write a module at a second of its own, by which Python knows its bytecode to be old."""
        (self.tree / path).write_text(code)
        os.utime(self.tree / path, (0, next(self.clock)))

    def _run(self, command: list[str], limit_s: float) -> Fate:
        process = subprocess.Popen(
            command,
            cwd=self.tree,
            env={**os.environ, "HOME": str(self.folder), "PATH": self._path()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return "killed" if process.wait(limit_s) else "survived"
        except subprocess.TimeoutExpired:
            return "timeout"
        finally:
            _end(process)

    def _path(self) -> str:
        ours = [str(self.folder / "venv/bin"), sysconfig.get_path("scripts")]
        return os.pathsep.join([*ours, os.environ["PATH"]])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what a mutant has started, and whatever that has left behind."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
