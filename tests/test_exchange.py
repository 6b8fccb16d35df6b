"""An exchange to its borders: how long a token lives, what is told of a refusal."""

import json
import time
from typing import Any

import pytest
import requests

from credhelper import oauth, transport
from credhelper.errors import CredhelperError
from credhelper.profile import Profile
from credhelper.secret import Secret, SecretRef
from tests.servers.scripted import Script, Scripted, answer, grant, redirect

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
        oauth.exchange(chosen, Secret(secret), attempts=1)
    return caught.value


def told(scripted: Script, secret: str = SECRET, **members: object) -> str:
    """Return what is told of an error answer with these members, after the status."""
    body = json.dumps({"error": "e", **members})
    problem = refusal(at(scripted(answer(400, body))), secret).problem
    return problem.removeprefix("127.0.0.1 answered 400")


@pytest.mark.parametrize(
    ("said", "life_s"), [(10**9, 86400), (10**9 + 1, 300), (86399, 86399), ("1" * 400, 300)]
)
def test_an_absurd_life_tells_nothing(said: object, life_s: int) -> None:
    """Up to thirty years are cut to a day; more is no life."""
    assert oauth.life_s(said) == life_s


def test_the_life_that_the_server_tells_is_the_tokens(scripted: Script) -> None:
    """Counted from before the request."""
    begun = int(time.time())
    chosen = at(scripted(grant(expires_in=1234)))
    token = oauth.exchange(chosen, Secret(SECRET), attempts=1)
    assert begun <= token.expires_at - 1234 <= time.time()


def test_a_code_is_told_up_to_forty_characters(scripted: Script) -> None:
    """Words up to two hundred, and every printable character of them."""
    assert told(scripted, error="c" * 41) == " " + "c" * 40
    assert told(scripted, error_description="w" * 201) == " e: " + "w" * 200
    assert told(scripted, error_description="\x1f ~\x7f") == " e:  ~"


@pytest.mark.parametrize(
    ("secret", "words", "is_told"),
    [
        ("abcdefgh", "abcd", False),
        ("abcdefgh", "efgh", False),
        ("abcdefgh", "bcdef", True),
        ("abcdefgh", "abc fgh", True),
        ("abcdefg", "abcdef", True),
        ("abcdefg", "abcdefg", False),
        ("abcdefghi", "fghi", False),
        ("abcdefghi", "efgh", True),
    ],
)
def test_half_a_secret_is_too_much(
    scripted: Script,
    secret: str,
    words: str,
    is_told: bool,  # noqa: FBT001 - a row
) -> None:
    """From eight characters on either half hides the words."""
    assert (words in told(scripted, secret, error_description=words)) is is_told


def test_the_header_without_its_scheme_is_a_secret_too(scripted: Script) -> None:
    """A server may echo only the part that it failed to decode."""
    echo = oauth.basic("app", SECRET).removeprefix("Basic ")
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
    error = refusal(at(scripted(answer(499))))
    assert (type(error).__name__, error.problem) == ("ProtocolError", "127.0.0.1 answered 499")


def test_the_wait_is_told_in_whole_seconds(scripted: Script) -> None:
    """Where the server tells none, it is later."""
    error = refusal(at(scripted(answer(503))))
    assert (error.hint, error.problem) == ("try again later", "127.0.0.1 answered 503")


def test_the_hint_names_the_reference(scripted: Script) -> None:
    """And whose secret it is; for iTwin the page, too."""
    body = json.dumps({"error": "invalid_client"})
    server = scripted(answer(401, body))
    assert refusal(at(server, client_auth="client_secret_post")).hint == (
        "check client_id app and the secret at env:NAME"
        '; or the server wants client_auth = "client_secret_basic"'
    )
    assert refusal(at(server, client_auth="client_secret_post", provider="itwin")).hint == (
        "re-generate the secret on the My Apps page and store it at env:NAME, "
        "or client id app is another application's"
    )


@pytest.mark.parametrize("members", [{"access_token": "t"}, {"token_type": "Bearer"}])
def test_an_answer_without_both_is_none(scripted: Script, members: dict[str, str]) -> None:
    """The error says which server it was."""
    error = refusal(at(scripted(answer(200, json.dumps(members)))))
    assert error.problem == "127.0.0.1 sent no access_token with a token_type"


def test_an_issuer_with_a_path_answers_for_itself(scripted: Script) -> None:
    """The second place is asked where the first is not there."""
    server = scripted(answer(404), answer(404))
    issuer = server.url.removesuffix("/token") + "/realm/X"
    metadata = json.dumps({"issuer": issuer, "token_endpoint": server.url})
    server.script = (answer(404), answer(200, metadata), grant())
    chosen = at(server, token_url="", issuer=issuer)
    token = oauth.exchange(chosen, Secret(SECRET), attempts=1)
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
    monkeypatch.setattr(transport, "open_session", lambda *_place, **_how: requests.Session())
    assert refusal(at(server)).problem == "127.0.0.1 answered 307"
    assert other.connections == 0


def test_a_pause_ends_with_the_attempts(scripted: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer is asked as often as its endpoint."""
    monkeypatch.setattr(transport, "BACKOFF_BASE_S", 0.01)
    server = scripted(answer(500))
    chosen = at(server, token_url="", issuer=server.url)
    with pytest.raises(CredhelperError):
        oauth.exchange(chosen, Secret(SECRET), attempts=2)
    assert len(server.requests) == 2
