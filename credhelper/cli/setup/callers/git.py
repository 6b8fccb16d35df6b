"""git: a helper for each host (https://git-scm.com/docs/gitcredentials)."""

import json
import shlex

from credhelper.cli.setup import change
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError

WHERE = "put it into ~/.gitconfig"


def text(target: Target) -> str:
    """Return a section for each host; the empty helper keeps others from storing the token."""
    helper = json.dumps(_helper(target), ensure_ascii=False)
    return "".join(
        f'[credential "https://{host}"]\n\thelper =\n\thelper = {helper}\n'
        for host in target.hosts()
    )


def changes(target: Target) -> list[Change]:
    """Return the additions that are missing. Raises ConfigError where another helper serves."""
    found: list[Change] = []
    for host in target.hosts():
        found += _missing(target, f"credential.https://{host}.helper")
    return found


def _missing(target: Target, key: str) -> list[Change]:
    config = ("git", "config", "--global")
    # An unset key prints nothing, and so does an empty helper but for its line end.
    present = change.answer(target, *config, "--get-all", "--null", key).split("\0")[:-1]
    wanted = ["", _helper(target)]
    if _helper(target) in present:
        return []
    if any(present):
        hint = f"if it may go: git config --global --unset-all {key}"
        raise ConfigError("git has another helper for that host", hint=hint)
    xdg = target.path(".config", "git", "config", variable="XDG_CONFIG_HOME")
    files = (target.environ.get("GIT_CONFIG_GLOBAL") or target.path(".gitconfig"), xdg)
    return [
        change.tool(target, [*config, "--add", key, value], *files)
        for value in wanted[len(present) :]
    ]


def _helper(target: Target) -> str:
    """Return the command as git runs it: a plain path, or `!` and a line for the shell."""
    line = shlex.join(target.executable("git-credential-credhelper"))
    return line if line.startswith("/") else f"!{line}"
