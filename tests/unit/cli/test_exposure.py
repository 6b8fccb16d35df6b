"""Files beside the config: others may change them, or read those that are secret."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from credhelper.cli.check import exposure
from credhelper.config import load
from credhelper.config.reference import SecretRef
from credhelper.system import trust
from tests.conftest import Box
from tests.support import mounts, users
from tests.support.own_file import file
from tests.support.servers.counting import TokenServer

__all__ = ["file"]  # a fixture
Setter = Callable[[str, str], None]


@pytest.mark.parametrize(
    ("mode", "said"),
    [(0o600, ""), (0o640, ""), (0o644, "others may read"), (0o666, "others may write")],
)
def test_the_file_of_a_secret(file: Path, mode: int, said: str) -> None:
    """Whoever may write it decides what is sent, whoever may read it has the secret."""
    file.chmod(mode)
    os.chown(file, -1, 0)
    found = exposure.of_reference(SecretRef("file", str(file)))
    command = {"others may read": "go=", "others may write": "go-w"}.get(said, "")
    assert found == (f"{said} {file}: run chmod {command} {file}" if said else "")
    assert exposure.of_reference(SecretRef("env", str(file))) == ""


def test_a_folder_that_lets_nobody_in_is_as_good_as_a_mode(file: Path) -> None:
    """A file in a home of mode 0700 is read by nobody else."""
    file.parent.chmod(0o700)
    assert trust.fault_of_secret(str(file)) == ("", "")
    file.parent.chmod(0o711)
    assert trust.fault_of_secret(str(file))[0] == f"others may read {file}"


@users.two
def test_a_group_that_may_read(file: Path) -> None:
    """If it comes so far."""
    file.chmod(0o640)
    os.chown(file, -1, users.OTHER)
    assert trust.fault_of_secret(str(file))[0] == f"others may read {file}"
    file.parent.chmod(0o710)
    assert trust.fault_of_secret(str(file)) == ("", "")
    os.chown(file.parent, -1, users.OTHER)
    assert trust.fault_of_secret(str(file))[0] == f"others may read {file}"


@users.two
def test_what_a_platform_mounts_is_no_fault(file: Path) -> None:
    """A Kubernetes secret: root's, for all to read, by links, in a folder of mode 0777."""
    data = file.parent / "..2026"
    data.mkdir()
    file.rename(data / "secret")
    (file.parent / "..data").symlink_to("..2026")
    file.symlink_to("..data/secret")
    file.parent.chmod(0o777)
    folder = file.parent
    words = mounts.read_only(folder)
    code = (
        "import sys; from credhelper.system import trust; print(trust.fault_of_secret(sys.argv[1]))"
    )
    python = [sys.executable, "-c", code, str(file)]
    done = subprocess.run([*words, *python], capture_output=True, text=True, check=True)
    assert done.stdout == "('', '')\n"
    # Root's file is not ours to close, where we are not root.
    folder.chmod(0o755)
    assert users.python(code, str(file)) == "('', '')"


def test_files_of_vault_are_judged(clean_environ: Setter, file: Path) -> None:
    """Roots, key, references of the login, and the token that `vault login` wrote."""
    environ = {"HOME": "/nowhere", "CREDHELPER_CLIENT_ID": "x"}
    environ |= {"CREDHELPER_CLIENT_SECRET": "vault:a/b#c"}

    def said(**settings: str) -> str:
        variables = {f"CREDHELPER_VAULT_{name}": value for name, value in settings.items()}
        return exposure.of_backend(load.profiles({**environ, **variables}).get(""))

    file.chmod(0o644)
    assert said(CA=str(file), CLIENT_CERT=str(file)) == ""
    readable = f"others may read {file}: run chmod go= {file}"
    assert said(CLIENT_KEY=str(file)) == readable
    assert said(AUTH_METHOD="approle", AUTH_SECRET_ID=f"file:{file}") == readable
    clean_environ("HOME", str(file.parent))
    token = file.rename(file.parent / ".vault-token")
    assert said() == readable.replace(str(file), str(token))
    clean_environ("VAULT_TOKEN", "t")
    assert said() == ""
    token.chmod(0o666)
    assert said(CA=str(token)) == f"others may write {token}: run chmod go-w {token}"
    clean_environ("VAULT_CACERT", str(token))
    assert said() == f"others may write {token}: run chmod go-w {token}"


def test_check_warns_in_the_link_that_uses_the_file(
    box: Box, file: Path, tokens: TokenServer
) -> None:
    """It is used all the same: only the config and the cache are refused."""
    box.itwin(tokens.url)
    file.chmod(0o666)
    box.environ |= {"CREDHELPER_CLIENT_SECRET": f"file:{file}", "CREDHELPER_CA": str(file)}
    ran = box.run("check")
    lines = {line.split()[1]: line for line in ran.stdout.splitlines()}
    for link in ("secret", "connection"):
        assert lines[link].startswith("warning ")
        assert lines[link].endswith(f"others may write {file}: run chmod go-w {file}")
    assert ran.status == 0
    assert "where tokens lie in clear, for you alone," in lines["cache"]
