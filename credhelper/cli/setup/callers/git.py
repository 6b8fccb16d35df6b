"""git: a helper for each host (https://git-scm.com/docs/gitcredentials)."""

import json
import shlex

from credhelper.cli.setup import change
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError

WHERE = "put it into ~/.gitconfig"
EXECUTABLE = "git-credential-credhelper"
CONFIG = ("git", "config", "--global")


def text(target: Target) -> str:
    """Return a section for each host; the empty helper keeps others from storing the token."""
    helper = json.dumps(_helper(target), ensure_ascii=False)
    return "".join(
        f'[credential "https://{host}"]\n\thelper =\n\thelper = {helper}\n'
        for host in target.hosts()
    )


def changes(target: Target) -> list[Change]:
    """Return what is missing, and what is there for hosts of no profile any more.

    Raises ConfigError where another helper serves.
    """
    found: list[Change] = []
    wanted = {_key(host) for host in target.hosts()}
    for key in sorted(wanted):
        found += _missing(target, key)
    return [*found, *(_removal(target, *each) for each in _ours(target) if each[0] not in wanted)]


def removals(target: Target) -> list[Change]:
    """Return the removal of our helper from every host."""
    return [_removal(target, *each) for each in _ours(target)]


def _ours(target: Target) -> list[tuple[str, list[str]]]:
    """Return the keys that have the profile's helper, or without one any of ours, each with all."""
    known = change.answer(target, *CONFIG, "--null", "--get-regexp", r"^credential\..*\.helper$")
    values: dict[str, list[str]] = {}
    for pair in known.split("\0")[:-1]:
        key, _line_end, value = pair.partition("\n")
        values.setdefault(key, []).append(value)
    return [each for each in values.items() if any(_is_ours(target, value) for value in each[1])]


def _removal(target: Target, key: str, values: list[str]) -> Change:
    """Return the removal from a key: of all if nothing is left but the empty helper."""
    ours = [value for value in values if _is_ours(target, value)]
    rest = [value for value in values if value and value not in ours]
    words = ["--fixed-value", "--unset-all", key, ours[0]] if rest else ["--unset-all", key]
    return change.tool(target, [*CONFIG, *words], *_files(target))


def _is_ours(target: Target, value: str) -> bool:
    return target.is_ours(_words(value), target.executable(EXECUTABLE))


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value.removeprefix("!"))
    except ValueError:
        return []  # another's line for the shell


def _missing(target: Target, key: str) -> list[Change]:
    # An unset key prints nothing, and so does an empty helper but for its line end.
    present = change.answer(target, *CONFIG, "--get-all", "--null", key).split("\0")[:-1]
    wanted = ["", _helper(target)]
    if _helper(target) in present:
        return []
    for value in present:
        if target.runs_us(_words(value), target.executable(EXECUTABLE)):  # of another profile
            words = ["--fixed-value", "--replace-all", key, _helper(target), value]
            return [change.tool(target, [*CONFIG, *words], *_files(target))]
    if any(present):
        hint = f"to remove it: git config --global --unset-all {key}"
        raise ConfigError("git has another helper for that host", hint=hint)
    return [
        change.tool(target, [*CONFIG, "--add", key, value], *_files(target))
        for value in wanted[len(present) :]
    ]


def _files(target: Target) -> tuple[str, str]:
    xdg = target.path(".config", "git", "config", variable="XDG_CONFIG_HOME")
    return target.environ.get("GIT_CONFIG_GLOBAL") or target.path(".gitconfig"), xdg


def _key(host: str) -> str:
    return f"credential.https://{host}.helper"


def _helper(target: Target) -> str:
    """Return the command as git runs it: a plain path, or `!` and a line for the shell."""
    line = shlex.join(target.executable(EXECUTABLE))
    return line if line.startswith("/") else f"!{line}"
