"""Keycloak of Maven Central, without TLS. Its first start builds it: some 35 s."""

import secrets
import subprocess
import uuid
from collections.abc import Iterator

import pytest

from tests.support.servers import process
from tests.support.servers.real import Client, Real, ask, running

VERSION = "26.7.3"
_UNPACK = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack"
_ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
LIFE_S = 300


@pytest.fixture(scope="session")
def keycloak() -> Iterator[Real]:
    """Return a Keycloak with one empty realm; its log has each login as an event."""
    process.need("java", "mvn", "bash")
    password = secrets.token_hex(8)
    with process.folder() as home:
        subprocess.run(
            ["mvn", "-q", "-B", _UNPACK, f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={home}"],
            cwd=home,
            check=True,
        )
        port = process.free_port()
        base = f"http://127.0.0.1:{port}"
        words = ["start-dev", "--http-host=127.0.0.1", f"--http-port={port}", "--db=dev-mem"]
        events = "--spi-events-listener--jboss-logging--success-level=info"
        with running(
            f"{base}/realms/master",
            home,
            str(home / f"keycloak-{VERSION}" / "bin" / "kc.sh"),
            *words,
            events,
            KC_BOOTSTRAP_ADMIN_USERNAME="admin",
            KC_BOOTSTRAP_ADMIN_PASSWORD=password,
            JAVA_OPTS_APPEND=f"-Xmx512m -Djava.io.tmpdir={home}",
        ) as log:
            realm = {"realm": "t", "enabled": True, "accessTokenLifespan": LIFE_S}
            _as_admin(base, password, "POST", "", realm)
            issuer = f"{base}/realms/t"
            yield Real(
                issuer=issuer,
                token_url=f"{issuer}/protocol/openid-connect/token",
                log=log,
                login='type="CLIENT_LOGIN',
                scope="openid",  # what its `userinfo` asks for
                life_s=LIFE_S,
                register=lambda client: _register(base, password, client),
                takes=lambda token: _takes(issuer, token),
            )


def _register(base: str, password: str, client: Client) -> None:
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, client.client_id))
    body = {
        "id": name,
        "clientId": client.client_id,
        "secret": client.client_secret,
        "serviceAccountsEnabled": True,
        "standardFlowEnabled": False,
        "publicClient": False,
    }
    if _as_admin(base, password, "PUT", f"/t/clients/{name}", body) == 404:
        assert _as_admin(base, password, "POST", "/t/clients", body) == 201


def _as_admin(base: str, password: str, method: str, path: str, body: dict[str, object]) -> int:
    """Return the status; the token for it lives a minute, so each request has its own."""
    form = {"grant_type": "password", "client_id": "admin-cli"}
    form |= {"username": "admin", "password": password}
    answer = ask("POST", f"{base}/realms/master/protocol/openid-connect/token", data=form)
    header = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return ask(method, f"{base}/admin/realms{path}", json=body, headers=header).status_code


def _takes(issuer: str, token: str) -> bool:
    header = {"Authorization": f"Bearer {token}"}
    url = f"{issuer}/protocol/openid-connect/userinfo"
    return ask("GET", url, headers=header).status_code == 200
