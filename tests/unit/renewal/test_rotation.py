"""A secret is rotated, in real managers, and no caller notices; nothing pending is ever sent."""

import json
import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest

from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import CredhelperError, DeniedError
from credhelper.renewal import refusal, rotation
from credhelper.secrets import secret
from tests.conftest import Box
from tests.support.servers.aws import Aws
from tests.support.servers.counting import TokenServer
from tests.support.servers.openbao import OpenBao
from tests.support.servers.scripted import Script, Scripted, answer, grant

Rotate = Callable[[str], None]
# Keycloak, Auth0, UAA, plain text; and `invalid_client` at another status.
REFUSALS = [(401, '{"error":"unauthorized_client"}'), (401, '{"error":"access_denied"}'),
            (401, "Unauthorized"), (400, '{"error":"invalid_client"}'),
            (200, '{"error":"invalid_client"}')]  # fmt: skip
OTHERS = [(400, '{"error":"unauthorized_client"}'), (403, '{"error":"access_denied"}'),
          (400, '{"error":"invalid_scope"}')]  # fmt: skip


@pytest.fixture(params=["aws", "vault"])
def rotate(request: pytest.FixtureRequest, box: Box, aws: Aws, openbao: OpenBao,
           tokens: TokenServer) -> Rotate:  # fmt: skip
    """Return the way to store the next version of the box's secret; "first" is there already."""
    head = f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "x"\n'
    head += 'client_auth = "client_secret_post"\n'
    if request.param == "aws":
        box.environ |= aws.environ
        name = aws.store(json.dumps({"s": "first"}))["Name"]
        box.config(head + f'client_secret = "aws:{name}#s"\n[profiles.p.aws]\n'
                   f'region = "eu-west-1"\nendpoint_url = "{aws.address}"\n')  # fmt: skip
        return lambda value: aws.rotate(name, json.dumps({"s": value}))
    name = secrets.token_hex(4)
    openbao.store(name, {"s": "first"})
    box.environ["VAULT_TOKEN"] = openbao.token
    box.config(head + f'client_secret = "vault:secret/{name}#s"\n[profiles.p.vault]\n'
               f'address = "{openbao.address}"\n')  # fmt: skip
    return lambda value: openbao.store(name, {"s": value})


def sent(tokens: TokenServer) -> list[str]:
    """Return the secrets that the server was sent, in their order."""
    return [form["client_secret"] for form in tokens.forms]


def test_the_previous_version_bridges(box: Box, tokens: TokenServer, rotate: Rotate) -> None:
    """The manager has the new secret before the server does: the old one still works."""
    rotate("second")
    tokens.accepts = {"first"}
    assert box.run("get").token()
    assert sent(tokens) == ["second", "first"]


@pytest.mark.slow
def test_a_herd_across_a_rotation(box: Box, tokens: TokenServer, rotate: Rotate) -> None:
    """Fifty parallel callers, none fails, two logins."""
    rotate("second")
    tokens.accepts = {"first"}
    assert len({answer.token() for answer in box.herd(50, "get")}) == 1
    assert sent(tokens) == ["second", "first"]


def test_the_secret_is_read_again_first(box: Box, tokens: TokenServer, rotate: Rotate) -> None:
    """Rotated between read and use: the new one is taken, and the old one not tried twice."""
    tokens.accepts = {"second"}
    tokens.gate.clear()
    process = box.start("get")
    assert tokens.arrived.wait(30)
    rotate("second")
    tokens.gate.set()
    assert process.communicate(timeout=60)[1] == ""
    assert sent(tokens) == ["first", "second"]


@pytest.mark.slow
def test_three_logins_at_most_and_the_versions_are_named(
    box: Box, tokens: TokenServer, rotate: Rotate
) -> None:
    """Each version once, the pending never; the line says what was tried, without a value."""
    rotate("second")
    tokens.accepts = set()
    tokens.gate.clear()
    process = box.start("get")
    assert tokens.arrived.wait(30)
    rotate("third")
    rotate("fourth")
    tokens.gate.set()
    line = process.communicate(timeout=60)[1]
    assert sent(tokens) == ["second", "fourth", "third"]
    assert "current; current, read again; previous" in line
    assert process.returncode == 77
    for value in sent(tokens):
        assert value not in line


def test_a_profile_can_forbid_it(box: Box, tokens: TokenServer, rotate: Rotate) -> None:
    """`previous = false` sends the current version alone."""
    path = box.home / ".config" / "credhelper" / "config.toml"
    path.write_text(path.read_text().replace("client_id", "previous = false\nclient_id", 1))
    rotate("second")
    tokens.accepts = {"first"}
    box.run("get").refused(77)
    assert sent(tokens) == ["second"]


def test_a_first_version_has_no_previous(box: Box, tokens: TokenServer, rotate: Rotate) -> None:
    """A secret that was never rotated is sent once."""
    tokens.accepts = set()
    assert "tried: current)" in box.run("get").refused(77)
    assert sent(tokens) == ["first"]


def versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the manager have two versions of the secret."""
    monkeypatch.setattr(secret, "read", lambda *_words, **_named: secret.Secret("second-secret"))
    monkeypatch.setattr(
        secret, "read_previous", lambda *_words, **_named: secret.Secret("first-secret")
    )


def profile(server: Scripted) -> Profile:
    """Return a profile that sends the secret in the form."""
    reference = SecretRef("vault", "secret/app", "s")
    return Profile("p", "app", reference, token_url=server.url, client_auth="client_secret_post")


@pytest.mark.parametrize(("status", "body"), REFUSALS)
def test_whoever_refuses_the_client_gets_the_previous_version(
    scripted: Script, monkeypatch: pytest.MonkeyPatch, status: int, body: str
) -> None:
    """A 401 of any kind, and `invalid_client` at any status."""
    versions(monkeypatch)
    server = scripted(answer(status, body), grant(), kind="")
    assert rotation.fetch(profile(server), attempts=1).token.access_token == "tok"
    assert ["first-secret" in request.body for request in server.requests] == [False, True]


@pytest.mark.parametrize(("status", "body"), OTHERS)
def test_what_another_secret_cannot_mend_is_no_reason_for_one(
    scripted: Script, monkeypatch: pytest.MonkeyPatch, status: int, body: str
) -> None:
    """One login."""
    versions(monkeypatch)
    server = scripted(answer(status, body), kind="")
    with pytest.raises(CredhelperError):
        rotation.fetch(profile(server), attempts=1)
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "body"), REFUSALS)
def test_a_client_that_is_refused_with_every_version_is_for_all(
    scripted: Script, monkeypatch: pytest.MonkeyPatch, status: int, body: str
) -> None:
    """The next callers need not ask for some seconds; the error says what was tried."""
    versions(monkeypatch)
    server = scripted(answer(status, body), kind="")
    with pytest.raises(DeniedError, match="tried: current; previous") as caught:
        rotation.fetch(profile(server), attempts=1)
    assert refusal.lasts_s(caught.value) == refusal.DENIED_S
    assert "the secret at vault:secret/app#s" in caught.value.hint


def test_an_endpoint_that_is_known_is_used(
    scripted: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An issuer is not asked again with each renewal."""
    versions(monkeypatch)
    server = scripted(grant(), kind="")
    chosen = replace(profile(server), token_url="", issuer=server.url.removesuffix("/token"))
    found = rotation.fetch(chosen, attempts=1, endpoint=server.url)
    assert (found.endpoint, len(server.requests)) == (server.url, 1)
