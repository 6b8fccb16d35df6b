"""Ory Hydra of Go's module proxy, without TLS. Its build takes minutes, so it is kept."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.servers import process
from tests.support.servers.real import Client, Real, ask, running

SOURCE = Path(__file__).parent / "hydra_build"
_PACKAGE = "github.com/ory/hydra/v2"
_NOBODY = "http://127.0.0.1:1/"  # where people would log in


@pytest.fixture(scope="session")
def hydra() -> Iterator[Real]:
    """Return a Hydra; it takes only the authentication that a client is registered with."""
    command = _build()
    with process.folder() as home:
        public, admin = (f"127.0.0.1:{process.free_port()}" for _ in range(2))
        environ = {
            "DSN": "memory",
            "SERVE_PUBLIC_HOST": "127.0.0.1",
            "SERVE_PUBLIC_PORT": public.rpartition(":")[2],
            "SERVE_ADMIN_HOST": "127.0.0.1",
            "SERVE_ADMIN_PORT": admin.rpartition(":")[2],
            "URLS_SELF_ISSUER": f"http://{public}",
            "URLS_LOGIN": _NOBODY,
            "URLS_CONSENT": _NOBODY,
            "SECRETS_SYSTEM": "only-for-tests-0123456789",
            "TTL_ACCESS_TOKEN": "10m",
            "LOG_FORMAT": "json",
            "SQA_OPT_OUT": "true",  # no telemetry
        }
        url = f"http://{public}/health/ready"
        with running(url, home, command, "serve", "all", "--dev", **environ) as log:
            yield Real(
                issuer=f"http://{public}",
                token_url=f"http://{public}/oauth2/token",
                log=log,
                login=r'"path":"/oauth2/token".*"msg":"started handling request"',
                scope="api:read",
                life_s=600,
                register=lambda client: _register(admin, client),
                takes=lambda token: _takes(admin, token),
            )


def _build() -> str:
    """Return the program, which is built unless an earlier run has left it in the cache."""
    process.need("go", "gcc")
    sums = hashlib.sha256((SOURCE / "go.mod").read_bytes() + (SOURCE / "go.sum").read_bytes())
    path = process.cache() / f"hydra-{sums.hexdigest()[:16]}"
    if not path.exists():
        made = f"{path}.{os.getpid()}"
        words = ["-buildvcs=false", "-tags", "sqlite,json1", "-ldflags", "-s -w", "-o", made]
        subprocess.run(["go", "build", *words, _PACKAGE], cwd=SOURCE, check=True)
        os.replace(made, path)
    return str(path)


def _register(admin: str, client: Client) -> None:
    body = {
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "token_endpoint_auth_method": client.client_auth,
        "grant_types": ["client_credentials"],
        "scope": "api:read",
    }
    clients = f"http://{admin}/admin/clients"
    if ask("PUT", f"{clients}/{quote(client.client_id, safe='')}", json=body).status_code == 404:
        assert ask("POST", clients, json=body).status_code == 201


def _takes(admin: str, token: str) -> bool:
    answer = ask("POST", f"http://{admin}/admin/oauth2/introspect", data={"token": token})
    return bool(answer.json()["active"])
