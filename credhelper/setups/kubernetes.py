"""kubectl and every other client-go program: a user of the kubeconfig.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

import json

from credhelper import step
from credhelper.errors import ConfigError
from credhelper.place import Place
from credhelper.step import Step

WHERE = "put it into your kubeconfig, and the user into a context"
VERSION = "client.authentication.k8s.io/v1"


def text(place: Place) -> str:
    """Return a user of that profile's name as YAML."""
    command, *arguments = place.command("kubernetes")
    return (
        f"users:\n- name: {json.dumps(_user(place))}\n  user:\n    exec:\n"
        f"      apiVersion: {VERSION}\n      command: {json.dumps(command)}\n"
        f"      args: {json.dumps(arguments)}\n      interactiveMode: Never\n"
    )


def steps(place: Place) -> list[Step]:
    """Return the making of that user. Raises ConfigError for another one of that name."""
    command, *arguments = place.command("kubernetes")
    present = _present(place)
    if present == (command, arguments):
        return []
    if present:
        hint = f"if it may go: kubectl config delete-user {_user(place)}"
        raise ConfigError(f"the kubeconfig has another user `{_user(place)}`", hint=hint)
    words = ["kubectl", "config", "set-credentials", _user(place), f"--exec-command={command}"]
    words += [f"--exec-arg={argument}" for argument in arguments]
    words += [f"--exec-api-version={VERSION}", "--exec-interactive-mode=Never"]
    files = place.environ.get("KUBECONFIG") or place.path(".kube", "config")
    return [step.tool(place, words, *filter(None, files.split(":")))]


def _present(place: Place) -> tuple[object, object] | None:
    """Return command and arguments of the user, None if there is no such user."""
    known = step.answer(place, "kubectl", "config", "view", "--raw", "--output=json")
    for user in (json.loads(known or "{}") or {}).get("users") or []:
        if user["name"] == _user(place):
            plugin = user["user"].get("exec") or {}
            return plugin.get("command"), plugin.get("args")
    return None


def _user(place: Place) -> str:
    return place.profile or "credhelper"
