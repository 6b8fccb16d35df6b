"""The package oidc-provider of npm, in a program of ours that also registers clients."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.callers import npm
from tests.support.servers import process
from tests.support.servers.real import Client, Real, ask, running

PACKAGE = "oidc-provider@9.13.3"
PROGRAM = str(Path(__file__).with_suffix(".mjs"))
RESOURCE = Client("resource", "the-resource-servers-secret")


@pytest.fixture(scope="session")
def oidc_provider() -> Iterator[Real]:
    """Return an oidc-provider; its tokens are opaque."""
    with process.folder() as home:
        command = npm.place(home, PROGRAM, PACKAGE)
        port = process.free_port()
        issuer = f"http://127.0.0.1:{port}"
        url = f"{issuer}/.well-known/openid-configuration"
        with running(url, home, *command, str(port)) as log:
            _register(issuer, RESOURCE)
            yield Real(
                issuer=issuer,
                token_url=f"{issuer}/token",
                log=log,
                login=r"(?m)^login$",
                scope="api:read",
                life_s=600,
                register=lambda client: _register(issuer, client),
                takes=lambda token: _takes(issuer, token),
            )


def _register(issuer: str, client: Client) -> None:
    body = {
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "token_endpoint_auth_method": client.client_auth,
        "grant_types": ["client_credentials"],
        "redirect_uris": [],
        "response_types": [],
        "scope": "api:read",
    }
    assert ask("POST", f"{issuer}/clients", json=body).status_code == 201


def _takes(issuer: str, token: str) -> bool:
    pair = (RESOURCE.client_id, RESOURCE.client_secret)
    answer = ask("POST", f"{issuer}/token/introspection", data={"token": token}, auth=pair)
    return bool(answer.json()["active"])
