"""Print the header that the official client for Python has from the kubeconfig in force."""

import importlib
import sys
from typing import Any

config: Any = importlib.import_module("kubernetes.config")
client: Any = importlib.import_module("kubernetes.client")
config.load_kube_config()
[header] = client.Configuration.get_default_copy().api_key.values()
sys.stdout.write(header)
