"""Where runs are made: a home, a token server, and the command under strace."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import COMMAND, Box, Ran
from tests.long.sweep import fault
from tests.long.sweep.call import Call, parse
from tests.long.sweep.scenario import Scenario
from tests.support.servers import counting
from tests.support.servers.counting import TokenServer

SECRET = "sweep-secret-value"
CLIENT = "service-right"
CONFIG = """
default_profile = "itwin"
[profiles.itwin]
token_url = "{url}"
client_id = "{client}"
client_secret = "env:SWEEP_SECRET"
client_auth = "client_secret_post"
"""
# The first lock's holder stays in the kernel for so long that a second caller waits.
HOLD = ("-e", "inject=flock:delay_exit=400ms:when=1")


@dataclass(frozen=True)
class Trial:
    """A finished run, its calls, and the run that waited for it."""

    ran: Ran
    calls: list[Call]
    waiter: Ran | None = None


@dataclass
class Runner:
    """A box, its server, and a copy of a good cache."""

    box: Box
    server: TokenServer

    def is_near(self, call: Call) -> bool:
        """Return whether a call of ours is on our files or on stdout."""
        places = (self.box.cache.parent, self.box.home / ".config")
        touches = call.writes(1) or any(call.touches(str(place)) for place in places)
        return call.is_ours and touches

    @property
    def saved(self) -> Path:
        """A good cache, made by the command itself."""
        return self.box.home / "saved"

    def prepare(self) -> None:
        """Write the config, and fill the copy of a good cache."""
        # A second identity in the environment, which must never runner in for the file's.
        self.box.environ |= {
            "CREDHELPER_CLIENT_ID": "service-wrong",
            "CREDHELPER_CLIENT_SECRET": "env:SWEEP_SECRET",
            "CREDHELPER_TOKEN_URL": self.server.url,
            "SWEEP_SECRET": SECRET,
            # The same calls in the same order each time, and none that write bytecode.
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        # Its token is in the cache, too, and may not be given out either.
        self.server.token = "wrong-token-{n}"
        self.box.run("get").token()
        self.server.forms.clear()
        self.server.token = "canary-token-{n}"
        self.box.config(CONFIG.format(url=self.server.url, client=CLIENT))
        self.box.run("get").token()
        shutil.copytree(self.box.cache, self.saved)

    def trial(self, scenario: Scenario, *tampering: str) -> Trial:
        """Run the scenario from its own cache, traced and tampered with."""
        shutil.rmtree(self.box.cache, ignore_errors=True)
        shutil.copytree(self.saved, self.box.cache)
        scenario.age(self.box.cache)
        self.server.forms.clear()
        trace = self.box.home / "trace"
        words = [*fault.TRACE, "-o", str(trace), *(HOLD if scenario.has_waiter else ()), *tampering]
        process = self.box.start(*words[1:], COMMAND, *scenario.words, command=words[0])
        waiter = self._wait_along(process) if scenario.has_waiter else None
        stdout, stderr = process.communicate(timeout=60)
        ran = Ran(process.returncode, stdout, stderr)
        return Trial(ran, parse(trace.read_text()), waiter)

    def _wait_along(self, holder: subprocess.Popen[str]) -> Ran:
        """Return the run of a second caller, which starts when the holder takes its lock."""
        until = time.monotonic() + 10
        while not list(self.box.cache.glob("*.lock")):
            assert holder.poll() is None, "it left before it had the lock"
            assert time.monotonic() < until
            time.sleep(0.005)
        return self.box.run("get")


@contextmanager
def runner(home: Path) -> Iterator[Runner]:
    """Set up a runner in an empty folder, and end its server."""
    home.mkdir(parents=True, exist_ok=True)
    environ = {"HOME": str(home), "PATH": os.environ["PATH"]}
    with counting.serving() as server:
        made = Runner(Box(home, environ), server)
        made.prepare()
        yield made
