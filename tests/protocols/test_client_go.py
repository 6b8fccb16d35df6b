"""A program with the real client-go (Argo CD, Flux, controllers), and credhelper as its plugin."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box
from tests.servers.counting import TokenServer
from tests.servers.resource import ResourceServer
from tests.servers.tls import server_context

SOURCE = Path(__file__).parent / "client_go"
# The plugin leaves a line in `runs` each time client-go starts it.
PLUGIN = f"echo run >>runs; exec '{COMMAND}' as kubernetes"

pytestmark = [pytest.mark.toolchain, pytest.mark.xdist_group("client-go")]  # one build


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the built program."""
    if not shutil.which("go"):
        pytest.skip("go is not installed")
    path = tmp_path_factory.mktemp("client-go") / "client"
    subprocess.run(["go", "build", "-buildvcs=false", "-o", str(path), "."], cwd=SOURCE, check=True)
    return str(path)


@pytest.fixture
def api(box: Box, tokens: TokenServer, resource: ResourceServer) -> ResourceServer:
    """Return an API server with TLS; the box's kubeconfig names it and the plugin."""
    context = server_context(box.home / "ca.pem")
    resource.server.socket = context.wrap_socket(resource.server.socket, server_side=True)
    box.itwin(tokens.url)
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "sh",
        "args": ["-c", PLUGIN],
        "interactiveMode": "Never",
    }
    cluster = {"server": f"https://{resource.host}", "certificate-authority": "ca.pem"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"exec": plugin}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (box.home / "kubeconfig").write_text(json.dumps(config))
    return resource


def run(box: Box, client: str) -> list[str]:
    """Return the statuses of the program's three requests."""
    done = subprocess.run(
        [client, "kubeconfig"],
        env=box.environ,
        cwd=box.home,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
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
