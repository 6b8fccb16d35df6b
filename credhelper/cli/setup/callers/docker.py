"""docker, Podman, skopeo and others: a helper for each registry.

https://docs.docker.com/reference/cli/docker/login/#credential-helpers. The value is what follows
`docker-credential-` in the name of an executable on the PATH.
"""

import json
from collections.abc import Mapping

from credhelper.cli.setup import change
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError

EXECUTABLE = "docker-credential-credhelper"
WHERE = f"put it into ~/.docker/config.json, and {EXECUTABLE} on the PATH"
HELPER = "credhelper"
SILENT = "docker"
KEY = "credHelpers"


def text(target: Target) -> str:
    """Return a helper for each host that is no pattern: docker knows none."""
    return json.dumps({KEY: dict.fromkeys(_names(target), HELPER)}, indent=2) + "\n"


def changes(target: Target) -> list[Change]:
    """Return the link on the PATH and the entries that are missing, or of no profile any more.

    Raises ConfigError.
    """
    found = change.links_on_path(target, EXECUTABLE, f"{target.folder}/{EXECUTABLE}")
    path, helpers = _path(target), _helpers(_path(target))
    for name in _names(target):
        if helpers.get(name, HELPER) != HELPER:
            raise ConfigError(f"{path} has another helper for {name}", hint="remove it there")
    missing = [name for name in _names(target) if name not in helpers]
    stale = [name for name in _ours(helpers) if not target.is_served(name)]
    return [*found, *_edit(path, "remove", stale), *_edit(path, "write", missing)]


def removals(target: Target) -> list[Change]:
    """Return the removal of our entries: the profile's, or without one all, and then the link."""
    path = _path(target)
    ours = _ours(_helpers(path))
    if target.profile and target.profile not in target.profiles.tables:
        hint = "without a profile --remove removes all of ours, and --write what no profile has"
        msg = f"there is no profile {target.profile}, and docker's entries name none"
        raise ConfigError(msg, hint=hint)
    names = [each for each in ours if not target.profile or each in target.names()]
    link = change.link_path(target, EXECUTABLE)
    unlinks = change.unlinks(link, EXECUTABLE) if names == ours else []
    return [*_edit(path, "remove", names), *unlinks]


def _names(target: Target) -> list[str]:
    return target.sole(target.names())  # docker passes no profile


def _ours(helpers: Mapping[str, object]) -> list[str]:
    return [name for name, helper in helpers.items() if helper == HELPER]


def _edit(path: str, verb: str, names: list[str]) -> list[Change]:
    """Return the change of these entries, if there are any."""
    if not names:
        return []

    def act() -> None:
        settings, helpers = _read(path), dict(_helpers(path))
        for name in names:
            helpers.pop(name, None)
            if verb == "write":
                helpers[name] = HELPER
        settings.pop(KEY, None)
        if helpers:
            settings[KEY] = helpers
        change.replace(path, json.dumps(settings, indent="\t"))  # as docker writes it

    # Without the file's other lines: `auths` holds passwords.
    return [Change(f"{verb}: {KEY} {', '.join(names)} in {path}", (path,), act)]


def _path(target: Target) -> str:
    return target.path(".docker", "config.json", variable="DOCKER_CONFIG")


def _helpers(path: str) -> Mapping[str, object]:
    helpers = _read(path).get(KEY, {})
    if not isinstance(helpers, dict):
        raise ConfigError(f"{KEY} in {path} is not an object", hint="correct it")
    return helpers


def _read(path: str) -> dict[str, object]:
    try:
        settings = json.loads(change.read(path) or "{}")
    except (ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict):
        raise ConfigError(f"{path} is not a JSON object", hint="correct it") from None
    return settings
