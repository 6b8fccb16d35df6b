"""What every test shares: a clean environment and the installed command as a process."""

import json
import os
import signal
import subprocess
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import canary

pytest_plugins = [
    "tests.servers.authorization",
    "tests.servers.aws",
    "tests.servers.counting",
    "tests.servers.openbao",
    "tests.servers.resource",
    "tests.servers.scripted",
    "tests.witness",
]

COMMAND = str(Path(sysconfig.get_path("scripts")) / "credhelper")


def pytest_configure() -> None:
    """Heed the signals that the runner may ignore, as `nohup` does: our children would, too."""
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass
class Ran:
    """One finished run of the command."""

    status: int
    stdout: str
    stderr: str

    def token(self) -> str:
        """Return the access token of a run that must have succeeded silently."""
        assert (self.status, self.stderr) == (0, "")
        answer = json.loads(self.stdout)
        assert answer["Version"] == 1
        return str(answer["AccessToken"])

    def refused(self, status: int) -> str:
        """Return the one line of a run that must have failed with this status."""
        assert (self.status, self.stdout) == (status, ""), self.stderr
        line, rest = self.stderr.split("\n", 1)
        assert rest == ""
        assert line.startswith("credhelper: ")
        return line


@dataclass
class Box:
    """An empty home with its own cache, and an environment that nothing of ours leaks into."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        """The cache directory."""
        return self.home / ".cache" / "credhelper"

    def config(self, text: str) -> Path:
        """Write the config file."""
        path = self.home / ".config" / "credhelper" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
        canary.learn_urls(text)
        return path

    def itwin(self, token_url: str, secret: str = canary.CLIENT_SECRET) -> None:
        """Set the environment for the iTwin preset against another endpoint."""
        self.environ |= {
            "CREDHELPER_TOKEN_URL": token_url,
            "ITWIN_CLIENT_ID": "service-test",
            "ITWIN_CLIENT_SECRET": secret,
            "CREDHELPER_PROVIDER": "itwin",
        }

    def start(self, *arguments: str, command: str = COMMAND) -> subprocess.Popen[str]:
        """Start the installed command."""
        return subprocess.Popen(
            [command, *arguments],
            env=self.environ,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *command: str, stdin: str = "") -> Ran:
        """Run another program in the box to its end."""
        done = subprocess.run(
            command,
            env=self.environ,
            cwd=self.home,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def run(self, *arguments: str) -> Ran:
        """Run the installed command to its end."""
        process = self.start(*arguments)
        stdout, stderr = process.communicate(timeout=60)
        return Ran(process.returncode, stdout, stderr)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """Return an empty home; PATH alone survives of the real environment."""
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONWARNINGS": "error"}
    return Box(tmp_path, environ)


@pytest.fixture
def clean_environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], None]:
    """Empty this process's environment; return the way to set a variable in it."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "VAULT_", "BAO_", "CREDHELPER_", "ITWIN_", "SSL_")) or (
            name.lower().endswith("_proxy") or name.endswith("CA_BUNDLE")
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return monkeypatch.setenv
