"""Long runs of `exec --refresh-file`, looked at from outside while they last."""

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import COMMAND
from tests.long.soak.endpoint import Endpoint
from tests.long.soak.profiles import KEPT, Home


@dataclass(frozen=True)
class Look:
    """A process at one time: open descriptors, resident memory, and how long its token lasts.

    `left_s` is by the server's clock; None where there is no file, or a token of nobody.
    """

    descriptors: int
    resident_kib: int
    left_s: float | None


@dataclass
class LongProcess:
    """One such run; `looks` are in order."""

    process: subprocess.Popen[bytes]
    path: Path
    looks: list[Look] = field(default_factory=list)

    def look(self, endpoint: Endpoint) -> None:
        """Note how it is. Raises OSError once it has ended."""
        root = f"/proc/{self.process.pid}"
        status = Path(f"{root}/status").read_text()
        found = re.search(r"VmRSS:\s+([0-9]+) kB", status)
        resident_kib = int(found.group(1)) if found else 0
        self.looks.append(Look(len(os.listdir(f"{root}/fd")), resident_kib, self._left_s(endpoint)))

    def _left_s(self, endpoint: Endpoint) -> float | None:
        try:
            token = self.path.read_text().strip()
        except OSError:
            return None
        granted = endpoint.granted.get(token)
        return granted.expires_at - time.time() if granted else None

    def end(self) -> int:
        """Send SIGTERM, which the command gets; return the exit status, negative for a signal."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def start(home: Home, secret: str, number: int) -> LongProcess:
    """Return a run, once its file is there, or it has failed."""
    path = home.folder / f"kept-{number}"
    process = subprocess.Popen(
        [COMMAND, "exec", KEPT, "--refresh-file", str(path), "--", "sleep", "1000000"],
        env={**home.environ, "SOAK_SECRET": secret},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not path.exists() and process.poll() is None:
        time.sleep(0.05)
    return LongProcess(process, path)
