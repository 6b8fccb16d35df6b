"""docker, Podman, skopeo and others: a helper for each registry.

https://docs.docker.com/reference/cli/docker/login/#credential-helpers. The value is what follows
`docker-credential-` in the name of an executable on the PATH.
"""

import json

from credhelper import step
from credhelper.errors import ConfigError
from credhelper.place import Place
from credhelper.step import Step

EXECUTABLE = "docker-credential-credhelper"
WHERE = f"put it into ~/.docker/config.json, and {EXECUTABLE} on the PATH"
HELPER = "credhelper"
KEY = "credHelpers"


def text(place: Place) -> str:
    """Return a helper for each host that is no pattern: docker knows none."""
    return json.dumps({KEY: dict.fromkeys(place.names(), HELPER)}, indent=2) + "\n"


def steps(place: Place) -> list[Step]:
    """Return the link on the PATH and the entries that are missing. Raises ConfigError."""
    found = step.links_on_path(place, EXECUTABLE, f"{place.folder}/{EXECUTABLE}")
    path = place.path(".docker", "config.json", variable="DOCKER_CONFIG")
    settings = _read(path)
    helpers = settings.setdefault(KEY, {})
    if not isinstance(helpers, dict):
        raise ConfigError(f"{KEY} in {path} is not an object", hint="mend it")
    missing = [name for name in place.names() if name not in helpers]
    for name in place.names():
        if helpers.setdefault(name, HELPER) != HELPER:
            raise ConfigError(f"{path} has another helper for {name}", hint="remove it there")
    if missing:
        # Told without the file's other lines: `auths` holds passwords.
        change = f"{KEY} {json.dumps(dict.fromkeys(missing, HELPER))}"
        # With a tab, as docker writes it.
        found.append(step.document(path, json.dumps(settings, indent="\t"), change=change))
    return found


def _read(path: str) -> dict[str, object]:
    try:
        settings = json.loads(step.read(path) or "{}")
    except (ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict):
        raise ConfigError(f"{path} is not a JSON object", hint="mend it") from None
    return settings
