"""The exchange: against Authlib's server, and against answers that no good server gives."""

import json
import socket
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from credhelper.config import load
from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import (
    ClientRefusedError,
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.oauth import exchange
from credhelper.secrets.secret import Secret
from credhelper.system import http
from credhelper.token import Token
from tests.support.servers.authorization import Authorization
from tests.support.servers.scripted import Script, Scripted, answer, grant, redirect

SECRET = "s:3+/= %\u00e9\u2603-and+more"
DAY_S = 24 * 3600
pytestmark = pytest.mark.usefixtures("clean_environ", "_no_pause")


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries follow at once."""
    monkeypatch.setattr(http, "BACKOFF_BASE_S", 0.01)


def profile(**settings: Any) -> Profile:  # noqa: ANN401 - as many kinds as the fields have
    """Return a profile with these settings."""
    reference = SecretRef("vault", "secret/app", "client_secret")
    return Profile(**{"name": "p", "client_id": "app", "client_secret": reference, **settings})


def at(server: Scripted, **settings: Any) -> Profile:  # noqa: ANN401 - as many kinds as the fields have
    """Return a profile for a scripted server."""
    return profile(**{"token_url": server.url, "ca": server.ca, **settings})


def exchanged(chosen: Profile, secret: str = SECRET) -> Token:
    """Exchange with as many attempts as a run without a cached token has."""
    return exchange.exchange(chosen, Secret(secret), attempts=3).token


def refused(
    kind: type[CredhelperError], chosen: Profile, secret: str = SECRET, *, body: str = ""
) -> CredhelperError:
    """Return the error of an exchange that must fail; it shows neither the secret nor the body."""
    with pytest.raises(kind) as caught:
        exchanged(chosen, secret)
    assert type(caught.value) is kind
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.line()
    for hidden in (secret, body):
        assert not hidden or hidden not in shown
    return caught.value


def form(server: Scripted) -> list[tuple[str, str]]:
    """Return the form of the last request."""
    return parse_qsl(server.requests[-1].body, keep_blank_values=True, strict_parsing=True)


# A server that is not ours


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
def test_a_real_server_issues_a_token(
    authorization: Authorization, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """By either method, with a secret full of characters that a wrong encoding breaks."""
    monkeypatch.setattr(authorization, "methods", (method,))
    before = len(authorization.issued)
    chosen = profile(
        token_url=authorization.url,
        ca=authorization.ca,
        client_id=authorization.client_id,
        client_auth=method,
        scope="api api.read",
    )
    token = exchanged(chosen, authorization.client_secret)
    assert authorization.issued[before:] == [token.access_token]
    assert (token.token_type, token.scope) == ("Bearer", "api api.read")
    assert 0 < token.expires_at - time.time() <= DAY_S


def with_authlib(server: Authorization, **settings: Any) -> Profile:  # noqa: ANN401 - as many kinds as the fields have
    """Return a profile for Authlib's server."""
    where = {} if "issuer" in settings else {"token_url": server.url}
    return profile(ca=server.ca, client_id=server.client_id, **where, **settings)


def test_the_issuer_leads_to_the_token_endpoint(authorization: Authorization) -> None:
    """RFC 8414: the metadata names the endpoint."""
    chosen = with_authlib(authorization, issuer=authorization.issuer, scope="api")
    token = exchanged(chosen, authorization.client_secret)
    assert authorization.issued[-1] == token.access_token


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
def test_a_wrong_secret_is_denied(authorization: Authorization, method: str) -> None:
    """The code is the server's; the hint names the reference, never the value."""
    before = len(authorization.issued)
    chosen = with_authlib(authorization, client_auth=method)
    error = refused(ClientRefusedError, chosen, "wrong-secret-value")
    assert error.code == "invalid_client"
    assert "vault:secret/app#client_secret" in error.hint
    other = {"client_secret_post", "client_secret_basic"} - {method}
    assert f'set profiles.p.client_auth to "{other.pop()}"' in error.hint
    assert len(authorization.issued) == before


def test_the_itwin_hint_names_the_page_to_go_to(authorization: Authorization) -> None:
    """Secrets for iTwin are made on the My Apps page."""
    error = refused(ClientRefusedError, with_authlib(authorization, provider="itwin"), "wrong-one")
    assert "developer.bentley.com (My Apps)" in error.hint
    assert "client_secret_post" in error.hint


def test_an_unknown_scope_is_a_matter_of_the_config(authorization: Authorization) -> None:
    """The hint says which scope is missing where."""
    chosen = with_authlib(authorization, scope="api nonsense")
    error = refused(ConfigError, chosen, authorization.client_secret)
    assert error.code == "invalid_scope"
    assert "`api nonsense`" in error.hint
    assert authorization.client_id in error.hint


def test_a_client_without_the_grant_is_denied(
    authorization: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hint tells what the application must be allowed."""
    monkeypatch.setattr(authorization, "permitted", False)
    error = refused(DeniedError, with_authlib(authorization), authorization.client_secret)
    assert error.code == "unauthorized_client"
    assert "client credentials grant" in error.hint


# What is sent


def test_the_basic_header_is_encoded_as_the_rfc_says() -> None:
    """RFC 6749 section 2.3.1: each part form-encoded as UTF-8, then joined, then base64."""
    assert exchange.basic("id:1+/ %\u00e9", "s:3+/= %\u00e9\u2603") == (
        "Basic aWQlM0ExJTJCJTJGKyUyNSVDMyVBOTpzJTNBMyUyQiUyRiUzRCslMjUlQzMlQTklRTIlOTglODM="
    )


def test_the_wire_form_for_itwin(scripted: Script, tmp_path: Path) -> None:
    """Exactly this, byte for byte: the preset's scope and method, and nothing besides."""
    server = scripted(grant())
    environ = {
        "HOME": str(tmp_path),
        "CREDHELPER_PROVIDER": "itwin",
        "CREDHELPER_TOKEN_URL": server.url,
        "CREDHELPER_CA": server.ca,
        "CREDHELPER_CLIENT_ID": "service-abc",
        "CREDHELPER_CLIENT_SECRET": "env:ITWIN_CLIENT_SECRET",
    }
    exchanged(load.profiles(environ).get(""), "a+b/c= d")
    [request] = server.requests
    assert request.line == "POST /token HTTP/1.1"
    assert request.body == (
        "grant_type=client_credentials&client_id=service-abc"
        "&client_secret=a%2Bb%2Fc%3D+d&scope=itwin-platform"
    )
    assert "authorization" not in request.headers


def test_the_preset_speaks_to_bentleys_server() -> None:
    """The address and the settings that Bentley documents."""
    environ = {"ITWIN_CLIENT_ID": "service-abc", "ITWIN_CLIENT_SECRET": "x"}
    chosen = load.profiles(environ).get("")
    assert chosen.token_url == "https://ims.bentley.com/connect/token"
    assert (chosen.scope, chosen.client_auth) == ("itwin-platform", "client_secret_post")


def test_the_headers_that_are_sent(scripted: Script) -> None:
    """No compression is asked for, JSON is, and no cookie or credential comes along."""
    server = scripted(grant())
    exchanged(at(server, client_auth="client_secret_post"))
    [request] = server.requests
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert not {"authorization", "cookie", "referer"} & set(request.headers)


def test_one_authentication_method_per_request(scripted: Script) -> None:
    """RFC 6749 section 2.3: with Basic the form has neither id nor secret."""
    server = scripted(grant())
    exchanged(at(server, scope="api"))
    assert form(server) == [("grant_type", "client_credentials"), ("scope", "api")]
    assert server.requests[0].headers["authorization"] == exchange.basic("app", SECRET)


def test_audience_and_further_parameters_are_sent(scripted: Script) -> None:
    """In order, form-encoded."""
    server = scripted(grant())
    further = (("resource", "urn:a b"), ("tenant", "\u00e9"))
    exchanged(at(server, audience="https://api.example/", parameters=further))
    assert form(server) == [
        ("grant_type", "client_credentials"),
        ("audience", "https://api.example/"),
        ("resource", "urn:a b"),
        ("tenant", "\u00e9"),
    ]


def test_what_is_empty_is_left_out(scripted: Script) -> None:
    """RFC 6749 section 3.2: a parameter without a value is an omitted one."""
    server = scripted(grant())
    exchanged(at(server, scope="", audience="", parameters=(("resource", ""),)))
    assert server.requests[0].body == "grant_type=client_credentials"


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
@pytest.mark.parametrize("entry", ["machine 127.0.0.1", "default"])
def test_netrc_is_not_read(scripted: Script, tmp_path: Path, method: str, entry: str) -> None:
    """Requests would put its entry over our header, or beside the secret in the form."""
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"{entry} login somebody password else\n")
    netrc.chmod(0o600)
    server = scripted(grant())
    exchanged(at(server, client_auth=method))
    expected = exchange.basic("app", SECRET) if method == "client_secret_basic" else None
    assert server.requests[0].headers.get("authorization") == expected


# What comes back: a token


def test_members_that_nobody_knows_are_ignored(scripted: Script) -> None:
    """RFC 6749 section 5.1; a refresh token among them is not kept."""
    token = exchanged(at(scripted(grant(refresh_token="r", id_token="i", x=[{}]), kind="trusted")))
    assert token.access_token == "tok"
    assert not hasattr(token, "refresh_token")


@pytest.mark.parametrize(("said", "kept"), [("narrow", "narrow"), (None, "api"), (7, "api")])
def test_the_scope_is_the_servers_word_or_the_asked_one(
    scripted: Script, said: object, kept: str
) -> None:
    """RFC 6749 section 5.1: it is told if it differs."""
    assert exchanged(at(scripted(grant(scope=said)), scope="api")).scope == kept


LIVES: list[tuple[str, int]] = [
    ("3600", 3600),
    ('"3600"', 3600),
    ("12.7", 12),
    ("0", 0),
    ('"0"', 0),
    ("1000000", DAY_S),
    ("null", exchange.DEFAULT_LIFE_S),
    ("true", exchange.DEFAULT_LIFE_S),
    ("NaN", exchange.DEFAULT_LIFE_S),
    ("Infinity", exchange.DEFAULT_LIFE_S),
    ("-Infinity", exchange.DEFAULT_LIFE_S),
    ("1e400", exchange.DEFAULT_LIFE_S),
    ("1" + "0" * 30, exchange.DEFAULT_LIFE_S),
    ('"1' + "0" * 5000 + '"', exchange.DEFAULT_LIFE_S),
    ("-1", exchange.DEFAULT_LIFE_S),
    ('"-1"', exchange.DEFAULT_LIFE_S),
    ('"1e3"', exchange.DEFAULT_LIFE_S),
    ('"\u0663"', exchange.DEFAULT_LIFE_S),
    ('""', exchange.DEFAULT_LIFE_S),
    ("[]", exchange.DEFAULT_LIFE_S),
    ("{}", exchange.DEFAULT_LIFE_S),
]


@pytest.mark.parametrize(("said", "life_s"), LIVES, ids=[said[:12] for said, _ in LIVES])
def test_the_life_that_a_server_tells(said: str, life_s: int) -> None:
    """JSON as Python reads it, into seconds; what tells nothing is the default."""
    assert exchange.life_s(json.loads(said)) == life_s


@pytest.mark.parametrize("said", ["1e400", "NaN", '"x"', "-5"])
def test_an_odd_life_does_not_fail_the_exchange(scripted: Script, said: str) -> None:
    """The token is good for the default, counted from before the request."""
    body = f'{{"access_token":"tok","token_type":"bearer","expires_in":{said}}}'
    begun = int(time.time())
    token = exchanged(at(scripted(answer(200, body))))
    assert begun <= token.expires_at - exchange.DEFAULT_LIFE_S <= time.time()


def test_a_missing_life_is_the_default(scripted: Script) -> None:
    """RFC 6749 section 5.1 only recommends it."""
    token = exchanged(at(scripted(grant(expires_in=None))))
    assert token.expires_at - time.time() <= exchange.DEFAULT_LIFE_S


# What comes back: nonsense

GOOD = {"access_token": "tok-1", "token_type": "Bearer"}
NONSENSE: dict[str, bytes | str] = {
    "html": "<html>please log in</html>",
    "empty": "",
    "array": '["tok-1"]',
    "string": '"tok-1"',
    "nan": "NaN",
    "null": "null",
    "cut": '{"access_token": "tok-1", "token_',
    "not utf-8": b'{"access_token": "\xff"}',
    "deep": '{"access_token":' + "[" * 100_000,
    "long number": '{"expires_in":' + "1" * 10_000 + "}",
    "no members": "{}",
    "no token": json.dumps({"token_type": "Bearer"}),
    "no type": json.dumps({"access_token": "tok-1"}),
    "null token": json.dumps({**GOOD, "access_token": None}),
    "number token": json.dumps({**GOOD, "access_token": 12345678}),
    "list type": json.dumps({**GOOD, "token_type": ["Bearer"]}),
    "empty token": json.dumps({**GOOD, "access_token": ""}),
    "dpop": json.dumps({**GOOD, "token_type": "DPoP"}),
    "quote": json.dumps({**GOOD, "access_token": 'tok-1"'}),
    "space": json.dumps({**GOOD, "access_token": "tok-1 x"}),
    "newline": json.dumps({**GOOD, "access_token": "tok-1\nX-Evil: 1"}),
    "escape": json.dumps({**GOOD, "access_token": "tok-1\x1b[2J"}),
    "scope": json.dumps({**GOOD, "scope": 'tok-1"\n'}),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_200_that_is_no_token_is_a_broken_protocol(scripted: Script, name: str) -> None:
    """One request only; nothing of the body is quoted."""
    server = scripted(answer(200, NONSENSE[name]))
    error = refused(ProtocolError, at(server), body="tok-1")
    assert "please log in" not in error.line()
    assert error.line().startswith(f"credhelper: protocol: {server.whom} ")
    assert error.hint
    assert len(server.requests) == 1


def test_html_makes_think_of_a_captive_portal(scripted: Script) -> None:
    """The hint says where to look."""
    error = refused(ProtocolError, at(scripted(answer(200, "<html>"))))
    assert "captive portal" in error.hint


# What comes back: an error


def denial(**members: object) -> str:
    """Return the body of an error answer."""
    return json.dumps({"error": "invalid_client", **members})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, denial(), ClientRefusedError),
        (401, denial(), ClientRefusedError),
        (401, denial(error="unauthorized_client"), ClientRefusedError),
        (401, "<html>", ClientRefusedError),
        (403, denial(), ClientRefusedError),
        (500, denial(), ClientRefusedError),
        (200, denial(), ClientRefusedError),
        (403, "", DeniedError),
        (400, denial(error="invalid_grant"), DeniedError),
        (400, denial(error="unauthorized_client"), DeniedError),
        (400, denial(error="invalid_scope"), ConfigError),
        (400, denial(error="invalid_request"), ConfigError),
        (400, denial(error="unsupported_grant_type"), ConfigError),
        (404, "<html>", ConfigError),
        (405, "", ConfigError),
        (400, "<html>", ProtocolError),
        (400, denial(error=None), ProtocolError),
        (400, denial(error=["invalid_client"]), ProtocolError),
        (400, denial(error="something_else"), ProtocolError),
        (200, denial(error="something_else"), ProtocolError),
    ],
)
def test_who_must_act_is_told_by_the_class(
    scripted: Script, status: int, body: str, kind: type[CredhelperError]
) -> None:
    """Each refusal is final: it is asked once."""
    server = scripted(answer(status, body))
    error = refused(kind, at(server))
    assert f"{server.whom} answered {status}" in error.problem
    assert "<html>" not in error.line()
    assert len(server.requests) == 1


