"""kubelet: a provider of passwords for images.

https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/
"""

import json

from credhelper.cli.setup.target import Target

WHERE = "save it as a file on the node, and start kubelet with these two options"
EXECUTABLE = "credhelper-kubelet"


def text(target: Target) -> str:
    """Return the config file (JSON is YAML), and kubelet's options as its comment."""
    provider: dict[str, object] = {
        "name": EXECUTABLE,
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "matchImages": target.hosts(),
        # For an answer that says nothing of it; ours does.
        "defaultCacheDuration": "0s",
    }
    if arguments := target.executable(EXECUTABLE)[1:]:
        provider["args"] = arguments
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1",
        "kind": "CredentialProviderConfig",
        "providers": [provider],
    }
    options = "--image-credential-provider-config=FILE --image-credential-provider-bin-dir"
    return f"# {options}={target.folder}\n{json.dumps(config, indent=2)}\n"
