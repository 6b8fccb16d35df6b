"""The main job on real servers: every backend, the real exchange, the cache, and no leak."""

import base64
import json
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.conftest import Box, Ran
from tests.support import canary
from tests.support.canary import leaks, shapes
from tests.support.servers.authorization import Authorization
from tests.support.servers.aws import KEYS, Aws
from tests.support.servers.openbao import OpenBao

pytestmark = pytest.mark.xdist_group("openbao")
# Runs the command under an audit hook that names each connection and each new process on stderr.
AUDITED = """
import sys
def hook(event, _arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "subprocess", "os.exec", "os.fork",
                         "os.posix_spawn", "os.system")):
        sys.stderr.write(event + "\\n")
        sys.stderr.flush()
sys.addaudithook(hook)
sys.argv[1:] = ["get"]
from credhelper.__main__ import main
main()
"""
BACKENDS = ["env", "file", "aws", "vault"]


@dataclass
class Place:
    """Where one backend's secret lives: its reference and what else the backend needs."""

    reference: str
    settings: str = ""


@pytest.fixture
def place(box: Box, aws: Aws, openbao: OpenBao) -> Callable[[str, str], Place]:
    """Return the way to store a secret in a backend."""

    def store(backend: str, secret: str) -> Place:
        if backend == "env":
            box.environ["CLIENT_SECRET"] = secret
            return Place("env:CLIENT_SECRET")
        if backend == "file":
            path = box.home / "client-secret"
            path.write_text(secret + "\n")
            return Place(f"file:{path}")
        if backend == "aws":
            name = aws.store(json.dumps({"oauth": {"secret": secret}}))["Name"]
            box.environ |= aws.environ
            settings = f'[profiles.p.aws]\nregion = "eu-west-1"\nendpoint_url = "{aws.address}"\n'
            return Place(f"aws:{name}#oauth.secret", settings)
        name = secrets.token_hex(4)
        openbao.store(name, {"client_secret": secret})
        box.environ["VAULT_TOKEN"] = openbao.token
        settings = f'[profiles.p.vault]\naddress = "{openbao.address}"\n'
        return Place(f"vault:secret/{name}#client_secret", settings)

    return store


