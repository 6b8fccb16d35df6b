"""Every option meets every fault of a token endpoint, with two callers at once."""

import time
from dataclasses import dataclass

import pytest

from tests.conftest import Box
from tests.support.outcomes import SLACK_S, drop
from tests.support.servers import scripted as do
from tests.support.servers.scripted import Behaviour, Script
from tests.support.slots import plant

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Fault:
    """What the endpoint does, and the exit status of whoever has no token then."""

    behaviour: Behaviour
    status: int


@dataclass(frozen=True)
class Option:
    """A key of the profile, or words of the command line, and the seconds that a call may take.

    `takes_cached` says whether a token of 200 s answers; without `is_shared` nothing is cached.
    """

    key: str = ""
    words: tuple[str, ...] = ()
    limit_s: float = 8.0
    takes_cached: bool = True
    is_shared: bool = True


FAULTS = {
    "none": Fault(do.grant(), 0),
    "wrong secret": Fault(do.answer(401, '{"error": "invalid_client"}'), 77),
    "wrong scope": Fault(do.answer(400, '{"error": "invalid_scope"}'), 78),
    "wrong path": Fault(do.answer(404), 78),
    "redirect": Fault(do.redirect(302, "https://elsewhere.example"), 78),
    "broken server": Fault(do.answer(500), 75),
    "busy server": Fault(do.answer(429, Retry_After="1"), 75),
    "portal": Fault(do.answer(200, "<html>", Content_Type="text/html"), 76),
    "no token in it": Fault(do.grant(access_token=None), 76),
    "reset": Fault(do.reset, 75),
    "short body": Fault(do.short(b"{}"), 75),
    "silence": Fault(do.silence, 75),
    "drip": Fault(do.drip_body, 75),
}
OPTIONS = {
    "none": Option(),
    "deadline": Option(key='deadline = "2s"', limit_s=2.0),
    "ephemeral": Option(key="ephemeral = true", is_shared=False),
    "previous": Option(key="previous = false"),
    "--min-ttl": Option(words=("--min-ttl", "10m"), takes_cached=False),
    "--fresh": Option(words=("--fresh",), takes_cached=False),
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("fault", FAULTS)
def test_two_callers(box: Box, scripted: Script, fault: str, option: str) -> None:
    """In time, both get a token or both the fault's status; a cached token answers if it may."""
    broken, chosen = FAULTS[fault], OPTIONS[option]
    server = scripted(broken.behaviour, kind="")
    box.environ["S"] = "canary-secret-value"
    key = chosen.key if "deadline" in chosen.key else f'deadline = "8s"\n{chosen.key}'
    box.config(
        f'[profiles.p]\ntoken_url = "{server.url}"\nclient_id = "x"\n'
        f'client_secret = "env:S"\n{key}\n'
    )
    if chosen.is_shared:
        plant(box, life_s=200, renew_in_s=100)
    for cached in ("planted", "") if chosen.is_shared else ("",):
        started, asked = time.monotonic(), server.connections
        ended = box.herd(2, "get", *chosen.words)
        assert time.monotonic() - started < chosen.limit_s + SLACK_S
        if cached and chosen.takes_cached:
            assert [ran.token() for ran in ended] == [cached, cached]
            assert server.connections == asked
        elif broken.status:
            for ran in ended:  # within a short deadline a busy machine may not get that far
                is_late = ran.status == 75 and chosen.limit_s < Option.limit_s
                ran.refused(75 if is_late else broken.status)
        else:
            assert [ran.token() for ran in ended] == ["tok", "tok"]
            assert server.connections - asked == (1 if chosen.is_shared else 2)
        drop(box)
