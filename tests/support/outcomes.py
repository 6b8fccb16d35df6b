"""The cells of a row: what a caller gets with a good token in the cache, and without one."""

import time

from credhelper.renewal.issue import SOFT_BUDGET_S
from tests.conftest import COMMAND, Box
from tests.support.canary import leaks
from tests.support.slots import plant

# What no line and no file may hold; a token of the scripted server is among them.
HIDDEN = ("canary-secret-value", "canary-scripted-token", "canary-page")
SLACK_S = 2.5  # of a busy machine


def served(box: Box, *within: str, limit_s: float = SOFT_BUDGET_S) -> None:
    """Check that a token above the hard window is printed, silently and in time; then drop it.

    `within` are the words of a command that runs ours, as `env` does.
    """
    plant(box, life_s=200, renew_in_s=-1)
    started = time.monotonic()
    assert box.call(*within, COMMAND, "get").token() == "planted"
    assert time.monotonic() - started < limit_s + SLACK_S
    drop(box)


def drop(box: Box) -> None:
    """Empty the cache, but for the locks."""
    for path in box.cache.iterdir():
        if path.suffix != ".lock":
            path.unlink()


def failed(box: Box, status: int, *words: str, within: tuple[str, ...] = ()) -> str:
    """Return the one line of a call without a token: the words are in it, and nothing leaks."""
    line = box.call(*within, COMMAND, "get").refused(status)
    assert [word for word in words if word not in line] == [], line
    kept = b"".join(path.read_bytes() for path in box.cache.iterdir())
    assert leaks(line.encode() + kept, *HIDDEN) == []
    assert b"credhelper-entry" not in kept
    return line
