"""kubectl and every other client-go program: a user of the kubeconfig.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

import dataclasses
import json
from typing import Any

from credhelper.cli.setup import change
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError

WHERE = "put it into your kubeconfig, and name the user in a context"
VERSION = "client.authentication.k8s.io/v1"


def text(target: Target) -> str:
    """Return a user of that profile's name as YAML."""
    command, *arguments = target.chosen("kubernetes")
    return (
        f"users:\n- name: {json.dumps(_user(target))}\n  user:\n    exec:\n"
        f"      apiVersion: {VERSION}\n      command: {json.dumps(command)}\n"
        f"      args: {json.dumps(arguments)}\n      interactiveMode: Never\n"
    )


def changes(target: Target) -> list[Change]:
    """Return the making of that user. Raises ConfigError for another one of that name."""
    command, *arguments = target.chosen("kubernetes")
    present = _users(_config(target)).get(_user(target))
    if present == (command, arguments):
        return []
    if present:
        hint = f"to remove it: kubectl config delete-user {_user(target)}"
        raise ConfigError(f"the kubeconfig has another user `{_user(target)}`", hint=hint)
    words = ["kubectl", "config", "set-credentials", _user(target), f"--exec-command={command}"]
    words += [f"--exec-arg={argument}" for argument in arguments]
    words += [f"--exec-api-version={VERSION}", "--exec-interactive-mode=Never"]
    return [change.tool(target, words, *_files(target))]


def removals(target: Target) -> list[Change]:
    """Return the deletion of the user, if it runs us, or of all that do; contexts stay."""
    config, wanted = _config(target), target.command("kubernetes")
    users = _users(config).items()
    ours = [name for name, each in users if target.is_ours([each[0], *each[1]], wanted)]
    return [_removal(target, config, name) for name in ours]


def _removal(target: Target, config: dict[str, Any], name: str) -> Change:
    words = ["kubectl", "config", "delete-user", name]
    deletion = change.tool(target, words, *_files(target))
    contexts = config.get("contexts") or []
    left = [each["name"] for each in contexts if each["context"].get("user") == name]
    note = f"  # of the contexts {', '.join(left)}, which stay" if left else ""
    return dataclasses.replace(deletion, line=deletion.line + note)


def _files(target: Target) -> list[str]:
    files = target.environ.get("KUBECONFIG") or target.path(".kube", "config")
    return [file for file in files.split(":") if file]


def _config(target: Target) -> dict[str, Any]:
    words = ("kubectl", "config", "view", "--raw", "--output=json")
    # It prints an empty config where there is none.
    return json.loads(change.answer(target, *words, absent=())) or {}


def _users(config: dict[str, Any]) -> dict[str, tuple[str, list[str]]]:
    """Return command and arguments of each user, "" and none for one that runs nothing."""
    users = {each["name"]: each["user"].get("exec") or {} for each in config.get("users") or []}
    return {name: (it.get("command") or "", it.get("args") or []) for name, it in users.items()}


def _user(target: Target) -> str:
    return target.profile or "credhelper"
