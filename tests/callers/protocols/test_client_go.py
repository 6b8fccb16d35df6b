"""A program with the real client-go (Argo CD, Flux, controllers), and credhelper as its plugin."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box
from tests.support import kubeconfig
from tests.support.servers import process
from tests.support.servers.counting import TokenServer
from tests.support.servers.resource import ResourceServer

SOURCE = Path(__file__).parent / "client_go"
# The plugin leaves a line in `runs` each time client-go starts it.
PLUGIN = f"echo run >>runs; exec '{COMMAND}' as kubernetes"

pytestmark = [pytest.mark.toolchain, pytest.mark.xdist_group("client-go")]  # one build


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the built program."""
    process.need("go")
    path = tmp_path_factory.mktemp("client-go") / "client"
    subprocess.run(["go", "build", "-buildvcs=false", "-o", str(path), "."], cwd=SOURCE, check=True)
    return str(path)


@pytest.fixture
def api(box: Box, tokens: TokenServer, tls_resource: ResourceServer) -> ResourceServer:
    """Return an API server with TLS; the box's kubeconfig names it and the plugin."""
    box.itwin(tokens.url)
    cluster = {"server": f"https://{tls_resource.host}", "certificate-authority": tls_resource.ca}
    kubeconfig.write(box, cluster, {"command": "sh", "args": ["-c", PLUGIN]})
    return tls_resource


def run(box: Box, client: str) -> list[str]:
    """Return the statuses of the program's three requests."""
    done = box.call(client, "kubeconfig")
    assert done.status == 0, done.stderr
    return done.stdout.split()


def plugin_runs(box: Box) -> int:
    """Return how often the plugin has been started."""
    return len((box.home / "runs").read_text().splitlines())


def test_one_plugin_run_serves_a_process(
    box: Box, tokens: TokenServer, client: str, api: ResourceServer
) -> None:
    """Client-go keeps the token in memory until it expires, and we between two processes."""
    for _ in range(2):
        assert run(box, client) == ["200"] * 3
    assert api.seen == ["Bearer canary-token-1"] * 6
    assert (plugin_runs(box), tokens.count) == (2, 1)


def test_a_stale_token_is_forgotten_by_hand(
    box: Box, tokens: TokenServer, client: str, api: ResourceServer
) -> None:
    """After a 401 the plugin is run again, but not told why, and so serves the same token.

    The response that v1alpha1 gave to plugins went with that version (Kubernetes 1.24).
    """
    api.accepted = {"Bearer canary-token-2"}
    assert run(box, client) == ["401"] * 3
    assert plugin_runs(box) > 1
    assert tokens.count == 1
    assert box.run("forget").status == 0
    assert run(box, client) == ["200"] * 3
    assert tokens.count == 2
