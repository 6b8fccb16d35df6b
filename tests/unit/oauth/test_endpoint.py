"""An exchange to its borders: how long a token lives, what is told of a refusal."""

import base64
import json
import time
from typing import Any

import pytest
import requests

from credhelper import __version__
from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import CredhelperError, ProtocolError
from credhelper.oauth import exchange
from credhelper.secrets.secret import Secret
from credhelper.system import http
from tests.support.servers.scripted import Script, Scripted, answer, grant, redirect

SECRET = "s3cret-of-16-chr"
pytestmark = pytest.mark.usefixtures("clean_environ")


def at(server: Scripted, **settings: Any) -> Profile:  # noqa: ANN401 - as many kinds as the fields have
    """Return a profile for a scripted server."""
    reference = SecretRef("env", "NAME", "")
    known = {"token_url": server.url, "ca": server.ca, "client_secret": reference}
    return Profile(**{"name": "p", "client_id": "app", **known, **settings})


def refusal(chosen: Profile, secret: str = SECRET) -> CredhelperError:
    """Return the error of an exchange that must fail."""
    with pytest.raises(CredhelperError) as caught:
        exchange.exchange(chosen, Secret(secret), attempts=1)
    return caught.value


def told(scripted: Script, secret: str = SECRET, **members: object) -> str:
    """Return what is told of an error answer with these members, after the status."""
    body = json.dumps({"error": "e", **members})
    server = scripted(answer(400, body))
    problem = refusal(at(server), secret).problem
    return problem.removeprefix(f"{server.whom} answered 400")


@pytest.mark.parametrize(
    ("said", "life_s"), [(10**9, 86400), (10**9 + 1, 300), (86399, 86399), ("1" * 400, 300)]
)
def test_an_absurd_life_tells_nothing(said: object, life_s: int) -> None:
    """Up to thirty years are cut to a day; more is no life."""
    assert exchange.life_s(said) == life_s


def test_the_life_that_the_server_tells_is_the_tokens(scripted: Script) -> None:
    """Counted from before the request."""
    begun = int(time.time())
    chosen = at(scripted(grant(expires_in=1234)))
    token = exchange.exchange(chosen, Secret(SECRET), attempts=1).token
    assert begun <= token.expires_at - 1234 <= time.time()


def test_a_code_is_told_up_to_sixty_four_characters(scripted: Script) -> None:
    """Words up to two hundred, and every printable character of them."""
    assert told(scripted, error="c" * 64) == " " + "c" * 64
    assert told(scripted, error="c" * 65) == ": " + "c" * 65
    assert told(scripted, error_description="w" * 201) == " e: " + "w" * 200
    assert told(scripted, error_description="\x1fa ~\x7f\r\nb") == " e: a ~ b"


@pytest.mark.parametrize(
    ("secret", "words", "is_told"),
    [
        ("abcdefgh", "abcdef", False),
        ("abcdefgh", "cdefgh", False),
        ("abcdefgh", "bcdef", True),
        ("abcdefgh", "abc def", False),
        ("abcdefgh", "hgfedc", False),
        ("abcdefg", "abcdef", True),
        ("abcdefg", "abcdefg", False),
    ],
)
def test_six_characters_of_a_secret_are_too_much(
    scripted: Script,
    secret: str,
    words: str,
    is_told: bool,  # noqa: FBT001 - a row
) -> None:
    """From eight characters on they hide the words, however they are spelled."""
    assert (words in told(scripted, secret, error_description=words)) is is_told


