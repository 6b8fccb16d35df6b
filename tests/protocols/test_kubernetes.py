"""The real kubectl, with credhelper as its exec plugin, against a TLS stub of an API server."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box
from tests.servers.counting import TokenServer
from tests.servers.tls import server_context

KUBECTL = str(Path(COMMAND).with_name("kubectl"))
VERSION = {"major": "1", "minor": "30", "gitVersion": "v1.30.0"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Return an API server's address, its CA file and the Authorization headers it was sent."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization", ""))
            body = json.dumps(VERSION).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Stay silent."""

    context = server_context(tmp_path / "api-ca.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"https://127.0.0.1:{server.server_address[1]}"
        yield address, str(tmp_path / "api-ca.pem"), seen
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_kubectl_sends_the_token(
    box: Box, tokens: TokenServer, api: tuple[str, str, list[str]], version: str
) -> None:
    """Kubectl runs the plugin each time, and the cache answers from the second time on."""
    address, ca, seen = api
    box.itwin(tokens.url)
    plugin = {
        "apiVersion": f"client.authentication.k8s.io/{version}",
        "command": COMMAND,
        "args": ["as", "kubernetes"],
        "interactiveMode": "Never",
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": address, "certificate-authority": ca}}],
        "users": [{"name": "u", "user": {"exec": plugin}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (box.home / "kubeconfig").write_text(json.dumps(config))
    box.environ["KUBECONFIG"] = str(box.home / "kubeconfig")
    for _ in range(2):
        done = box.call(KUBECTL, "get", "--raw", "/version")
        assert (done.status, json.loads(done.stdout)) == (0, VERSION), done.stderr
    assert set(seen) == {"Bearer canary-token-1"}
    assert tokens.count == 1
