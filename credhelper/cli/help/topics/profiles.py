"""Profiles: the keys of the config file."""

from credhelper.cli.help import prose
from credhelper.config import schema
from credhelper.config.profile import Profile

ABOUT = """\
The config file is $CREDHELPER_CONFIG, else $XDG_CONFIG_HOME/credhelper/config.toml, else
~/.config/credhelper/config.toml, and only its owner may be able to write it, or a folder on the way
to it. Each table [profiles.NAME] is a profile; `default_profile` names one. The profile is the one
named, else $CREDHELPER_PROFILE, else `default_profile`, else the only one. No two names may differ
in nothing but case.
"""
EXAMPLE = """\
default_profile = "itwin"

[profiles.itwin]
provider = "itwin"
client_id = "service-AbC"
client_secret = "vault:secret/itwin#client_secret"
hosts = ["api.bentley.com"]
"""


def text() -> str:
    """Return where profiles are written, and what each key means."""
    keys = schema.meanings(Profile).items()
    listed = prose.definitions((_term(name, default), about) for name, (about, default) in keys)
    return prose.paragraph(ABOUT) + prose.example(EXAMPLE) + listed


def _term(name: str, default: str) -> str:
    """Return the key with its default in words, where it has one."""
    if default in ("none", "required"):
        return name if default == "none" else f"{name} (required)"
    return f"{name} (default {default})"
