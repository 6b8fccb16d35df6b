"""pip and uv: a link named `keyring`, and the setting that lets them run it.

https://pip.pypa.io/en/stable/topics/authentication/#keyring-support
"""

import shutil

from credhelper import step
from credhelper.errors import ConfigError
from credhelper.place import Place
from credhelper.step import Step

WHERE = "put it into ~/.config/uv/uv.toml, if you use uv"
NAME = "keyring"
PROVIDER = "subprocess"
KEY = "global.keyring-provider"


def text(place: Place) -> str:
    """Return the link's command, pip's setting and uv's."""
    link = f"# ln -s {place.folder}/credhelper {step.link_path(place, NAME)}\n"
    pip = f"# ~/.config/pip/pip.conf\n[global]\nkeyring-provider = {PROVIDER}\n"
    return f"{link}\n{pip}\n# ~/.config/uv/uv.toml\n{rest(place)}"


def rest(place: Place) -> str:
    """Return uv's setting, for which uv has no command."""
    place.hosts()
    return f'keyring-provider = "{PROVIDER}"\n'


def steps(place: Place) -> list[Step]:
    """Return the link and the setting that are missing. Raises ConfigError for other ones."""
    place.hosts()
    link = step.links_on_path(place, NAME, f"{place.folder}/credhelper")
    return [*link, *_setting(place)]


def _setting(place: Place) -> list[Step]:
    if not shutil.which("pip", path=place.environ.get("PATH")):
        return []  # uv alone is used
    config = ("pip", "config", "--user")
    present = step.answer(place, *config, "get", KEY)
    if present == PROVIDER:
        return []
    if present:
        hint = f"if it may go: pip config --user unset {KEY}"
        raise ConfigError("pip has another keyring provider", hint=hint)
    files = (
        place.path(".config", "pip", "pip.conf", variable="XDG_CONFIG_HOME"),
        place.path(".pip", "pip.conf"),
    )
    return [step.tool(place, [*config, "set", KEY, PROVIDER], *files)]
