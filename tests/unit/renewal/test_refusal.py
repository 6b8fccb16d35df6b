"""A refusal is shared: a farm of callers with a wrong secret is one caller for the server."""

import time

import pytest

from credhelper.errors import ConfigError, CredhelperError, DeniedError, TemporaryError
from credhelper.renewal import refusal
from tests.conftest import Box
from tests.support.servers.counting import TokenServer

INVALID: dict[str, object] = {"error": "invalid_client"}


@pytest.mark.parametrize(
    "number", [50, pytest.param(500, marks=(pytest.mark.slow, pytest.mark.unwatched))]
)
def test_many_wrong_secrets_make_three_logins(box: Box, tokens: TokenServer, number: int) -> None:
    """All fail with the same words, and the server has seen at most three of them."""
    box.itwin(tokens.url)
    tokens.status, tokens.document = 400, INVALID
    started = time.monotonic()
    answers = box.herd(number, "get")
    lines = {answer.refused(77) for answer in answers}
    assert len(lines) == 1
    took_s = time.monotonic() - started
    assert tokens.count <= 3 * (1 + took_s // refusal.DENIED_S)
    assert tokens.count <= 5


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client"])
def test_the_next_caller_hears_it_at_once(box: Box, tokens: TokenServer, error: str) -> None:
    """Within a few seconds no login is repeated; the words and the status are the same."""
    box.itwin(tokens.url)
    tokens.status, tokens.document = 400, {"error": error}
    started = time.monotonic()
    first = box.run("get")
    assert box.run("get") == box.run("get", "env") == first
    assert tokens.count == 1 or is_slow(started)


def is_slow(started: float) -> bool:
    """Return whether the machine was so busy that the first refusal may have ended meanwhile."""
    return time.monotonic() - started > refusal.DENIED_S


@pytest.mark.slow
def test_what_only_one_caller_got_is_not_shared(box: Box, tokens: TokenServer) -> None:
    """A wrong scope is answered anew: the person corrects it and sees the effect."""
    box.itwin(tokens.url)
    tokens.status, tokens.document = 400, {"error": "invalid_scope"}
    box.run("get").refused(78)
    box.run("get").refused(78)
    assert tokens.count == 2


@pytest.mark.slow
def test_a_refusal_ends(box: Box, tokens: TokenServer) -> None:
    """`forget`, `--fresh`, another configuration and some seconds each end it."""
    box.itwin(tokens.url)
    tokens.status, tokens.document = 400, INVALID

    def refused() -> int:
        box.run("get").refused(77)
        return tokens.count

    assert refused() == 1
    box.run("forget")
    assert refused() == 2
    started = time.monotonic()
    box.run("get", "--fresh").refused(77)
    assert refused() == 3 or is_slow(started)
    before = tokens.count
    box.environ["CREDHELPER_SCOPE"] = "other"
    assert refused() == before + 1
    time.sleep(refusal.DENIED_S)
    assert refused() == before + 2


def test_a_mended_client_is_served_after_a_forget(box: Box, tokens: TokenServer) -> None:
    """A token beats the marker of an older refusal."""
    box.itwin(tokens.url)
    good = tokens.document
    tokens.status, tokens.document = 400, INVALID
    box.run("get").refused(77)
    tokens.status, tokens.document = 200, good
    token = box.run("get", "--fresh").token()
    assert box.run("get").token() == token


def test_a_server_that_says_when_is_not_asked_before(box: Box, tokens: TokenServer) -> None:
    """After 429 with Retry-After past the budget nobody asks until then."""
    box.itwin(tokens.url)
    tokens.status, tokens.headers = 429, {"Retry-After": "60"}
    line = box.run("get").refused(75)
    assert "60 s" in line
    assert box.run("get").refused(75) == line
    assert tokens.count == 1


def test_a_failure_of_one_callers_own_does_not_end_it(box: Box, tokens: TokenServer) -> None:
    """Who asked all the same and failed otherwise has read the secret, which is still the one."""
    box.itwin(tokens.url)
    tokens.status, tokens.headers = 429, {"Retry-After": "60"}
    line = box.run("get").refused(75)
    tokens.status, tokens.document = 400, {"error": "invalid_scope"}
    box.run("get", "--fresh").refused(78)
    assert box.run("get").refused(75) == line
    assert tokens.count == 2


@pytest.mark.slow
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_left_alone_for_seconds(
    box: Box, tokens: TokenServer, status: int
) -> None:
    """It need not say for how long: three tries by one caller, and the next ones ask nobody."""
    box.itwin(tokens.url)
    tokens.status = status
    line = box.run("get").refused(75)
    ended = time.monotonic()
    assert box.run("get").refused(75) == line
    assert tokens.count == 3 or is_slow(ended)


def test_an_ephemeral_profile_shares_it_too(box: Box, tokens: TokenServer) -> None:
    """No token on the disk, but the server's refusal: it is no secret."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_EPHEMERAL"] = "true"
    tokens.status, tokens.document = 400, INVALID
    started = time.monotonic()
    assert box.run("get").refused(77) == box.run("get").refused(77)
    assert tokens.count == 1 or is_slow(started)


@pytest.mark.parametrize(
    ("error", "lasts_s"),
    [
        (DeniedError("p", hint="h", shared_s=refusal.DENIED_S), refusal.DENIED_S),
        (DeniedError("p", hint="h", code="AccessDenied"), 0),
        (ConfigError("p", hint="h", code="invalid_scope"), 0),
        (TemporaryError("p", hint="h"), 0),
        (TemporaryError("p", hint="h", retry_after_s=7.0), 7.0),
        (TemporaryError("p", hint="h", retry_after_s=1e9), refusal.WAIT_LIMIT_S),
    ],
)
def test_how_long_it_lasts(error: CredhelperError, lasts_s: float) -> None:
    """Only what every caller would hear lasts, and never for more than an hour."""
    assert refusal.lasts_s(error) == lasts_s
