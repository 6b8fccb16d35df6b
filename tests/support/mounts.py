"""A command run in a view of the file system of its own: other mounts, the same processes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SKIP = "a file system may not be mounted here"


def within(*mounts: str) -> tuple[str, ...]:
    """Return the words that run a command behind these shell commands. Skips where none may run."""
    script = "\n".join(["set -e", *mounts, '"$@"'])
    words = ("unshare", "--mount", "sh", "-c", script, "sh")
    if os.geteuid() or shutil.which("unshare") is None:
        pytest.skip(SKIP)
    probe = [*words[:4], "mount -t tmpfs none /mnt"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip(SKIP)
    return words


def read_only(folder: Path) -> tuple[str, ...]:
    """Return the words that run a command behind a folder mounted read-only. Skips as `within`."""
    return within(f"mount --bind {folder} {folder}", f"mount -o remount,bind,ro {folder}")