def audited(box: Box) -> Ran:
    """Run `get` and return with its stderr what it connected to and what it started."""
    command = [sys.executable, "-I", "-c", AUDITED]
    done = subprocess.run(command, env=box.environ, capture_output=True, text=True, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


def configure(box: Box, where: Place, authorization: Authorization, more: str = "") -> None:
    """Write a config file for one profile."""
    box.config(
        f'[profiles.p]\ntoken_url = "{authorization.url}"\nca = "{authorization.ca}"\n'
        f'client_id = "{authorization.client_id}"\nclient_secret = "{where.reference}"\n'
        f'scope = "api"\n{more}\n{where.settings}'
    )


@pytest.mark.parametrize("client_auth", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_token_from_every_backend(
    box: Box,
    place: Callable[[str, str], Place],
    authorization: Authorization,
    backend: str,
    client_auth: str,
) -> None:
    """The first call reads the secret and exchanges it, the second makes no request to anyone."""
    where = place(backend, authorization.client_secret)
    configure(box, where, authorization, f'client_auth = "{client_auth}"')
    before = len(authorization.issued)
    first = box.run("get")
    assert first.token() == authorization.issued[-1]
    again = audited(box)
    assert again.stdout == first.stdout
    assert again.stderr == ""
    assert len(authorization.issued) == before + 1
    for path in box.cache.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        assert not leaks(path.read_bytes(), authorization.client_secret)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["aws", "vault"])
def test_a_cold_herd_reads_one_secret(
    box: Box, place: Callable[[str, str], Place], authorization: Authorization, backend: str
) -> None:
    """50 processes on an empty cache: one token, so one secret read, and no failure."""
    configure(box, place(backend, authorization.client_secret), authorization)
    before = len(authorization.issued)
    processes = [box.start("get") for _ in range(50)]
    answers = {process.communicate(timeout=120) for process in processes}
    assert len(answers) == 1
    assert [stderr for _stdout, stderr in answers] == [""]
    assert len(authorization.issued) == before + 1


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["wrong secret", "wrong scope", "no server", "no access"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_no_failure_leaks(
    box: Box,
    place: Callable[[str, str], Place],
    authorization: Authorization,
    backend: str,
    fault: str,
) -> None:
    """At the highest verbosity, whatever fails, neither stderr nor the cache holds a secret."""
    secret = f"canary+{secrets.token_urlsafe(24)}/="
    where = place(backend, authorization.client_secret if fault == "wrong scope" else secret)
    scope, url = "api", authorization.url
    if fault == "wrong scope":
        authorization.scopes, kept = ["other"], authorization.scopes
    if fault == "no server":
        url = "https://127.0.0.1:9/token"
    if fault == "no access":
        box.environ |= {"VAULT_TOKEN": f"hvs.{secret}", "AWS_SECRET_ACCESS_KEY": secret}
        box.environ.pop("AWS_ACCESS_KEY_ID", None)
        box.environ.pop("CLIENT_SECRET", None)
        (box.home / "client-secret").unlink(missing_ok=True)
    configure(box, where, authorization)
    config = box.home / ".config" / "credhelper" / "config.toml"
    config.write_text(config.read_text().replace(authorization.url, url))
    # Switches that open the libraries' debug logs or the TLS keys must not.
    box.environ |= {
        "BOTO_DEBUG": "1",
        "PYTHONDEVMODE": "0",
        "SSLKEYLOGFILE": str(box.home / "keys"),
    }
    try:
        ran = box.run("get", "-v")
    finally:
        if fault == "wrong scope":
            authorization.scopes = kept
    assert ran.status in (75, 77, 78), ran.stderr
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    known = [secret, authorization.client_secret, KEYS["AWS_SECRET_ACCESS_KEY"], scope * 9]
    seen = ran.stderr.encode() + b"".join(
        path.read_bytes() for path in box.cache.iterdir() if path.is_file()
    )
    assert not leaks(seen, *known)
    assert not (box.home / "keys").exists()


def test_a_cold_run_starts_no_other_process(
    box: Box, place: Callable[[str, str], Place], authorization: Authorization
) -> None:
    """No child, so no argument list and no environment that could carry the secret on."""
    configure(box, place("file", authorization.client_secret), authorization)
    ran = audited(box)
    assert ran.status == 0
    assert "socket.connect" in ran.stderr
    for event in ("subprocess", "os.exec", "os.fork", "os.posix_spawn", "os.system"):
        assert event not in ran.stderr


def test_the_search_finds_what_it_is_for() -> None:
    """Each shape of a planted secret is found: a search that cannot fail proves nothing."""
    secret = "Aa+/é%42 secret"
    basic = base64.b64encode(f"client:{secret}".encode())
    for text in (
        secret.encode(),
        basic,
        secret.encode().hex().encode(),
        b"Aa%2B%2F%C3%A9%2542+secret",
    ):
        assert leaks(b"prefix " + text + b" suffix", secret)
    assert not leaks(b"nothing here", secret)
    assert all(len(shape) >= 4 for shape in shapes(secret))


def test_itwin_asks_bentley(box: Box) -> None:
    """With the two ITWIN variables alone the request goes to iTwin's endpoint, over TLS."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        seen: list[bytes] = []

        def serve() -> None:
            connection, _address = proxy.accept()
            with connection:
                seen.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        box.environ |= {
            "ITWIN_CLIENT_ID": "service-x",
            "ITWIN_CLIENT_SECRET": canary.CLIENT_SECRET,
            "HTTPS_PROXY": f"http://user:{canary.PROXY_PASSWORD}@127.0.0.1:{proxy.getsockname()[1]}",
        }
        line = box.run("get").refused(78)
        thread.join()
    assert seen[0].startswith(b"CONNECT ims.bentley.com:443 ")
    assert not leaks(seen[0], canary.CLIENT_SECRET)
    assert not leaks(line.encode(), canary.CLIENT_SECRET, canary.PROXY_PASSWORD)
