"""Profiles: the keys of the config file."""

import dataclasses
import json

from credhelper import prose
from credhelper.profile import CLIENT_AUTHS, PRESETS, Profile

ABOUT = """\
The config file is $CREDHELPER_CONFIG, else $XDG_CONFIG_HOME/credhelper/config.toml, else
~/.config/credhelper/config.toml, and only its owner may be able to write it. Each table
[profiles.NAME] is a profile; `default_profile` names one. The profile is the one named, else
$CREDHELPER_PROFILE, else `default_profile`, else the only one.
"""
EXAMPLE = """\
default_profile = "itwin"

[profiles.itwin]
provider = "itwin"
client_id = "service-AbC"
client_secret = "vault:secret/itwin#client_secret"
hosts = ["api.bentley.com"]
"""
# What a key means; its default is the code's.
MEANING = {
    "client_id": "the client's public name",
    "client_secret": "where the secret lives: a reference, never the secret",
    "provider": f"preset of an endpoint, its scope and authentication: {', '.join(PRESETS)}",
    "token_url": "token endpoint; it or `issuer`, unless `provider` sets it",
    "issuer": "where the token endpoint is discovered (RFC 8414, OpenID Connect)",
    "client_auth": f"how the client proves who it is: {' or '.join(CLIENT_AUTHS)}",
    "scope": "as the server wants it",
    "audience": "as the server wants it",
    "parameters": "table of further form parameters of the request",
    "hosts": "where the token may go, for callers that name a URL: host, host:port, *.suffix or "
    "an audience, //…",
    "ca": "file or directory that replaces the system's roots",
    "proxy": "proxy for the token endpoint, instead of HTTPS_PROXY",
    "deadline": "limit of the whole run",
    "renew_before": "start of the renewal before the expiry; see `credhelper help cache`",
    "username": "for callers that carry the token as a Basic password",
    "previous": "whether the secret's version before the current one may bridge a rotation",
    "ephemeral": "`true`: never cached",
    "sts": "table: the AWS role whose keys the token buys, for `credhelper as aws`",
}


def text() -> str:
    """Return where profiles are written, and what each key means."""
    listed = prose.definitions((_term(name), about) for name, about in MEANING.items())
    return prose.paragraph(ABOUT) + prose.example(EXAMPLE) + listed


def _term(name: str) -> str:
    """Return the key with its default, where it has one."""
    field = next(item for item in dataclasses.fields(Profile) if item.name == name)
    if field.default is field.default_factory is dataclasses.MISSING:
        return f"{name} (required)"
    if field.default in (None, "", (), dataclasses.MISSING):
        return name
    default = f"{field.default:g}s" if isinstance(field.default, float) else field.default
    return f"{name} (default {json.dumps(default)})"
