"""The process closes what its caller's environment leaves open."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box
from tests.support.servers.counting import TokenServer

UNDUMPABLE = """
import ctypes
from credhelper.system import hardening
before = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
hardening.apply()
print(before, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
CORELESS = """
import resource
from credhelper.system import hardening
resource.setrlimit(resource.RLIMIT_CORE, (4096, resource.RLIM_INFINITY))
hardening.apply()
print(resource.getrlimit(resource.RLIMIT_CORE)[0])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
def test_the_process_is_not_dumpable() -> None:
    """PR_GET_DUMPABLE says no afterwards: no core file, no reader of its memory."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", UNDUMPABLE], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1 0\n"


def test_there_is_no_core_file() -> None:
    """Its limit is 0, on every system."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", CORELESS], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0\n"


def test_the_current_directory_is_not_imported_from(box: Box, tokens: TokenServer) -> None:
    """A hostile `requests.py` where the caller stands is not run, not even under `python -m`."""
    box.itwin(tokens.url)
    for name in ("requests", "json", "tomllib", "oauth", "boto3"):
        (box.home / f"{name}.py").write_text("print('hostile')\n")
    for command in ([COMMAND], [sys.executable, "-m", "credhelper"]):
        done = subprocess.run(
            [*command, "get", "--fresh"],
            env=box.environ,
            cwd=box.home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.startswith('{"Version":1'), (command, done.stderr)


def test_a_librarys_warning_is_not_printed(box: Box, tokens: TokenServer) -> None:
    """As requests' of a neighbour's version: a caller that reads stderr, too, would choke on it."""
    box.itwin(tokens.url)
    (box.home / "chardet.py").write_text('__version__ = "99.0.0"\n')
    box.install(box.home)
    assert box.run("get").token() == "canary-token-1"


def test_a_deleted_current_directory_is_no_fault(box: Box, tokens: TokenServer) -> None:
    """A caller may stand where nothing is any more."""
    box.itwin(tokens.url)
    script = f"mkdir {box.home}/gone; cd {box.home}/gone; rmdir {box.home}/gone; {COMMAND} get"
    done = subprocess.run(
        ["/bin/sh", "-c", script], env=box.environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_files_are_private_whatever_the_umask(box: Box, tokens: TokenServer) -> None:
    """An open umask makes no open file."""
    box.itwin(tokens.url)
    subprocess.run(
        ["/bin/sh", "-c", f"umask 0; {COMMAND} get"], env=box.environ, check=True,
        capture_output=True,
    )  # fmt: skip
    assert {path.stat().st_mode & 0o777 for path in box.cache.iterdir()} == {0o600}
    assert box.cache.stat().st_mode & 0o777 == 0o700


def test_a_child_inherits_no_secret(box: Box, tokens: TokenServer) -> None:
    """A process that AWS's chain starts sees neither the client secret nor Vault's."""
    seen = box.home / "seen"
    helper = box.home / "aws-keys"
    helper.write_text(
        f"#!/bin/sh\nenv >{seen}\n"
        'echo \'{"Version":1,"AccessKeyId":"AKIAEXAMPLE","SecretAccessKey":"x"}\'\n'
    )
    helper.chmod(0o755)
    (box.home / ".aws").mkdir()
    (box.home / ".aws" / "config").write_text(f"[default]\ncredential_process = {helper}\n")
    box.config(
        f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "x"\n'
        'client_secret = "vault:secret/x#s"\n[profiles.p.vault]\naddress = "http://127.0.0.1:9"\n'
        'auth = { method = "aws", role = "r", region = "eu-west-1" }\n'
    )
    box.environ |= {"VAULT_TOKEN": "canary-vault-token", "BAO_TOKEN": "canary-bao-token"}
    box.environ["CREDHELPER_DEADLINE"] = "2s"
    assert box.run("get").status in (75, 78)
    assert "AWS_" in seen.read_text() or "HOME=" in seen.read_text()
    assert "canary" not in seen.read_text()


def test_pythons_switches_do_not_matter(box: Box, tokens: TokenServer) -> None:
    """PYTHONINSPECT opens no prompt, and the libraries' debug switches print nothing."""
    box.itwin(tokens.url)
    box.environ |= {"PYTHONINSPECT": "1", "BOTO_DEBUG": "1", "SSLKEYLOGFILE": f"{box.home}/keys"}
    ran = box.run("get")
    assert (ran.status, ran.stderr) == (0, "")
    assert not Path(f"{box.home}/keys").exists()
    assert os.listdir(box.home)
