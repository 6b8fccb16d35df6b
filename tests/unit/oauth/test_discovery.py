"""An issuer's token endpoint: both places are asked, and only what is sound is believed."""

import json
import socket
from collections.abc import Callable

import pytest

from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError, CredhelperError, ProtocolError, TemporaryError
from credhelper.oauth import exchange
from credhelper.secrets.secret import Secret
from credhelper.system import http, redaction
from tests.support.servers.scripted import Behaviour, Script, Scripted, answer, grant, redirect

SECRET = "s3cret-of-the-client"
OTHERS: dict[str, Behaviour] = {
    "a page": answer(200, "<!doctype html><title>App</title>"),
    "a redirect": redirect(302, "https://login.example/"),
    "a redirect without a target": answer(302),
    "no such page": answer(404),
    "not allowed": answer(405),
    "trouble": answer(502, "bad gateway"),
    "another issuer": answer(200, '{"issuer":"https://other.example"}'),
    "an array": answer(200, "[]"),
    "too much": answer(200, b" " * (256 * 1024 + 1)),
    "nothing in it": answer(200, "{}"),
}
pytestmark = pytest.mark.usefixtures("clean_environ")
Publish = Callable[..., Scripted]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries follow at once."""
    monkeypatch.setattr(http, "BACKOFF_BASE_S", 0.01)


def tell(connection: socket.socket, server: Scripted) -> None:
    """Answer with good metadata."""
    document = {"issuer": server.url.removesuffix("/token"), "token_endpoint": server.url}
    answer(200, json.dumps(document))(connection, server)


def profile(server: Scripted, issuer: str = "") -> Profile:
    """Return a profile that knows the issuer only."""
    reference = SecretRef("env", "NAME")
    issuer = issuer or server.url.removesuffix("/token")
    return Profile("p", "app", reference, issuer=issuer, ca=server.ca)


def exchanged(server: Scripted, endpoint: str = "", attempts: int = 1) -> exchange.Exchanged:
    """Exchange by the issuer."""
    secret = Secret(SECRET)
    return exchange.exchange(profile(server), secret, attempts=attempts, endpoint=endpoint)


def refused(server: Scripted, issuer: str = "", attempts: int = 1) -> CredhelperError:
    """Return the error of an exchange that must fail before the secret is sent."""
    with pytest.raises(CredhelperError) as caught:
        exchange.exchange(profile(server, issuer), Secret(SECRET), attempts=attempts)
    assert all(request.line.startswith("GET ") for request in server.requests)
    return caught.value


def paths(server: Scripted) -> list[str]:
    """Return what was asked for."""
    return [request.line.split()[1] for request in server.requests]


@pytest.mark.parametrize("name", OTHERS)
def test_the_second_place_counts_whatever_the_first_says(scripted: Script, name: str) -> None:
    """An application's page at the first one is no reason to fail."""
    server = scripted(OTHERS[name], tell, grant(), kind="")
    found = exchanged(server)
    assert (found.token.access_token, found.endpoint) == ("tok", server.url)
    assert paths(server) == [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/token",
    ]


@pytest.mark.parametrize(
    ("first", "second", "kind", "words"),
    [
        ("a page", "no such page", ProtocolError, "something else than JSON"),
        ("no such page", "a page", ProtocolError, "something else than JSON"),
        ("no such page", "not allowed", ConfigError, "no metadata with a token_endpoint"),
        ("a page", "another issuer", ConfigError, "calls itself https://other.example, not "),
        ("another issuer", "trouble", TemporaryError, "answered 502"),
        ("trouble", "no such page", TemporaryError, "answered 502"),
        ("a redirect", "no such page", ConfigError, "redirects to another host"),
        ("a redirect without a target", "a page", ConfigError, "redirects to another place"),
    ],
)
def test_the_telling_trouble_is_told_if_neither_serves(
    scripted: Script, first: str, second: str, kind: type[CredhelperError], words: str
) -> None:
    """A server that is busy may have the metadata later; else the one that says most."""
    server = scripted(OTHERS[first], OTHERS[second], kind="")
    error = refused(server)
    assert type(error) is kind
    assert words in error.problem


def test_trouble_at_both_places_is_tried_again(scripted: Script) -> None:
    """Both are asked before anybody waits."""
    server = scripted(answer(503), answer(404), answer(503), tell, grant(), kind="")
    assert exchanged(server, attempts=2).token.access_token == "tok"
    assert len(server.requests) == 5


