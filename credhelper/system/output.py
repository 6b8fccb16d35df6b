"""Write to stdout and stderr: all of it, or an error; a failing stderr is no error."""

import os
import sys
import time

from credhelper.errors import OutputError

PAUSE_S = 0.01


def write(text: str) -> None:
    """Write all of it to stdout. Raises OutputError, BrokenPipeError: half an answer is none."""
    data = text.encode()
    while data:
        try:
            data = data[os.write(1, data) :]
        except BlockingIOError:
            time.sleep(PAUSE_S)  # the reader is slow; the time limit ends the wait
        except BrokenPipeError:
            raise
        except OSError:
            raise OutputError("stdout cannot be written", hint="check where it goes") from None


def flush(status: int) -> int:
    """Return the exit status after argparse's own output is out, which goes through a buffer."""
    try:
        sys.stdout.flush()
    except OSError:
        return OutputError.status
    return status


def complain(line: str) -> None:
    """Write a line to stderr. Raises nothing: the exit status still says that it failed."""
    try:
        os.write(2, line.encode("utf-8", "replace") + b"\n")
    except OSError:
        return
