"""The real rclone, whose WebDAV backend takes its token from a command: `credhelper as token`.

https://rclone.org/webdav/#webdav-bearer-token-command: it is run at the start and after each 401,
without a word about which of the two it is.
"""

from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box, Ran
from tests.support.servers.counting import TokenServer
from tests.support.servers.http import Reply
from tests.support.servers.resource import ResourceServer

RCLONE = str(Path(COMMAND).with_name("rclone"))
FOLDER = """<D:response><D:href>{}</D:href><D:propstat><D:prop><D:resourcetype><D:collection/>
</D:resourcetype></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"""
LISTING = f'<D:multistatus xmlns:D="DAV:">{FOLDER.format("/")}{FOLDER.format("/inner/")}'
MULTISTATUS = Reply(207, f"{LISTING}</D:multistatus>")


@pytest.fixture
def webdav(box: Box, tokens: TokenServer, resource: ResourceServer) -> ResourceServer:
    """Return a WebDAV server with one folder; rclone of the box is configured for it."""
    resource.answer = lambda _asked: MULTISTATUS
    box.itwin(tokens.url)
    box.environ |= {
        "RCLONE_CONFIG": "/dev/null",
        "RCLONE_WEBDAV_URL": f"http://{resource.host}",
        "RCLONE_WEBDAV_BEARER_TOKEN_COMMAND": f'"{COMMAND}" as token',
        "RCLONE_RETRIES": "1",
        "RCLONE_LOW_LEVEL_RETRIES": "3",
    }
    return resource


def lsd(box: Box) -> Ran:
    """Let rclone list the folders of the server."""
    return box.call(RCLONE, "lsd", ":webdav:")


def test_rclone_sends_the_token(box: Box, tokens: TokenServer, webdav: ResourceServer) -> None:
    """Each run asks for the token, and the cache answers from the second time on."""
    for _ in range(2):
        done = lsd(box)
        assert done.status == 0, done.stderr
        assert done.stdout.endswith(" inner\n")
    assert set(webdav.seen) == {"Bearer canary-token-1"}
    assert tokens.count == 1


def test_rclone_asks_again_after_a_401(
    box: Box, tokens: TokenServer, webdav: ResourceServer
) -> None:
    """The token that is served again, from the cache, ends a passing refusal."""
    refusals = [Reply(401)]
    webdav.answer = lambda _asked: refusals.pop() if refusals else MULTISTATUS
    done = lsd(box)
    assert (done.status, refusals) == (0, []), done.stderr
    assert tokens.count == 1


def test_a_stale_token_is_forgotten_by_hand(
    box: Box, tokens: TokenServer, webdav: ResourceServer
) -> None:
    """Rclone never says why it asks, so it gets the same token until that is forgotten."""
    webdav.accepted = {"Bearer canary-token-2"}
    assert "401 Unauthorized" in lsd(box).stderr
    assert (set(webdav.seen), tokens.count) == ({"Bearer canary-token-1"}, 1)
    assert box.run("forget").status == 0
    assert lsd(box).status == 0
    assert tokens.count == 2
