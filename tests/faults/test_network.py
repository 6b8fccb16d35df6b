"""Rows of names, connections, TLS, and what a peer may cost in time and memory."""

import gzip
import sys
import time
from urllib.parse import urlsplit

import pytest

from tests.conftest import Box
from tests.support.broken_profiles import free_port
from tests.support.outcomes import SLACK_S, failed, served
from tests.support.servers.counting import TokenServer
from tests.support.servers.name_server import Resolver, resolver
from tests.support.servers.scripted import (
    Behaviour,
    Kind,
    Script,
    answer,
    broken_chunk,
    drip_body,
    grant,
    huge,
    reset,
    short,
    silence,
    zipped,
)

__all__ = ["resolver"]  # a fixture
pytestmark = pytest.mark.slow
PARTIAL = b'{"access_token":"canary-scripted-token","token_type":"Bearer"}'
MEMORY_LIMIT_KIB = 100 * 1024
# A process of its own between: a child's peak never reads lower than its parent's was at the start.
MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=open(sys.argv[1], "w"))
sys.exit(status)
"""


@pytest.mark.parametrize(("kind", "status", "tries"), [("NXDOMAIN", 78, 1), ("SERVFAIL", 75, 3)])
def test_a_name_without_an_address(
    box: Box, resolver: Resolver, kind: str, status: int, tries: int
) -> None:
    """A name that is not there is asked for once; a resolver in trouble three times."""
    resolver.kind = kind
    box.itwin("https://login.example.com/token")
    box.environ["RES_OPTIONS"] = "timeout:1 attempts:1"  # as many queries for us as for getent
    box.call(*resolver.within, "getent", "ahosts", "login.example.com")
    once = len(resolver.asked)
    assert once
    served(box, *resolver.within)
    assert len(resolver.asked) == 2 * once
    failed(box, status, "login.example.com", within=resolver.within)
    assert len(resolver.asked) == (2 + tries) * once


BREAKS: dict[str, Behaviour] = {
    "reset": reset,
    "cut body": short(PARTIAL),
    "broken chunk": broken_chunk,
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_connection_that_breaks(box: Box, scripted: Script, name: str) -> None:
    """Three tries, then temporary; of half an answer nothing is kept. More: `test_http`."""
    server = scripted(BREAKS[name], kind="")
    box.itwin(server.url)
    served(box)
    assert len(server.requests) == 1
    where = urlsplit(server.url).netloc
    failed(box, 75, f"the connection to the token endpoint at {where} failed")
    assert len(server.requests) == 1 + 3


def test_nobody_listens(box: Box) -> None:
    """The server may just be starting: temporary."""
    port = free_port()
    box.itwin(f"http://127.0.0.1:{port}/token")
    served(box)
    failed(box, 75, f"the token endpoint at 127.0.0.1:{port} refuses connections")


@pytest.mark.parametrize(
    ("what", "deadline"), [("did not answer", "2s"), ("refuses connections", "20s")]
)
def test_vault_is_named_where_vault_is_away(
    box: Box, tokens: TokenServer, black_hole: int, what: str, deadline: str
) -> None:
    """Not the token endpoint, which is well; with the address that was tried."""
    box.itwin(tokens.url)
    port = black_hole if what == "did not answer" else free_port()
    box.environ |= {
        "CREDHELPER_CLIENT_SECRET": "vault:secret/x#y",
        "VAULT_ADDR": f"http://127.0.0.1:{port}",
        "VAULT_TOKEN": "invented",
        "CREDHELPER_DEADLINE": deadline,
    }
    box.environ.pop("PYTHONWARNINGS")  # as below
    failed(box, 75, f"Vault at 127.0.0.1:{port} {what}")
    assert tokens.count == 0


def test_a_connection_that_is_never_made(box: Box, black_hole: int) -> None:
    """The profile's deadline ends the wait, and names itself."""
    box.itwin(f"http://127.0.0.1:{black_hole}/token")
    del box.environ["PYTHONWARNINGS"]  # the alarm leaves a socket half open, which is worth one
    in_time(box)


@pytest.mark.parametrize("behaviour", [silence, drip_body])
def test_an_answer_that_never_ends(box: Box, scripted: Script, behaviour: Behaviour) -> None:
    """Cut at the deadline, however long each read lasts."""
    box.itwin(scripted(behaviour, kind="").url)
    in_time(box)


def in_time(box: Box) -> None:
    """Check both cells against a deadline of two seconds."""
    box.environ["CREDHELPER_DEADLINE"] = "2s"
    served(box, limit_s=2)
    started = time.monotonic()
    failed(box, 75, "got no token within 2 s: the token endpoint at 127.0.0.1:", "did not answer")
    assert 1.9 < time.monotonic() - started < 2 + SLACK_S


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expired", "its certificate has expired"),
        ("early", "its certificate is not valid yet"),
        ("other host", "its certificate is for another "),
        ("other ca", "its certificate is signed by an unknown authority"),
        ("old", "no TLS 1.2 or newer connection"),
        ("", "speaks no TLS on this port"),
    ],
)
def test_a_server_that_cannot_be_trusted(
    box: Box, scripted: Script, kind: Kind, reason: str
) -> None:
    """One handshake and no request: nothing is downgraded, no secret sent, the reason named."""
    server = scripted(grant(access_token="canary-scripted-token"), kind=kind)
    box.itwin(f"https://127.0.0.1:{server.port}/token")
    box.environ["CREDHELPER_CA"] = server.ca
    served(box)
    failed(box, 78, reason)
    assert (server.settled(), server.connections) == ([], 2)


def test_roots_without_the_servers(box: Box, scripted: Script) -> None:
    """The system's authorities do not vouch for a private one."""
    server = scripted(grant())
    box.itwin(server.url)
    served(box)
    whom = "the token endpoint at 127.0.0.1:"
    failed(box, 78, whom, " is not trusted", "to the authority's certificate")
    assert server.settled() == []


BOMB = gzip.compress(b"\0" * 200 * 2**20, 1)
LARGE: dict[str, tuple[Behaviour, str]] = {
    "above the cap": (huge(64 * 2**20), "more than 262144 bytes"),
    "announced": (answer(200, b" " * (256 * 1024 + 1)), "more than 262144 bytes"),
    "small gzip": (zipped(PARTIAL), "compressed"),
    "bomb": (answer(200, BOMB, Content_Encoding="gzip"), "compressed"),
    "nested": (answer(200, gzip.compress(BOMB), Content_Encoding="gzip, gzip"), "compressed"),
    "deep": (answer(200, b"[" * 262144), "something else than JSON"),
    "deep error": (answer(400, b'{"error":' * 29000), "answered 400"),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_body_that_is_too_much(box: Box, scripted: Script, name: str) -> None:
    """Cut at the cap, not unpacked, asked for once; the process stays below 100 MiB."""
    behaviour, words = LARGE[name]
    server = scripted(behaviour, kind="")
    box.itwin(server.url)
    served(box)
    peak = box.home / "peak"
    failed(box, 76, words, within=(sys.executable, "-I", "-c", MEASURE, str(peak)))
    assert len(server.requests) == 2
    assert 1024 < int(peak.read_text()) < MEMORY_LIMIT_KIB
