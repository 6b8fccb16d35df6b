"""A program of ours for Node, run beside a package that npm installs for it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def place(folder: Path, program: str, package: str) -> list[str]:
    """Return the command of a program in a folder that has the package, too; else skip."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    subprocess.run(
        ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", folder, package],
        env=dict(os.environ),
        capture_output=True,
        check=True,
    )
    return ["node", str(shutil.copy(HERE / program, folder))]
