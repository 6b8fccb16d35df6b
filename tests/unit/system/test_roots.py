"""The roots that a profile or the environment names, and what names nothing."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError
from credhelper.oauth import exchange
from credhelper.secrets.secret import Secret
from credhelper.system import roots
from tests.support.servers.scripted import Script, Scripted, grant, tunnel

SetVariable = Callable[[str, str], None]
VARIABLES = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"]
pytestmark = pytest.mark.usefixtures("clean_environ")


def got_token(server: Scripted, ca: str = "", **settings: str) -> bool:
    """Return True once the server is trusted and has sent a token."""
    known = {"token_url": server.url, **settings}
    chosen = Profile("p", "app", SecretRef("env", "NAME"), ca=ca, **known)  # type: ignore[arg-type]
    found = exchange.exchange(chosen, Secret("s3cret-of-the-client"), attempts=1)
    return found.token.access_token == "tok"


def refused(server: Scripted, ca: str = "") -> ConfigError:
    """Return the error for a server that is not trusted; it gets no request."""
    with pytest.raises(ConfigError) as caught:
        got_token(server, ca)
    assert server.settled() == []
    return caught.value


def folder(path: Path, *servers: Scripted, name: str = "corp") -> str:
    """Make a folder of PEM files without hashes, and return its path."""
    path.mkdir()
    for number, server in enumerate(servers):
        (path / f"{name}-{number}.pem").write_bytes(server.authority.cert_pem.bytes())
    return str(path)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_that_names_nothing_is_an_error(
    scripted: Script, clean_environ: SetVariable, tmp_path: Path, name: str
) -> None:
    """It names the variable, and no other roots are taken in its place."""
    server = scripted(grant())
    clean_environ("SSL_CERT_FILE", server.ca)
    clean_environ(name, str(tmp_path / "nothing"))
    error = refused(server)
    assert error.problem == f"{name} names no file or directory that is there"
    assert name in error.hint


def test_plain_http_needs_no_roots(scripted: Script, clean_environ: SetVariable) -> None:
    """A variable that names nothing does no harm there."""
    clean_environ("SSL_CERT_FILE", "/nonexistent")
    assert got_token(scripted(grant(), kind=""))


def test_ssl_cert_dir_is_a_list(
    scripted: Script, clean_environ: SetVariable, tmp_path: Path
) -> None:
    """As OpenSSL has it: every folder counts, and one that is not there is passed over."""
    server, other = scripted(grant()), scripted(grant())
    one, two = folder(tmp_path / "one", other), folder(tmp_path / "two", server)
    for folders in ([one, two], [two, one], [str(tmp_path / "none"), "", two], [two]):
        clean_environ("SSL_CERT_DIR", os.pathsep.join(folders))
        assert got_token(server)
    clean_environ("SSL_CERT_DIR", one)
    with pytest.raises(ConfigError, match="unknown authority"):
        got_token(server)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl computes the names")
def test_hashed_and_plain_folders_stand_side_by_side(
    scripted: Script, clean_environ: SetVariable, tmp_path: Path
) -> None:
    """In one list."""
    server, other = scripted(grant()), scripted(grant())
    hashed, plain = folder(tmp_path / "one", server), folder(tmp_path / "two", other)
    subprocess.run(["openssl", "rehash", hashed], check=True)
    assert roots.context([hashed]) is None  # `requests` can be told this one, which is faster
    for folders in ([hashed, plain], [plain, hashed]):
        clean_environ("SSL_CERT_DIR", os.pathsep.join(folders))
        assert got_token(server)
        assert got_token(other)


def test_ssl_cert_file_and_dir_count_together(
    scripted: Script, clean_environ: SetVariable, tmp_path: Path
) -> None:
    """As with OpenSSL; a bundle for requests or curl is the whole truth."""
    server, other = scripted(grant()), scripted(grant())
    clean_environ("SSL_CERT_FILE", server.ca)
    clean_environ("SSL_CERT_DIR", folder(tmp_path / "one", other))
    assert got_token(server)
    assert got_token(other)
    clean_environ("CURL_CA_BUNDLE", other.ca)
    assert got_token(other)
    assert "unknown authority" in refused(scripted(grant())).problem


def test_a_folder_of_pem_files_needs_no_hashes(scripted: Script, tmp_path: Path) -> None:
    """As `vault` and `bao` take one; what is no certificate is passed over, keys above all."""
    server = scripted(grant())
    path = tmp_path / "cas"
    where = folder(path, server)
    (path / "note.txt").write_text("no certificate")
    (path / "server.key").write_text("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n")
    (path / "inner").mkdir()
    os.mkfifo(path / "fifo.pem")
    assert got_token(server, where)
    assert "unknown authority" in refused(scripted(grant()), where).problem


def test_a_folder_without_certificates_is_an_error(scripted: Script, tmp_path: Path) -> None:
    """That names it: the server's certificate is not at fault."""
    where = folder(tmp_path / "empty")
    assert refused(scripted(grant()), where).problem == f"no certificate is in {where}"


def test_a_broken_file_in_a_list_is_named(scripted: Script, tmp_path: Path) -> None:
    """By its path."""
    server = scripted(grant())
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    error = refused(server, os.pathsep.join([str(broken), folder(tmp_path / "one", server)]))
    assert error.problem == f"the roots at {broken} cannot be read"


def test_further_roots_count_behind_a_proxy(scripted: Script, tmp_path: Path) -> None:
    """The tunnel's end is verified with the same ones, and with no others."""
    proxy, other = scripted(tunnel("idp.example", grant()), kind=""), scripted(grant())
    address = f"http://127.0.0.1:{proxy.port}"
    where = folder(tmp_path / "one", proxy)
    assert got_token(proxy, where, token_url="https://idp.example/token", proxy=address)
    with pytest.raises(ConfigError, match="unknown authority"):
        got_token(
            proxy,
            folder(tmp_path / "two", other),
            token_url="https://idp.example/token",
            proxy=address,
        )
