"""kubectl and every other client-go program: a user of the kubeconfig.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

import json

from credhelper.cli.setup import change
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError

WHERE = "put it into your kubeconfig, and the user into a context"
VERSION = "client.authentication.k8s.io/v1"


def text(target: Target) -> str:
    """Return a user of that profile's name as YAML."""
    command, *arguments = target.command("kubernetes")
    return (
        f"users:\n- name: {json.dumps(_user(target))}\n  user:\n    exec:\n"
        f"      apiVersion: {VERSION}\n      command: {json.dumps(command)}\n"
        f"      args: {json.dumps(arguments)}\n      interactiveMode: Never\n"
    )


def changes(target: Target) -> list[Change]:
    """Return the making of that user. Raises ConfigError for another one of that name."""
    command, *arguments = target.command("kubernetes")
    present = _present(target)
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
    """Return the deletion of that user, if it runs us; contexts that name it stay."""
    command, arguments = _present(target) or ("", [])
    if not target.is_ours([command, *arguments], target.command("kubernetes")):
        return []
    words = ["kubectl", "config", "delete-user", _user(target)]
    return [change.tool(target, words, *_files(target))]


def _files(target: Target) -> list[str]:
    files = target.environ.get("KUBECONFIG") or target.path(".kube", "config")
    return [file for file in files.split(":") if file]


def _present(target: Target) -> tuple[str, list[str]] | None:
    """Return command and arguments of the user, None if there is no such user."""
    known = change.answer(target, "kubectl", "config", "view", "--raw", "--output=json")
    for user in (json.loads(known or "{}") or {}).get("users") or []:
        if user["name"] == _user(target):
            plugin = user["user"].get("exec") or {}
            return plugin.get("command") or "", plugin.get("args") or []
    return None


def _user(target: Target) -> str:
    return target.profile or "credhelper"
