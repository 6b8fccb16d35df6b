"""The real curl, which takes a config (`-K -`) or a header (`-H @-`) from stdin."""

import shutil
import subprocess

import pytest

from tests.conftest import COMMAND, Box
from tests.support.servers.counting import TokenServer
from tests.support.servers.resource import ResourceServer


@pytest.mark.parametrize(("protocol", "option"), [("curl", "-K -"), ("header", "-H @-")])
def test_curl_sends_the_token(
    box: Box, tokens: TokenServer, resource: ResourceServer, protocol: str, option: str
) -> None:
    """The pipe of the README works, cold and warm, and the token is in no argument list."""
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    box.itwin(tokens.url)
    script = f"'{COMMAND}' as {protocol} | curl -qsSf {option} http://{resource.host}/"
    for _ in range(2):
        done = subprocess.run(
            ["sh", "-c", script],
            env=box.environ | {"NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "good\n", "")
    assert resource.seen == ["Bearer canary-token-1"] * 2
    assert tokens.count == 1