def test_both_issuers_are_told(scripted: Script) -> None:
    """A slash too many is the commonest mistake; the key to correct is named."""
    server = scripted(tell, kind="")
    issuer = server.url.removesuffix("token")
    error = refused(server, issuer)
    whom = f"the issuer at {issuer.removeprefix('http://')[:-1]}"
    assert error.problem == f"{whom} calls itself {issuer[:-1]}, not {issuer}"
    assert error.hint.startswith("set profiles.p.issuer exactly")


def test_an_issuer_is_printed_though_its_port_looks_like_a_piece_of_the_secret(
    scripted: Script,
) -> None:
    """What the config says of the issuer is no secret."""
    server = scripted(tell, kind="")
    redaction.hide(server.url.partition(":")[2])
    issuer = server.url.removesuffix("token")
    assert f"calls itself {issuer[:-1]}, not" in refused(server, issuer).problem


@pytest.mark.parametrize(
    "theirs", [f"https://{SECRET}.example", "https://a b", "\x1b[31m", None, 7, "x" * 300]
)
def test_an_issuer_that_is_no_plain_url_is_not_told(scripted: Script, theirs: object) -> None:
    """Nor one that holds the secret."""
    server = scripted(answer(200, json.dumps({"issuer": theirs})), kind="")
    assert "calls itself otherwise, not http://127.0.0.1" in refused(server).problem


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:1/internal",
        "http://localhost/token",
        "http://idp.example/token",
        "https://user@idp.example/token",
        "https://idp.example/\ntoken",
        "token",
    ],
)
def test_an_https_issuer_names_an_https_endpoint(scripted: Script, endpoint: str) -> None:
    """RFC 8414 section 2; what stands in the metadata is not told."""

    def metadata(connection: socket.socket, server: Scripted) -> None:
        issuer = server.url.removesuffix("/token")
        document = {"issuer": issuer, "token_endpoint": endpoint}
        answer(200, json.dumps(document))(connection, server)

    server = scripted(metadata)
    error = refused(server)
    assert type(error) is ConfigError
    assert error.problem.endswith("name a token_endpoint that is no plain https:// address")
    assert "internal" not in error.line()


def test_an_endpoint_that_holds_the_secret_is_refused(scripted: Script) -> None:
    """Its host would be told with every error."""

    def metadata(connection: socket.socket, server: Scripted) -> None:
        issuer = server.url.removesuffix("/token")
        document = {"issuer": issuer, "token_endpoint": f"https://{SECRET}.example/"}
        answer(200, json.dumps(document))(connection, server)

    error = refused(scripted(metadata))
    assert type(error) is ProtocolError
    assert SECRET not in error.line()


def test_a_known_endpoint_spares_the_search(scripted: Script) -> None:
    """One request, as with `token_url`."""
    server = scripted(grant(), kind="")
    assert exchanged(server, endpoint=server.url).endpoint == server.url
    assert paths(server) == ["/token"]


@pytest.mark.parametrize("gone", [answer(404), answer(410), redirect(301, "https://new.example")])
def test_a_known_endpoint_that_is_gone_is_looked_for(scripted: Script, gone: Behaviour) -> None:
    """The issuer is asked where it is now."""
    server = scripted(gone, tell, grant(), kind="")
    found = exchanged(server, endpoint=f"{server.url}/old")
    assert (found.token.access_token, found.endpoint) == ("tok", server.url)


def test_a_refusal_is_no_reason_to_look_for_another_endpoint(scripted: Script) -> None:
    """It is the right one that says so."""
    server = scripted(answer(400, '{"error":"invalid_scope"}'), kind="")
    with pytest.raises(ConfigError):
        exchanged(server, endpoint=server.url)
    assert paths(server) == ["/token"]


def test_the_endpoint_of_a_token_url_is_told(scripted: Script) -> None:
    """It is the profile's own, whatever is known."""
    server = scripted(grant(), kind="")
    chosen = Profile("p", "app", SecretRef("env", "NAME"), token_url=server.url)
    assert exchange.exchange(chosen, Secret(SECRET), attempts=1).endpoint == server.url


def test_an_issuer_is_named_by_its_own_key(scripted: Script) -> None:
    """A profile without `token_url` has none to correct."""
    server = scripted(tell, answer(404))
    with pytest.raises(ConfigError) as caught:
        exchanged(server)
    assert caught.value.problem == f"{server.whom} answered 404"
    hint = "profiles.p.issuer names that endpoint: set profiles.p.token_url instead"
    assert caught.value.hint == hint
