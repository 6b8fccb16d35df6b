"""pip and uv: a link named `keyring`, and the setting that lets them run it.

https://pip.pypa.io/en/stable/topics/authentication/#keyring-support
"""

import shutil

from credhelper.cli.setup import change
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError

WHERE = "put it into ~/.config/uv/uv.toml, if you use uv"
NAME = "keyring"
PROVIDER = "subprocess"
SILENT = "pip"
KEY = "global.keyring-provider"
CONFIG = ("pip", "config", "--user")


def text(target: Target) -> str:
    """Return the link's command, pip's setting and uv's."""
    target.sole(target.hosts())  # they pass no profile
    link = f"# ln -s {target.folder}/credhelper {change.link_path(target, NAME)}\n"
    pip = f"# pip: ~/.config/pip/pip.conf\n[global]\nkeyring-provider = {PROVIDER}\n"
    return f"{link}\n{pip}\n# uv: ~/.config/uv/uv.toml\n{rest(target)}"


def rest(_target: Target) -> str:
    """Return uv's setting, for which uv has no command."""
    return f'keyring-provider = "{PROVIDER}"\n'


def removals(target: Target) -> list[Change]:
    """Return the deletion of the link, and of the setting that is of no use without it.

    With a profile only if no other has hosts: pip passes none, so the link serves them all.
    """
    if target.profile and any(rule.profile != target.profile for rule in target.rules):
        return []
    link = change.unlinks(change.link_path(target, NAME), "credhelper")
    has_setting = link and _present(target) == PROVIDER
    unset = [change.tool(target, [*CONFIG, "unset", KEY], *_files(target))] if has_setting else []
    return [*link, *unset]


def changes(target: Target) -> list[Change]:
    """Return the link and the setting that are missing. Raises ConfigError for other ones."""
    target.sole(target.hosts())
    link = change.links_on_path(target, NAME, f"{target.folder}/credhelper")
    return [*link, *_setting(target)]


def _setting(target: Target) -> list[Change]:
    present = _present(target)
    if present in (None, PROVIDER):
        return []
    if present:
        hint = f"to remove it: pip config --user unset {KEY}"
        raise ConfigError("pip has another keyring provider", hint=hint)
    return [change.tool(target, [*CONFIG, "set", KEY, PROVIDER], *_files(target))]


def _present(target: Target) -> str | None:
    """Return pip's setting, None where uv alone is used."""
    has_pip = shutil.which("pip", path=target.environ.get("PATH"))
    return change.answer(target, *CONFIG, "get", KEY) if has_pip else None


def _files(target: Target) -> tuple[str, str]:
    return (
        target.path(".config", "pip", "pip.conf", variable="XDG_CONFIG_HOME"),
        target.path(".pip", "pip.conf"),
    )
