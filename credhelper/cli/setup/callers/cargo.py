"""cargo: one more provider for every registry, which says no where no token may go.

https://doc.rust-lang.org/cargo/reference/registry-authentication.html. An alias, because the words
of a provider in that list are split at spaces.
"""

import json
import os

from credhelper.cli.setup import change
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tomlkit import TOMLDocument

WHERE = "put it into ~/.cargo/config.toml"
ALIAS = "credhelper"
PROVIDERS = "global-credential-providers"
# What cargo does without the key; the last in the list is asked first.
DEFAULT = "cargo:token"


def text(target: Target) -> str:
    """Return the alias and the list of providers with it."""
    target.hosts()
    return (
        f"[credential-alias]\n{ALIAS} = {json.dumps(_command(target))}\n\n"
        f"[registry]\n{PROVIDERS} = {json.dumps([DEFAULT, ALIAS])}\n"
    )


def changes(target: Target) -> list[Change]:
    """Return the change of the file, if there is one. Raises ConfigError, UsageError."""
    target.hosts()
    path = _path(target)
    before = change.read(path)
    settings = _parse(before, path)
    providers = _providers(settings, path)
    alias = settings.setdefault("credential-alias", {})
    present = list(alias.get(ALIAS, []))
    if present and not target.runs_us(present, _command(target)):
        hint = f"remove credential-alias.{ALIAS} there"
        raise ConfigError(f"{path} has another provider of that name", hint=hint)
    if present != _command(target):
        alias[ALIAS] = _command(target)
    if ALIAS not in providers:
        providers.append(ALIAS)
    return _edit(path, "write", before, settings.as_string())


def removals(target: Target) -> list[Change]:
    """Return the removal of alias and provider, if the alias runs us.

    Raises ConfigError, UsageError.
    """
    path = _path(target)
    before = change.read(path)
    settings = _parse(before, path)
    providers = _providers(settings, path)
    alias = settings.get("credential-alias", {})
    if not target.is_ours(list(alias.get(ALIAS, [])), _command(target)):
        return []
    del alias[ALIAS]
    if ALIAS in providers:
        providers.remove(ALIAS)
    if list(providers) == [DEFAULT]:
        del settings["registry"][PROVIDERS]
    for name in ("credential-alias", "registry"):
        if not settings.get(name, True):
            del settings[name]
    text = settings.as_string()
    end = "\r\n" if "\r\n" in before else "\n"
    # Without the blank line that tomlkit puts before a new table.
    return _edit(path, "remove", before, text.rstrip() + end if text.strip() else "")


def _edit(path: str, verb: str, before: str, after: str) -> list[Change]:
    line = f"{verb}: credential-alias.{ALIAS} and {ALIAS} of registry.{PROVIDERS} in {path}"
    return [change.document(path, after, line=line)] if after != before else []


def _providers(settings: "TOMLDocument", path: str) -> list[str]:
    """Return the list of providers, in the document. Raises ConfigError for another shape."""
    registry = settings.setdefault("registry", {})
    if not isinstance(registry, dict) or not isinstance(settings.get("credential-alias", {}), dict):
        raise ConfigError(f"{path} has no table where cargo wants one", hint="correct it")
    providers = registry.setdefault(PROVIDERS, [DEFAULT])
    if not isinstance(providers, list):
        raise ConfigError(f"registry.{PROVIDERS} in {path} is not a list", hint="correct it")
    return providers


def _command(target: Target) -> list[str]:
    return target.executable("credhelper-cargo")


def _path(target: Target) -> str:
    """Return the file that cargo reads: the one without a suffix, if there is one."""
    path = target.path(".cargo", "config", variable="CARGO_HOME")
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
        raise ConfigError(f"{path} is not TOML", hint="correct its syntax") from None