def test_a_hostile_description_is_made_harmless(scripted: Script) -> None:
    """Printable ASCII only, on one line, and at most 200 characters of it."""
    words = "no\x1b[31m\r\nway\u202e\x00\x9b " + "x" * 500
    server = scripted(answer(401, denial(error_description=words)))
    error = refused(ClientRefusedError, at(server))
    assert error.problem.endswith("invalid_client: no[31m way " + "x" * 189)
    assert error.line().isprintable()


@pytest.mark.parametrize("member", ["error", "error_description"])
@pytest.mark.parametrize(
    "echo",
    [
        SECRET,
        SECRET[: len(SECRET) // 2],
        SECRET[len(SECRET) // 2 :],
        "-and\x07+mo\x07re",
        exchange.basic("app", SECRET),
        "client_secret=s%3A3%2B%2F%3D+%25%C3%A9%E2%98%83-and%2Bmore",
    ],
    ids=["whole", "first half", "second half", "hidden", "basic", "encoded"],
)
def test_words_that_hold_the_secret_are_dropped(scripted: Script, member: str, echo: str) -> None:
    """As it is, in half, or as it was sent."""
    server = scripted(answer(401, denial(**{member: f"got {echo}"})))
    error = refused(ClientRefusedError, at(server), body="got")
    assert error.problem == f"{server.whom} answered 401" + (
        " invalid_client" if member == "error_description" else ""
    )


def test_a_short_secret_is_dropped_too(scripted: Script) -> None:
    """However short it is."""
    server = scripted(answer(401, denial(error_description="bad secret abc")))
    error = refused(ClientRefusedError, at(server), "abc")
    assert error.problem.endswith("401 invalid_client")


@pytest.mark.parametrize("status", [500, 502, 503, 599, 408, 429])
def test_a_server_in_trouble_is_asked_three_times(scripted: Script, status: int) -> None:
    """Then the failure is temporary, and the page it sent is not shown."""
    server = scripted(answer(status, "<html>please log in</html>"))
    error = refused(TemporaryError, at(server), body="please log in")
    assert error.problem == f"{server.whom} answered {status}"
    assert len(server.requests) == 3


def test_a_server_that_recovers_is_forgiven(scripted: Script) -> None:
    """The second answer counts; the request is the same."""
    server = scripted(answer(500), grant())
    assert exchanged(at(server)).access_token == "tok"
    first, second = server.requests
    assert first == second


def test_one_attempt_is_one_attempt(scripted: Script) -> None:
    """With a good token in the cache nobody waits for retries."""
    server = scripted(answer(500))
    with pytest.raises(TemporaryError):
        exchange.exchange(at(server), Secret(SECRET), attempts=1)
    assert len(server.requests) == 1


def test_retry_after_is_obeyed_within_the_budget(scripted: Script) -> None:
    """The pause is the server's, not ours."""
    server = scripted(answer(429, Retry_After="1"), grant())
    begun = time.monotonic()
    assert exchanged(at(server)).access_token == "tok"
    assert 1 <= time.monotonic() - begun < 3


def test_retry_after_beyond_the_budget_ends_the_run(scripted: Script) -> None:
    """At once, naming the seconds."""
    server = scripted(answer(429, Retry_After="3600"))
    error = refused(TemporaryError, at(server))
    assert (error.retry_after_s, error.hint) == (3600, "try again in 3600 s")
    assert len(server.requests) == 1


# Discovery


def metadata(server: Scripted, **members: object) -> str:
    """Return the metadata of a scripted issuer."""
    issuer = server.url.removesuffix("/token")
    return json.dumps({"issuer": issuer, "token_endpoint": server.url, **members})


Publish = Callable[..., Scripted]


@pytest.fixture
def publish(scripted: Script) -> Publish:
    """Return the way to start an issuer whose metadata has these members."""

    def start(**members: object) -> Scripted:
        def tell(connection: socket.socket, server: Scripted) -> None:
            answer(200, metadata(server, **members))(connection, server)

        return scripted(tell, grant())

    return start


def by_issuer(server: Scripted, path: str = "") -> Profile:
    """Return a profile that knows the issuer only."""
    return profile(issuer=server.url.removesuffix("/token") + path, ca=server.ca)


def test_the_metadata_are_fetched_without_the_secret(publish: Publish) -> None:
    """RFC 8414 section 3: a GET at the well-known place; the secret goes to the endpoint only."""
    server = publish()
    exchanged(by_issuer(server))
    first, second = server.requests
    assert first.line == "GET /.well-known/oauth-authorization-server HTTP/1.1"
    assert first.body == ""
    assert "authorization" not in first.headers
    assert second.line == "POST /token HTTP/1.1"


def test_an_issuer_with_a_path_is_asked_at_both_places(scripted: Script) -> None:
    """RFC 8414 puts the well-known part before the path, OpenID behind it."""
    server = scripted(answer(404))
    error = refused(ConfigError, by_issuer(server, "/realm/"))
    assert [request.line.split()[1] for request in server.requests] == [
        "/.well-known/oauth-authorization-server/realm",
        "/realm/.well-known/openid-configuration",
    ]
    assert "set token_url" in error.hint


@pytest.mark.parametrize(
    "members",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": "http://evil.example/token"},
        {"token_endpoint": "https://user@evil.example/token"},
        {"token_endpoint": "https://evil.example/\ntoken"},
    ],
    ids=str,
)
def test_metadata_that_do_not_fit_get_no_secret(
    publish: Publish, members: dict[str, object]
) -> None:
    """The issuer must be the configured one exactly, the endpoint https."""
    server = publish(**members)
    assert "metadata" in refused(ConfigError, by_issuer(server)).line()
    assert all(request.line.startswith("GET ") for request in server.requests)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_an_issuer_in_trouble_is_asked_three_times(scripted: Script, status: int) -> None:
    """At both places; then the failure is temporary, as at its token endpoint."""
    server = scripted(answer(status))
    refused(TemporaryError, by_issuer(server))
    assert len(server.requests) == 2 * 3


def test_an_issuers_retry_after_beyond_the_budget_ends_the_run(scripted: Script) -> None:
    """As at its token endpoint."""
    server = scripted(answer(503, Retry_After="3600"))
    assert "3600 s" in refused(TemporaryError, by_issuer(server)).hint
    assert len(server.requests) == 2


def test_metadata_that_are_html_are_a_broken_protocol(scripted: Script) -> None:
    """A captive portal answers here, too."""
    server = scripted(answer(200, "<html>"))
    assert "captive portal" in refused(ProtocolError, by_issuer(server)).hint


def test_an_issuer_that_redirects_is_not_followed(scripted: Script) -> None:
    """The other server hears nothing."""
    other = scripted(grant())
    server = scripted(redirect(302, other.url))
    refused(ConfigError, by_issuer(server))
    assert (other.connections, len(server.requests)) == (0, 2)
