"""Time, peak memory and failures of commands, as the launcher measures them."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.bench.launcher import BREAK, SEPARATOR


@dataclass(frozen=True)
class Sample:
    """One command, or a herd of them: wall time, peak memory of the biggest, how many failed.

    The memory is exact for a count of 0 only, else at least the launcher's.
    """

    ms: float
    kib: int
    failures: int
    lines: list[str]
    """What was printed, by all of them together."""


class Clock:
    """Measures one command, or a herd of equal ones, at a time."""

    def __init__(self, folder: Path) -> None:
        self._output = folder / "output"
        launcher = Path(__file__).with_name("launcher.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(launcher)],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the launcher: it leaves when its input ends."""
        self._process.communicate(timeout=30)

    def measure(self, argv: list[str], environ: dict[str, str], count: int = 1) -> Sample:
        """Start a command `count` times at once, wait for all, return what it took.

        A count of 0 is one run that is measured for its memory, not its time.
        """
        self._output.write_text("")
        variables = [f"{name}={value}" for name, value in environ.items()]
        request = [str(count), str(self._output), str(len(argv)), *argv, *variables]
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the launcher has no pipes")
        self._process.stdin.write(SEPARATOR.join(request).replace("\n", BREAK) + "\n")
        self._process.stdin.flush()
        ms, kib, failures = self._process.stdout.readline().split()
        return Sample(float(ms), int(kib), int(failures), self._output.read_text().splitlines())
