"""The example of a third party's backend, installed and used as a third party's would be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

EXAMPLE = ROOT / "examples" / "backend-keyfile"
SECRET = "made-up-in-a-key-file"
# The contract of all backends, in a process that finds the backend by its entry point alone.
PROGRAM = """
import sys
from credhelper.system import registry
from credhelper.secrets import backend
from credhelper.errors import ConfigError
from tests.unit.secrets.backends import contract

path, value = sys.argv[1:]
assert "keyfile" in registry.names(registry.BACKENDS)
case = contract.Case(
    "keyfile:build", "keyfile:not-there", value, ("keyfile:build#field",), {"path": path}
)
for check in contract.CHECKS:
    check(case)
assert contract.read("keyfile:build", {"path": path, "separator": ":"}) == f"{value}-colon"
contract.refused(ConfigError, "keyfile:build", {"path": path + "-not"}, secrets=(value,))
error = contract.refused(ConfigError, "keyfile:build", {}, secrets=(value,))
assert "profiles.t.keyfile.path is missing" in error.problem
print("all well")
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a directory with nothing but the installed example."""
    target = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    # pip builds in the source's own folder; a copy keeps the work tree clean.
    source = tmp_path / "source"
    source.mkdir()
    for path in EXAMPLE.iterdir():
        if path.is_file():
            (source / path.name).write_bytes(path.read_bytes())
    ran = subprocess.run(
        [*command, str(target), str(source)], check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return target


@pytest.mark.slow
def test_example(installed: Path, tmp_path: Path) -> None:
    """The example is found by its entry point, gets its settings, and keeps the contract."""
    keys = tmp_path / "keys"
    keys.write_text(f"build\n# build = x\nother = 1\nbuild = {SECRET}\nbuild: {SECRET}-colon\n")
    root = str(EXAMPLE.parent.parent)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(keys), SECRET],
        env={"PYTHONPATH": os.pathsep.join([str(installed), root]), "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "all well\n", "")
