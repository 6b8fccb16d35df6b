"""The story with authorization servers that people use: Keycloak, Hydra and oidc-provider.

The first and the last need `-m toolchain`, Hydra `-m long`: it is built for minutes.
"""

import json
import secrets
import time
from dataclasses import replace
from datetime import datetime

import pytest

from tests.conftest import Box
from tests.support import canary
from tests.support.servers.openbao import OpenBao
from tests.support.servers.real import Client, Real

METHODS = ["client_secret_basic", "client_secret_post"]
# What form-encoding, Basic and a URL's path each treat in their own way.
ODD_ID, ODD_SECRET = "odd:id/", "pa+ss/w=d%41 :"


# One worker for each, so that each is started once.
SERVERS = [
    pytest.param(name, marks=[getattr(pytest.mark, lane), pytest.mark.xdist_group(name)])
    for name, lane in (("keycloak", "toolchain"), ("oidc_provider", "toolchain"), ("hydra", "long"))
]


@pytest.fixture(scope="session", params=SERVERS)
def real(request: pytest.FixtureRequest) -> Real:
    """Return a running server."""
    server: Real = request.getfixturevalue(request.param)
    return server


def plain(client_auth: str = METHODS[0]) -> Client:
    """Return a new client with a new secret."""
    return Client(f"plain-{secrets.token_hex(4)}", f"s3cret-{secrets.token_hex(8)}", client_auth)


def configure(box: Box, server: Real, client: Client, **keys: str) -> None:
    """Make the client the box's profile; its secret lies in $S. Empty keys are left out."""
    canary.learn(client.client_secret)
    given = {
        "token_url": server.token_url,
        "client_id": client.client_id,
        "client_secret": "env:S",
        "client_auth": client.client_auth,
        "scope": server.scope,
        **keys,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in given.items() if value]
    box.config("\n".join(["[profiles.p]", *lines, ""]))
    box.environ["S"] = client.client_secret


def configure_vault(box: Box, server: Real, client: Client, openbao: OpenBao) -> str:
    """Do the same with the secret in Vault, under the name returned; nothing is there yet."""
    name = secrets.token_hex(4)
    configure(box, server, client, client_secret=f"vault:secret/{name}#s")
    config = box.home / ".config" / "credhelper" / "config.toml"
    box.config(f'{config.read_text()}[profiles.p.vault]\naddress = "{openbao.address}"\n')
    box.environ["VAULT_TOKEN"] = openbao.token
    return name


@pytest.mark.parametrize("client_auth", METHODS)
@pytest.mark.parametrize("characters", ["plain", "odd"])
def test_one_login_gives_a_token_that_the_server_takes(
    box: Box, real: Real, client_auth: str, characters: str
) -> None:
    """With either authentication and whatever characters; for as long as the server said."""
    client = plain(client_auth)
    if characters == "odd":
        client = Client(f"{ODD_ID}{secrets.token_hex(4)}", ODD_SECRET, client_auth)
    real.register(client)
    configure(box, real, client)
    before, called_at = real.logins(), time.time()
    first = box.run("get")
    assert real.takes(first.token())
    ends = datetime.fromisoformat(json.loads(first.stdout)["Expiration"]).timestamp()
    assert called_at - 2 <= ends - real.life_s <= time.time()  # whole seconds, here and there
    assert box.run("get").stdout == first.stdout
    assert real.logins() == before + 1


def test_a_herd_logs_in_once(box: Box, real: Real) -> None:
    """Twenty cold callers at once have one token."""
    client = plain()
    real.register(client)
    configure(box, real, client)
    before = real.logins()
    (token,) = {ran.token() for ran in box.herd(20, "get")}
    assert real.takes(token)
    assert real.logins() == before + 1


@pytest.mark.parametrize("client_auth", METHODS)
@pytest.mark.parametrize("wrong", ["client_secret", "client_id"])
def test_a_refused_client_is_told_once(box: Box, real: Real, client_auth: str, wrong: str) -> None:
    """A wrong secret or id: the line names both, and not the grant; two calls, one login."""
    known, used = plain(client_auth), plain(client_auth)
    real.register(known)
    if wrong == "client_secret":
        used = replace(used, client_id=known.client_id)
    configure(box, real, used)
    before = real.logins()
    first, second = (box.run("get").refused(77) for _ in range(2))
    assert first == second
    assert real.logins() == before + 1
    assert used.client_id in first
    assert "env:S" in first
    assert "grant" not in first


def test_a_rotation_fails_no_call(box: Box, real: Real, openbao: OpenBao) -> None:
    """New in the manager alone, then at the server, too: each call has a token."""
    old = plain()
    new = replace(old, client_secret=f"rotated-{secrets.token_hex(8)}")
    name = configure_vault(box, real, old, openbao)
    logins = []
    for in_vault, at_server in ((old, old), (new, old), (new, new)):
        openbao.store(name, {"s": in_vault.client_secret})
        real.register(at_server)
        before = real.logins()
        assert real.takes(box.run("get", "--fresh").token())
        logins.append(real.logins() - before)
    assert logins == [1, 2, 1]


def test_two_wrong_versions_are_named(box: Box, real: Real, openbao: OpenBao) -> None:
    """Neither version is the server's: two logins for all callers, and the line says which."""
    client = plain()
    real.register(client)
    name = configure_vault(box, real, client, openbao)
    for _ in range(2):
        openbao.store(name, {"s": f"wrong-{secrets.token_hex(8)}"})
    before = real.logins()
    first, second = (box.run("get").refused(77) for _ in range(2))
    assert first == second
    assert real.logins() == before + 2
    assert "tried: current; previous" in first
    assert f"vault:secret/{name}#s" in first
    assert "grant" not in first


def test_a_scope_not_allowed_is_the_configurations(box: Box, real: Real) -> None:
    """The line names the scope and the application."""
    client = plain()
    real.register(client)
    configure(box, real, client, scope="api:write")
    line = box.run("get").refused(78)
    assert "invalid_scope" in line
    assert f"add the scope `api:write` to the application {client.client_id}" in line


def test_the_issuer_is_enough(box: Box, real: Real) -> None:
    """The server's metadata tell the token endpoint; the token is asked for once."""
    client = plain()
    real.register(client)
    configure(box, real, client, token_url="", issuer=real.issuer)
    before = real.logins()
    assert real.takes(box.run("get").token())
    box.run("get").token()
    assert real.logins() == before + 1


def test_another_spelling_of_the_issuer(box: Box, real: Real) -> None:
    """A slash too many is told with both spellings; no secret is sent."""
    client = plain()
    real.register(client)
    configure(box, real, client, token_url="", issuer=f"{real.issuer}/")
    before = real.logins()
    line = box.run("get").refused(78)
    others = line.replace(f"{real.issuer}/", "")
    assert f"{real.issuer}/" in line
    assert real.issuer in others
    assert real.logins() == before


@pytest.mark.long
@pytest.mark.xdist_group("hydra")
@pytest.mark.parametrize(("registered", "used"), [METHODS, METHODS[::-1]])
def test_the_other_client_authentication(box: Box, hydra: Real, registered: str, used: str) -> None:
    """Hydra insists on the one that the client is registered with: the line says what to set."""
    client = plain(registered)
    hydra.register(client)
    configure(box, hydra, client, client_auth=used)
    line = box.run("get").refused(77)
    assert f'client_auth to "{registered}"' in line
    configure(box, hydra, client)
    assert hydra.takes(box.run("get").token())
