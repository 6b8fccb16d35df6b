"""docker, Podman, skopeo and others: a helper for each registry.

https://docs.docker.com/reference/cli/docker/login/#credential-helpers. The value is what follows
`docker-credential-` in the name of an executable on the PATH.
"""

import json

from credhelper.cli.setup import change
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError

EXECUTABLE = "docker-credential-credhelper"
WHERE = f"put it into ~/.docker/config.json, and {EXECUTABLE} on the PATH"
HELPER = "credhelper"
KEY = "credHelpers"


def text(target: Target) -> str:
    """Return a helper for each host that is no pattern: docker knows none."""
    return json.dumps({KEY: dict.fromkeys(target.names(), HELPER)}, indent=2) + "\n"


def changes(target: Target) -> list[Change]:
    """Return the link on the PATH and the entries that are missing. Raises ConfigError."""
    found = change.links_on_path(target, EXECUTABLE, f"{target.folder}/{EXECUTABLE}")
    path = target.path(".docker", "config.json", variable="DOCKER_CONFIG")
    settings = _read(path)
    helpers = settings.setdefault(KEY, {})
    if not isinstance(helpers, dict):
        raise ConfigError(f"{KEY} in {path} is not an object", hint="mend it")
    missing = [name for name in target.names() if name not in helpers]
    for name in target.names():
        if helpers.setdefault(name, HELPER) != HELPER:
            raise ConfigError(f"{path} has another helper for {name}", hint="remove it there")
    if missing:
        # Told without the file's other lines: `auths` holds passwords.
        summary = f"{KEY} {json.dumps(dict.fromkeys(missing, HELPER))}"
        # With a tab, as docker writes it.
        found.append(change.document(path, json.dumps(settings, indent="\t"), summary=summary))
    return found


def _read(path: str) -> dict[str, object]:
    try:
        settings = json.loads(change.read(path) or "{}")
    except (ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict):
        raise ConfigError(f"{path} is not a JSON object", hint="mend it") from None
    return settings
