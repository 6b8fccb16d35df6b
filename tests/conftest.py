"""What every test shares: a clean environment and the installed command as a process."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from credhelper.system import deadline, redaction
from tests.support import canary

pytest_plugins = [
    "tests.support.servers.authorization",
    "tests.support.servers.aws",
    "tests.support.servers.counting",
    "tests.support.servers.hydra",
    "tests.support.servers.keycloak",
    "tests.support.servers.oidc_provider",
    "tests.support.servers.openbao",
    "tests.support.servers.resource",
    "tests.support.servers.scripted",
    "tests.support.witness",
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
    command: str = COMMAND

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

    def install(self, folder: Path) -> None:
        """Let the command find the modules of a folder before all others, as if installed there."""
        script = self.home / "installed" / "credhelper"
        script.parent.mkdir()
        script.write_text(
            f"#!{sys.executable} -I\nimport sys\nsys.path.insert(0, {str(folder)!r})\n"
            "from credhelper.__main__ import main\nmain()\n"
        )
        script.chmod(0o755)
        self.command = str(script)

    def start(self, *arguments: str, command: str = "") -> subprocess.Popen[str]:
        """Start the installed command."""
        return subprocess.Popen(
            [command or self.command, *arguments],
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

    def herd(self, number: int, *arguments: str) -> list[Ran]:
        """Start so many processes of the command at once; return how each ended."""
        processes = [self.start(*arguments) for _ in range(number)]
        ended = [(process, *process.communicate(timeout=120)) for process in processes]
        return [Ran(process.returncode, stdout, stderr) for process, stdout, stderr in ended]


@pytest.fixture(autouse=True)
def _a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget the secrets of what ran in this process before; cancel its time limit after."""
    monkeypatch.setattr(redaction, "_secrets", set())
    yield
    deadline.stop()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """Return an empty home; PATH alone survives of the real environment."""
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONWARNINGS": "error"}
    return Box(tmp_path, environ)


@pytest.fixture
def clean_environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], None]:
    """Empty this process's environment; return the way to set a variable in it.

    Secrets of earlier tests are forgotten: one of a single letter would hide every text.
    """
    monkeypatch.setattr(redaction, "_secrets", set())
    for name in list(os.environ):
        if name.startswith(("AWS_", "VAULT_", "BAO_", "CREDHELPER_", "ITWIN_", "SSL_")) or (
            name.lower().endswith("_proxy") or name.endswith("CA_BUNDLE")
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return monkeypatch.setenv
