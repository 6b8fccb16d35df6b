"""The start of our own process: its time, and compiled files that are missing."""

import importlib.util
import os
import subprocess
import sys
import time

import credhelper
from credhelper.errors import BugError
from credhelper.walk import Walk

FOLDER = os.path.dirname(os.path.abspath(credhelper.__file__))


def check(walk: Walk) -> tuple[str, str]:
    """Return the time from nothing to the fast door; a warning if files are not compiled."""
    del walk
    started = time.monotonic()
    command = [sys.executable, "-I", "-c", "import credhelper.__main__"]
    done = subprocess.run(command, env={}, check=False, capture_output=True)  # noqa: S603 - ours
    took_s = time.monotonic() - started
    if done.returncode:
        raise BugError("the command does not start anew", hint="install credhelper again")
    detail = f"{took_s * 1000:.0f} ms to start"
    missing = uncompiled(FOLDER)
    if not missing:
        return detail, ""
    hint = f"run: {sys.executable} -m compileall -q {FOLDER}"
    return f"{detail}, {len(missing)} files without .pyc", hint


def uncompiled(folder: str) -> list[str]:
    """Return the modules below a folder that every start compiles anew."""
    return [
        path
        for base, _folders, names in os.walk(folder)
        for path in (os.path.join(base, name) for name in names if name.endswith(".py"))
        if not os.path.exists(importlib.util.cache_from_source(path))
    ]
