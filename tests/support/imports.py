"""Which modules a run imports."""

import subprocess
import sys

from tests.conftest import Box

# Prints the modules of a hit instead of leaving without a word.
SPY = """
import os, sys
leave = os._exit
def spy(status):
    os.write(2, " ".join(sorted(sys.modules)).encode())
    leave(status)
os._exit = spy
sys.argv = {arguments!r}
from credhelper.__main__ import main
main()
"""
ALLOWED = {
    "credhelper",
    "credhelper.__main__",
    "credhelper.cache",
    "credhelper.token",
}


def modules(box: Box, code: str, stdin: bytes = b"") -> set[str]:
    """Return the modules that a fresh interpreter has after running the code."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        env=box.environ,
        input=stdin,
        capture_output=True,
        check=True,
    )
    return set(done.stderr.decode().split())
