"""pnpm: a `tokenHelper` for each registry (https://pnpm.io/npmrc#url-tokenhelper)."""

import os

from credhelper.cli.setup import change
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError

WHERE = "put it into ~/.npmrc"
EXECUTABLE = "credhelper-pnpm"
CONFIG = ("pnpm", "config")


def text(target: Target) -> str:
    """Return a line for each host that is no pattern; with a profile, and the link that says it."""
    link, executable = _link(target)
    head = f"# ln -s {executable} {link}\n" if link != executable else ""
    return head + "".join(f"{_key(name)}={link}\n" for name in target.names())


def changes(target: Target) -> list[Change]:
    """Return the link and the settings that are missing. Raises ConfigError for other ones.

    pnpm 10 leaves the setting to npm, which refuses it; pnpm 11 and newer keep it themselves.
    """
    link, executable = _link(target)
    found = change.links(link, executable) if link != executable else []
    for name in target.names():
        found += _setting(target, name, link)
    return found


def removals(target: Target) -> list[Change]:
    """Return the removal of the settings with our helper, and of the links.

    Without a profile, those of all.
    """
    link, executable = _link(target)
    found = {name: _present(target, name) for name in target.names()}
    is_any = not target.profile
    ours = {name: it for name, it in found.items() if it == link or (is_any and _runs_us(it))}
    deletions = [
        change.tool(target, [*CONFIG, "delete", "--location=global", _key(name)], *_files(target))
        for name in ours
    ]
    links = dict.fromkeys([*ours.values(), link])
    return [*deletions, *(each for path in links for each in change.unlinks(path, executable))]


def _runs_us(helper: str) -> bool:
    """Return whether a helper is ours, for whatever profile."""
    return os.path.basename(helper).partition("@")[0] == EXECUTABLE


def _setting(target: Target, name: str, link: str) -> list[Change]:
    present = _present(target, name)
    if present == link:
        return []
    is_set = present not in ("", "undefined")  # its word for a key that is not set
    if is_set and not _runs_us(present):
        hint = f"to remove it: pnpm config delete --location=global {_key(name)}"
        raise ConfigError("pnpm has another helper for that registry", hint=hint)
    words = [*CONFIG, "set", "--location=global", _key(name), link]
    return [change.tool(target, words, *_files(target))]


def _present(target: Target, name: str) -> str:
    return change.answer(target, *CONFIG, "get", _key(name))


def _files(target: Target) -> tuple[str, str]:
    return (
        target.path(".config", "pnpm", "auth.ini", variable="XDG_CONFIG_HOME"),
        target.path(".npmrc"),
    )


def _key(name: str) -> str:
    return f"//{name}/:tokenHelper"


def _link(target: Target) -> tuple[str, str]:
    """Return what pnpm runs and what that is: no arguments there, so a name says the profile."""
    executable = f"{target.folder}/{EXECUTABLE}"
    if not target.profile:
        return executable, executable
    return change.link_path(target, f"{EXECUTABLE}@{target.profile}"), executable
