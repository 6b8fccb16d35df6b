"""git: a helper for each host (https://git-scm.com/docs/gitcredentials)."""

import json
import shlex

from credhelper import step
from credhelper.errors import ConfigError
from credhelper.place import Place
from credhelper.step import Step

WHERE = "put it into ~/.gitconfig"


def text(place: Place) -> str:
    """Return a section for each host; the empty helper keeps others from storing the token."""
    helper = json.dumps(_helper(place), ensure_ascii=False)
    return "".join(
        f'[credential "https://{host}"]\n\thelper =\n\thelper = {helper}\n'
        for host in place.hosts()
    )


def steps(place: Place) -> list[Step]:
    """Return the additions that are missing. Raises ConfigError where another helper serves."""
    found: list[Step] = []
    for host in place.hosts():
        found += _missing(place, f"credential.https://{host}.helper")
    return found


def _missing(place: Place, key: str) -> list[Step]:
    config = ("git", "config", "--global")
    # An unset key prints nothing, and so does an empty helper but for its line end.
    present = step.answer(place, *config, "--get-all", "--null", key).split("\0")[:-1]
    wanted = ["", _helper(place)]
    if _helper(place) in present:
        return []
    if any(present):
        hint = f"if it may go: git config --global --unset-all {key}"
        raise ConfigError("git has another helper for that host", hint=hint)
    xdg = place.path(".config", "git", "config", variable="XDG_CONFIG_HOME")
    files = (place.environ.get("GIT_CONFIG_GLOBAL") or place.path(".gitconfig"), xdg)
    return [
        step.tool(place, [*config, "--add", key, value], *files) for value in wanted[len(present) :]
    ]


def _helper(place: Place) -> str:
    """Return the command as git runs it: a plain path, or `!` and a line for the shell."""
    line = shlex.join(place.executable("git-credential-credhelper"))
    return line if line.startswith("/") else f"!{line}"
