"""A kubeconfig whose one user has us as its plugin."""

import json

from credhelper.protocols import kubernetes
from tests.conftest import COMMAND, Box


def write(box: Box, cluster: dict[str, str], more: dict[str, object]) -> None:
    """Write `~/kubeconfig` for a cluster; `more` goes into the plugin's settings."""
    plugin = {
        "apiVersion": f"{kubernetes.GROUP}/v1",
        "command": COMMAND,
        "args": ["as", "kubernetes"],
        "interactiveMode": "Never",
        **more,
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"exec": plugin}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (box.home / "kubeconfig").write_text(json.dumps(config))
    box.environ["KUBECONFIG"] = str(box.home / "kubeconfig")
