"""cargo: one more provider for every registry, which says no where no token may go.

https://doc.rust-lang.org/cargo/reference/registry-authentication.html. An alias, because the words
of a provider in that list are split at spaces.
"""

import json
import os

from credhelper import step
from credhelper.errors import ConfigError, UsageError
from credhelper.place import Place
from credhelper.step import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tomlkit import TOMLDocument

WHERE = "put it into ~/.cargo/config.toml"
ALIAS = "credhelper"
PROVIDERS = "global-credential-providers"
# What cargo does without the key; the last in the list is asked first.
DEFAULT = "cargo:token"


def text(place: Place) -> str:
    """Return the alias and the list of providers with it."""
    place.hosts()
    return (
        f"[credential-alias]\n{ALIAS} = {json.dumps(_command(place))}\n\n"
        f"[registry]\n{PROVIDERS} = {json.dumps([DEFAULT, ALIAS])}\n"
    )


def steps(place: Place) -> list[Step]:
    """Return the change of the file, if there is one. Raises ConfigError, UsageError."""
    place.hosts()
    path = _path(place)
    before = step.read(path)
    settings = _parse(before, path)
    alias = settings.setdefault("credential-alias", {})
    registry = settings.setdefault("registry", {})
    if not isinstance(alias, dict) or not isinstance(registry, dict):
        raise ConfigError(f"{path} has no table where cargo wants one", hint="mend it")
    providers = registry.setdefault(PROVIDERS, [DEFAULT])
    if alias.setdefault(ALIAS, _command(place)) != _command(place):
        hint = f"remove credential-alias.{ALIAS} there"
        raise ConfigError(f"{path} has another provider of that name", hint=hint)
    if not isinstance(providers, list):
        raise ConfigError(f"registry.{PROVIDERS} in {path} is not a list", hint="mend it")
    if ALIAS not in providers:
        providers.append(ALIAS)
    after = settings.as_string()
    change = f"credential-alias.{ALIAS} and registry.{PROVIDERS}"
    return [step.document(path, after, change=change)] if after != before else []


def _command(place: Place) -> list[str]:
    return place.executable("credhelper-cargo")


def _path(place: Place) -> str:
    """Return the file that cargo reads: the one without a suffix, if there is one."""
    path = place.path(".cargo", "config", variable="CARGO_HOME")
    return path if os.path.exists(path) else f"{path}.toml"


def _parse(text: str, path: str) -> "TOMLDocument":
    try:
        import tomlkit  # keeps comments and order; wanted by this one command alone
        from tomlkit.exceptions import TOMLKitError
    except ImportError:
        hint = f"run `pip install 'credhelper[setup]'`, or without --write: {WHERE}"
        raise UsageError("tomlkit is not installed", hint=hint) from None
    try:
        return tomlkit.parse(text)
    except TOMLKitError:
        raise ConfigError(f"{path} is not TOML", hint="mend its syntax") from None
