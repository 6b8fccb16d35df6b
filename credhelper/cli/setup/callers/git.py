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
        _check_order(target, key)
        found += _missing(target, key)
    stale = [each for each in _ours(target) if each[0] not in wanted]
    return [*found, *(made for each in stale for made in _removal(target, *each))]


def _check_order(target: Target, key: str) -> None:
    """Raise ConfigError where git would give the token to a helper for all hosts, and it store it.

    The empty helper forgets those above it alone; a new section of ours is put at the end.
    """
    pairs, section = _entries(target), key.removesuffix("helper")
    ours = [number for number, (name, _) in enumerate(pairs) if name.startswith(section)]
    below = pairs[ours[-1] + 1 :] if ours else []
    if any(name == "credential.helper" and value for name, value in below):
        where = section.removeprefix("credential.").removesuffix(".")
        msg = f"git's credential.helper stands below the section of {where}"
        hint = (
            f"in {_files(target)[0]} move the section [credential] above it: it may store the token"
        )
        raise ConfigError(msg, hint=hint)


def removals(target: Target) -> list[Change]:
    """Return the removal of our helper from every host."""
    return [made for each in _ours(target) for made in _removal(target, *each)]


def _entries(target: Target) -> list[tuple[str, str]]:
    """Return keys and values of git's `credential` sections, in the order of its file."""
    known = change.answer(target, *CONFIG, "--null", "--get-regexp", r"^credential\.")
    pairs = (each.partition("\n") for each in known.split("\0")[:-1])
    return [(key, value) for key, _line_end, value in pairs]


def _ours(target: Target) -> list[tuple[str, list[str]]]:
    """Return the keys that have the profile's helper, or without one any of ours, each with all."""
    values: dict[str, list[str]] = {}
    for key, value in _entries(target):
        if key.endswith(".helper"):
            values.setdefault(key, []).append(value)
    return [each for each in values.items() if any(_is_ours(target, value) for value in each[1])]


def _removal(target: Target, key: str, values: list[str]) -> list[Change]:
    """Return the removal from a key: of all if nothing is left but the empty helper."""
    ours = list(dict.fromkeys(value for value in values if _is_ours(target, value)))
    rest = [value for value in values if value and value not in ours]
    each_of_ours = [["--fixed-value", "--unset-all", key, value] for value in ours]
    runs = each_of_ours if rest else [["--unset-all", key]]
    return [change.tool(target, [*CONFIG, *words], *_files(target)) for words in runs]


def _is_ours(target: Target, value: str) -> bool:
    return target.is_ours(_words(value), target.executable(EXECUTABLE))


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value.removeprefix("!"))
    except ValueError:
        return []  # another's line for the shell


def _missing(target: Target, key: str) -> list[Change]:
    present = [value for name, value in _entries(target) if name == key]
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
