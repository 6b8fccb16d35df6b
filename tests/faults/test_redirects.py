"""Rows of an answer from elsewhere, which gets no secret, and a proxy, which sees none."""

from urllib.parse import quote

import pytest

from tests.conftest import Box
from tests.support.broken_profiles import free_port
from tests.support.canary import leaks
from tests.support.outcomes import failed, served
from tests.support.servers.scripted import Behaviour, Script, answer, grant, redirect, send

pytestmark = pytest.mark.slow

PASSWORD = "p4ss:w@rd-of-the-proxy"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
def test_a_redirect(box: Box, scripted: Script, status: int) -> None:
    """Config, without the other host's name; one request here, and no connection there."""
    target = scripted(grant(access_token="canary-scripted-token"), kind="")
    location = target.url.replace("127.0.0.1", "localhost") + "?canary-page"
    server = scripted(redirect(status, location), kind="")
    box.itwin(server.url)
    served(box)
    line = failed(
        box,
        78,
        "the token endpoint at 127.0.0.1:",
        " redirects to another host, and a redirect is never followed",
    )
    assert "localhost" not in line
    assert (target.connections, server.connections) == (0, 2)


@pytest.mark.parametrize("location", ["", "/other", "https://[::1"])
def test_a_redirect_to_an_odd_place(box: Box, scripted: Script, location: str) -> None:
    """The same: what cannot be read is no host, and nothing is asked again."""
    server = scripted(redirect(307, location), kind="")
    box.itwin(server.url)
    served(box)
    failed(box, 78, "the token endpoint at 127.0.0.1:", " redirects to ", "never followed")
    assert server.connections == 2


def behind(box: Box, port: int) -> None:
    """Let the endpoint be another machine's, by way of a proxy with a password."""
    box.itwin("https://idp.example/token")
    box.environ["CREDHELPER_PROXY"] = f"http://user:{quote(PASSWORD, safe='')}@127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("behaviour", "tries", "words"),
    [
        (answer(407), 1, "config: the proxy on the way to idp.example does not accept"),
        (answer(407, Proxy_Authenticate='Basic realm="canary-page"'), 1, "password (407)"),
        (
            answer(403),
            1,
            "the proxy on the way to idp.example refuses the connection (403)",
        ),
        (answer(503, "canary-page"), 3, "temporary: the proxy on the way to idp.example cannot co"),
        (
            send(b"canary-page\r\n\r\n"),
            3,
            "temporary: the connection to the token endpoint at idp.example failed",
        ),
    ],
    ids=["407", "407 Basic", "403", "503", "no HTTP"],
)
def test_a_proxy_that_refuses(
    box: Box, scripted: Script, behaviour: Behaviour, tries: int, words: str
) -> None:
    """407 is asked for once, other trouble three times; its password is in no line and no file."""
    proxy = scripted(behaviour, kind="")
    behind(box, proxy.port)
    served(box)
    line = failed(box, 78 if tries == 1 else 75, words)
    kept = b"".join(path.read_bytes() for path in box.cache.iterdir())
    assert not leaks(line.encode() + kept, PASSWORD)
    assert len(proxy.requests) == 1 + tries
    seen = repr(proxy.requests).encode()
    assert b"CONNECT idp.example:443" in seen
    assert not leaks(seen, "canary-secret-value")


def test_a_proxy_where_nobody_listens(box: Box) -> None:
    """Temporary, without its password."""
    behind(box, free_port())
    served(box)
    line = failed(box, 75, "the proxy on the way to idp.example does not answer")
    assert not leaks(line.encode(), PASSWORD)
