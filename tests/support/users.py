"""Another user beside this one: only root can be both."""

import os
import shlex
import subprocess
import sys

import pytest

from tests.support import mounts

US, OTHER = 54321, 54322
two = pytest.mark.skipif(os.geteuid() != 0, reason="a second user may not be had here")

# Imported before, since that user need not be able to read our installation.
_BECOME = f"""
import credhelper.system.trust, ctypes, grp, os, pwd
os.setgroups([]); os.setresgid(*[{US}] * 3); os.setresuid(*[{US}] * 3)
"""


def python(code: str, *arguments: str, files: dict[str, str] | None = None) -> str:
    """Return what code prints as a user that is not root, with these files of text in /etc."""
    lines = [f"mount -t tmpfs none /mnt; printf %s {shlex.quote(t)} >/mnt/x; "
             f"mount --bind /mnt/x /etc/{name}" for name, t in (files or {}).items()]  # fmt: skip
    within = mounts.within(*lines) if lines else ()
    command = [*within, sys.executable, "-c", _BECOME + code]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()
