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
KEY = "global.keyring-provider"


def text(target: Target) -> str:
    """Return the link's command, pip's setting and uv's."""
    link = f"# ln -s {target.folder}/credhelper {change.link_path(target, NAME)}\n"
    pip = f"# ~/.config/pip/pip.conf\n[global]\nkeyring-provider = {PROVIDER}\n"
    return f"{link}\n{pip}\n# ~/.config/uv/uv.toml\n{rest(target)}"


def rest(target: Target) -> str:
    """Return uv's setting, for which uv has no command."""
    target.hosts()
    return f'keyring-provider = "{PROVIDER}"\n'


def changes(target: Target) -> list[Change]:
    """Return the link and the setting that are missing. Raises ConfigError for other ones."""
    target.hosts()
    link = change.links_on_path(target, NAME, f"{target.folder}/credhelper")
    return [*link, *_setting(target)]


def _setting(target: Target) -> list[Change]:
    if not shutil.which("pip", path=target.environ.get("PATH")):
        return []  # uv alone is used
    config = ("pip", "config", "--user")
    present = change.answer(target, *config, "get", KEY)
    if present == PROVIDER:
        return []
    if present:
        hint = f"if it may go: pip config --user unset {KEY}"
        raise ConfigError("pip has another keyring provider", hint=hint)
    files = (
        target.path(".config", "pip", "pip.conf", variable="XDG_CONFIG_HOME"),
        target.path(".pip", "pip.conf"),
    )
    return [change.tool(target, [*config, "set", KEY, PROVIDER], *files)]
