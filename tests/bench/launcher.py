"""Starts commands and says what they took: a process of its own that has nothing else to do.

Peak memory needs a detour. A child's never reads lower than its parent's was at the start, and
Python is no small parent. So a shell starts the command and leaves, and the orphan is ours to wait
for (`man 2 PR_SET_CHILD_SUBREAPER`).
"""

import ctypes
import os
import sys
import time

SEPARATOR, BREAK = "\x1f", "\x1e"  # BREAK is a line break inside an argument

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
ORPHAN = ["/bin/sh", "-c", '"$@" &', "sh"]


def main() -> None:
    """Answer each line `COUNT OUTPUT LENGTH ARGUMENTS… VARIABLES…` by `MS KIB FAILURES`.

    A count of 0 means one run that is measured for its memory, which makes its time useless.
    """
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    for line in sys.stdin:
        count, output, length, *rest = line[:-1].replace(BREAK, "\n").split(SEPARATOR)
        environ = dict(item.split("=", 1) for item in rest[int(length) :])
        answer = _run(int(count), output, rest[: int(length)], environ)
        os.write(1, (answer + "\n").encode())


def _run(count: int, output: str, argv: list[str], environ: dict[str, str]) -> str:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, output, flags, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, f"{output}.err", flags, 0o600),
    ]
    if not count:
        shell = os.posix_spawn(ORPHAN[0], [*ORPHAN, *argv], environ, file_actions=actions)
        os.waitpid(shell, 0)
    begun = time.perf_counter()
    for _ in range(count):
        os.posix_spawn(argv[0], argv, environ, file_actions=actions)
    peak = failures = 0
    for _ in range(count or 1):
        _pid, status, usage = os.wait4(-1, 0)
        peak = max(peak, usage.ru_maxrss)
        failures += status != 0
    return f"{(time.perf_counter() - begun) * 1000:.3f} {peak} {failures}"


if __name__ == "__main__":
    main()
