"""Rows of what a token endpoint answers instead of a token.

A secret that is read again after `invalid_client`, and the version before it: `test_rotation`. Five
hundred callers with a wrong secret: `test_refusal`. What else a 200 may hold: `test_exchange`.
"""

import json
import time

import pytest

from tests.conftest import Box
from tests.support.outcomes import SLACK_S, drop, failed, served
from tests.support.servers.counting import TokenServer
from tests.support.servers.scripted import Behaviour, Script, answer, grant
from tests.support.slots import plant

pytestmark = pytest.mark.slow

PAGE = "<html>canary-page</html>"
CANARY = {"access_token": "canary-scripted-token"}


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_server_in_trouble(box: Box, scripted: Script, status: int) -> None:
    """Three tries, then temporary; with a token in hand one try. Its page is not shown."""
    at_once = {"Retry_After": "0"} if status != 503 else {}  # spares the test our own pauses
    server = scripted(answer(status, PAGE, **at_once), kind="")
    box.itwin(server.url)
    served(box)
    assert len(server.requests) == 1
    failed(box, 75, "the token endpoint at 127.0.0.1:", f" answered {status}")
    assert len(server.requests) == 1 + 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_fits_is_kept(box: Box, scripted: Script, status: int) -> None:
    """The server's pause, not ours, within the budget; a caller with a token does not wait."""
    server = scripted(answer(status, PAGE, Retry_After="1"), grant(), kind="")
    box.itwin(server.url)
    started = time.monotonic()
    assert box.run("get").token() == "tok"
    assert 1 <= time.monotonic() - started < 1 + SLACK_S
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("status", "wait"),
    [(429, "20"), (429, "86400"), (429, "Fri, 31 Dec 2100 23:59:59 GMT"), (503, "3600")],
)
def test_a_wait_that_does_not_fit_is_not_begun(
    box: Box, scripted: Script, status: int, wait: str
) -> None:
    """Temporary at once, naming the seconds; the next caller hears it and asks nobody."""
    server = scripted(answer(status, PAGE, Retry_After=wait), kind="")
    box.itwin(server.url)
    served(box, limit_s=0)
    started = time.monotonic()
    line = failed(
        box, 75, "the token endpoint at 127.0.0.1:", f" answered {status}", "try again in ", " s"
    )
    assert wait in line or " GMT" in wait
    assert failed(box, 75) == line
    assert time.monotonic() - started < SLACK_S
    assert len(server.requests) == 2


NONSENSE: dict[str, tuple[Behaviour, str]] = {
    "HTML": (answer(200, PAGE, Content_Type="text/html"), "captive portal"),
    "empty": (answer(200), "captive portal"),
    "cut JSON": (answer(200, '{"access_token":"canary-scripted-token'), "something else than JSON"),
    "no UTF-8": (answer(200, b'{"access_token":"\xff canary-page"}'), "something else than JSON"),
    "array": (answer(200, '["canary-scripted-token"]'), "JSON that is no object"),
    "no token": (grant(access_token=None, note="canary-page"), "no access_token"),
    "no type": (grant(**CANARY, token_type=None), "no access_token with a token_type"),
    "number": (grant(access_token=7, note="canary-page"), "no access_token"),
    "DPoP": (grant(**CANARY, token_type="DPoP"), "a token of the type DPoP"),
    "quote": (grant(access_token='canary-scripted-token"'), "unfit token"),
    "line": (grant(access_token="canary-scripted-token\nX: 1"), "unfit token"),
    "201": (answer(201, json.dumps({**CANARY, "token_type": "mac"})), "a token of the type mac"),
    "400 HTML": (answer(400, PAGE), "answered 400"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_an_answer_that_is_none(box: Box, scripted: Script, name: str) -> None:
    """Asked for once, a broken protocol, and nothing of the body is quoted or kept."""
    behaviour, words = NONSENSE[name]
    server = scripted(behaviour, kind="")
    box.itwin(server.url)
    served(box)
    failed(box, 76, words)
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 401])
def test_invalid_client(box: Box, tokens: TokenServer, status: int) -> None:
    """One login: the same secret is not sent twice. What is only soft-expired serves, and -v warns.

    The warning is the line of the refusal.
    """
    box.itwin(tokens.url)
    tokens.status, tokens.document = status, {"error": "invalid_client", "note": "canary-page"}
    served(box)
    plant(box, life_s=200, renew_in_s=-1)
    warned = box.run("get", "-v")
    assert (warned.status, '"planted"' in warned.stdout) == (0, True)
    assert "denied: the token endpoint at 127.0.0.1:" in warned.stderr
    assert "invalid_client" in warned.stderr
    drop(box)
    before = tokens.count
    failed(box, 77, "invalid_client", "env:ITWIN_CLIENT_SECRET")
    assert (before, tokens.count) == (2, 3)


@pytest.mark.parametrize(("error", "status"), [("invalid_scope", 78), ("unauthorized_client", 77)])
def test_the_server_refuses_what_is_asked_for(
    box: Box, tokens: TokenServer, error: str, status: int
) -> None:
    """Asked once; the token of another scope, however good, never serves."""
    box.itwin(tokens.url)
    tokens.status, tokens.document = 400, {"error": error}
    served(box)
    assert tokens.count == 1
    plant(box, life_s=3600, renew_in_s=3000)
    assert box.run("get").token() == "planted"
    box.environ["CREDHELPER_SCOPE"] = "another"
    line = box.run("get").refused(status)
    assert error in line
    assert (tokens.count, tokens.forms[-1]["scope"]) == (2, "another")