def test_the_header_without_its_scheme_is_a_secret_too(scripted: Script) -> None:
    """A server may echo only the part that it failed to decode."""
    echo = exchange.basic("app", SECRET).removeprefix("Basic ")
    for part in (echo, echo[: len(echo) // 2]):
        assert told(scripted, error_description=f"bad {part}") == " e"


@pytest.mark.parametrize(
    "name", ["X-Correlation-Id", "X-Request-Id", "Request-Id", "X-Ms-Request-Id"]
)
def test_a_request_can_be_found_in_the_servers_logs(scripted: Script, name: str) -> None:
    """By the number it gives, up to a hundred characters of it."""
    server = scripted(answer(400, "", **{name: "n" * 101}))
    assert refusal(at(server)).correlation_id == "n" * 100


def test_no_correlation_id_is_none(scripted: Script) -> None:
    """Nor is one that holds the secret."""
    assert refusal(at(scripted(answer(400, "")))).correlation_id == ""
    server = scripted(answer(400, "", X_Request_Id=f"x{SECRET}"))
    assert refusal(at(server)).correlation_id == ""


def test_the_last_status_before_trouble_is_final(scripted: Script) -> None:
    """Only from 500 on it is the server that failed."""
    server = scripted(answer(499))
    error = refusal(at(server))
    told = (type(error).__name__, error.problem)
    assert told == ("ProtocolError", f"{server.whom} answered 499")


def test_the_wait_is_told_in_whole_seconds(scripted: Script) -> None:
    """Where the server tells none, it is later."""
    server = scripted(answer(503))
    error = refusal(at(server))
    assert (error.hint, error.problem) == ("try again later", f"{server.whom} answered 503")


def test_the_hint_names_the_reference(scripted: Script) -> None:
    """And whose secret it is; for iTwin the page, too."""
    body = json.dumps({"error": "invalid_client"})
    server = scripted(answer(401, body))
    assert refusal(at(server, client_auth="client_secret_post")).hint == (
        "compare client_id app and the secret at env:NAME with the application's; where both are "
        "right, re-generate the secret there, or set profiles.p.client_auth to "
        '"client_secret_basic"'
    )
    assert refusal(at(server, client_auth="client_secret_post", provider="itwin")).hint == (
        "compare client_id app and the secret at env:NAME with the application's at "
        "https://developer.bentley.com (My Apps); where both are right, re-generate the secret "
        "there"
    )


@pytest.mark.parametrize("members", [{"access_token": "t"}, {"token_type": "Bearer"}])
def test_an_answer_without_both_is_none(scripted: Script, members: dict[str, str]) -> None:
    """The error says which server it was."""
    server = scripted(answer(200, json.dumps(members)))
    error = refusal(at(server))
    assert error.problem == f"{server.whom} sent no access_token with a token_type"


def test_an_issuer_with_a_path_answers_for_itself(scripted: Script) -> None:
    """The second place is asked where the first is not there."""
    server = scripted(answer(404), answer(404))
    issuer = server.url.removesuffix("/token") + "/realm/X"
    metadata = json.dumps({"issuer": issuer, "token_endpoint": server.url})
    server.script = (answer(404), answer(200, metadata), grant())
    chosen = at(server, token_url="", issuer=issuer)
    token = exchange.exchange(chosen, Secret(SECRET), attempts=1).token
    assert token.access_token == "tok"
    assert [request.line.split()[1] for request in server.requests] == [
        "/.well-known/oauth-authorization-server/realm/X",
        "/realm/X/.well-known/openid-configuration",
        "/token",
    ]


def test_no_redirect_is_followed_whatever_the_session_does(
    scripted: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our session refuses it already; a 307 to another host would carry the secret there."""
    other = scripted(grant(), kind="")
    server = scripted(redirect(307, other.url), kind="")
    monkeypatch.setattr(http, "open_session", lambda *_place, **_how: requests.Session())
    assert refusal(at(server)).problem == f"{server.whom} answered 307"
    assert other.connections == 0


def test_a_pause_ends_with_the_attempts(scripted: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer is asked as often as its endpoint."""
    monkeypatch.setattr(http, "BACKOFF_BASE_S", 0.01)
    server = scripted(answer(500))
    chosen = at(server, token_url="", issuer=server.url)
    with pytest.raises(CredhelperError):
        exchange.exchange(chosen, Secret(SECRET), attempts=2)
    assert len(server.requests) == 2 * 2


SPELLINGS = {
    "plain": SECRET,
    "capitals": SECRET.upper(),
    "backwards": SECRET[::-1],
    "a piece": SECRET[3:11],
    "hex": SECRET.encode().hex(),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "the header": exchange.basic("app", SECRET).removeprefix("Basic "),
    "in a claim": base64.urlsafe_b64encode(b'{"sub":"' + SECRET.encode() + b'"}').decode(),
    "in a word": f"xx.{SECRET}.xx",
}


@pytest.mark.parametrize("member", ["access_token", "scope"])
@pytest.mark.parametrize("name", SPELLINGS)
def test_an_answer_that_holds_the_secret_is_refused(
    scripted: Script, name: str, member: str
) -> None:
    """A caller would print it, the cache would keep it. By chance it stands there only once."""
    server = scripted(grant(**{member: SPELLINGS[name]}), kind="")
    error = refusal(at(server))
    assert isinstance(error, ProtocolError)
    assert error.problem == f"{server.whom} sent a token or scope that holds a secret of ours"
    assert SPELLINGS[name] not in error.line()
    assert len(server.requests) == 2


def test_a_token_that_shares_characters_by_chance_is_asked_for_again(scripted: Script) -> None:
    """Of ten thousand good ones one does."""
    server = scripted(grant(access_token=f"eyJ.{SECRET[2:9]}.x"), grant(), kind="")
    assert exchange.exchange(at(server), Secret(SECRET), attempts=1).token.access_token == "tok"


@pytest.mark.parametrize("secret", ["service-app-Zq81kk9w", "read:all-Zq81kk9w", "api.example-Zq8"])
def test_what_we_sent_in_the_open_is_no_secret(scripted: Script, secret: str) -> None:
    """A secret that begins with the client's id, the scope or the audience hides none of them."""
    claims = base64.urlsafe_b64encode(b'{"sub":"service-app","aud":"https://api.example"}').decode()
    server = scripted(grant(access_token=f"e.{claims}.x", scope="read:all"), kind="")
    chosen = at(server, client_id="service-app", scope="read:all", audience="https://api.example")
    assert exchange.exchange(chosen, Secret(secret), attempts=1).token.scope == "read:all"


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("DPoP", "sent a token of the type DPoP"),
        ("mtls_pop", "sent a token of the type mtls_pop"),
        ("N_A", "sent a token of the type N_A"),
        ("two words", "sent a token of the type (not a plain word)"),
        (SECRET, "sent a token of the type (not a plain word)"),
    ],
)
def test_another_type_of_token_is_told(scripted: Script, kind: str, problem: str) -> None:
    """As far as it is a plain word, with what to do."""
    server = scripted(grant(token_type=kind), kind="")
    error = refusal(at(server))
    assert error.problem == f"{server.whom} {problem}"
    assert error.hint == "only Bearer tokens can be handed on: let the server issue those to app"


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BearerToken"])
def test_bearer_has_two_names(scripted: Script, kind: str) -> None:
    """Apigee calls it by the longer one."""
    server = scripted(grant(token_type=kind), kind="")
    token = exchange.exchange(at(server), Secret(SECRET), attempts=1).token
    assert token.token_type == "Bearer"


@pytest.mark.parametrize("status", [200, 201, 202, 203])
def test_any_good_status_with_a_token_is_success(scripted: Script, status: int) -> None:
    """CrowdStrike and GitHub answer 201."""
    body = '{"access_token":"00D!AR8.x","token_type":"bearer"}'
    server = scripted(answer(status, body), kind="")
    token = exchange.exchange(at(server), Secret(SECRET), attempts=1).token
    assert token.access_token == "00D!AR8.x"


def test_we_say_who_we_are(scripted: Script) -> None:
    """Firewalls refuse the names of libraries; each request to an issuer has ours, too."""
    server = scripted(answer(404), answer(404), kind="")
    refusal(at(server, token_url="", issuer=server.url))
    agents = {request.headers["user-agent"] for request in server.requests}
    assert agents == {f"credhelper/{__version__}"}


def test_the_line_of_a_redirect_has_no_foreign_host(scripted: Script) -> None:
    """The server may write the secret into it."""
    for where in (f"https://{SECRET}.example/", f"//{SECRET}/", f"https://x@{SECRET}:1/"):
        server = scripted(redirect(307, where), kind="")
        error = refusal(at(server))
        assert error.problem.startswith(f"{server.whom} redirects to another host, ")
        assert SECRET not in error.line()


@pytest.mark.parametrize(
    ("scope", "hint"),
    [
        ("", "set profiles.p.scope to a scope that the application app has"),
        ("a b", "add the scope `a b` to the application app, or correct profiles.p.scope"),
    ],
)
def test_a_scope_that_is_refused(scripted: Script, scope: str, hint: str) -> None:
    """One that was not asked for is not named."""
    server = scripted(answer(400, json.dumps({"error": "invalid_scope"})))
    assert refusal(at(server, scope=scope)).hint == hint


@pytest.mark.parametrize("code", ["", "invalid_request"])
@pytest.mark.parametrize("status", [404, 405, 410])
def test_an_address_without_an_endpoint(scripted: Script, status: int, code: str) -> None:
    """It is the path that is wrong, whatever else a framework says."""
    error = refusal(at(scripted(answer(status, json.dumps({"error": code})))))
    assert type(error).__name__ == "ConfigError"
    assert (
        error.hint == "correct the path in profiles.p.token_url, or set profiles.p.issuer instead"
    )
