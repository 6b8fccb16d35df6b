"""The profile `env`: what variables say where there is no config file."""

import re
from collections.abc import Container, Mapping

from credhelper import cache
from credhelper.errors import ConfigError, CredhelperError
from credhelper.system import characters

PREFIX = "CREDHELPER_"
ITWIN = {"client_id": "ITWIN_CLIENT_ID", "client_secret": "ITWIN_CLIENT_SECRET"}
# A table of the file is a prefix here: CREDHELPER_STS_ROLE_ARN is `role_arn` in `sts`.
TABLES = ("parameters", "sts", "aws", "vault")
_KEY = r"profiles\.env\.([a-z0-9_]+(?:\.[a-z0-9_]+)*)"


def check_places(environ: Mapping[str, str]) -> None:
    """Raise ConfigError for a line end in a variable that says where things are.

    It comes from a file with the line ends of Windows, and would be a part of the name.
    """
    for name in cache.RESERVED:
        value = environ.get(name, "")
        if "\r" in value or "\n" in value:
            unseen = characters.fault(value)
            raise ConfigError(f"{name} {unseen}", hint="set it without that character")


def of_a_profile(environ: Mapping[str, str]) -> list[str]:
    """Return the variables that are keys of the profile `env`, which a config file replaces."""
    ours = [name for name in environ if name.startswith(PREFIX) and name not in cache.RESERVED]
    return sorted([*ours, *(name for name in ITWIN.values() if name in environ)])


def settings(environ: Mapping[str, str], path: str, *, keys: Container[str]) -> dict[str, object]:
    """Return the table of the profile `env`. Raises ConfigError where no client is named.

    A variable that is empty is as good as none. `keys` are those of a profile; `path` is where a
    config file would be.
    """
    found: dict[str, object] = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if value and name.startswith(PREFIX) and name not in cache.RESERVED
    }
    if environ.get(ITWIN["client_id"]) and "client_id" not in found:
        found["client_id"] = environ[ITWIN["client_id"]]
        found.setdefault("client_secret", f"env:{ITWIN['client_secret']}")
        found.setdefault("provider", "itwin")
    if "client_id" not in found:
        raise _no_client(environ, path)
    if "token_url" not in found and "issuer" not in found:
        found.setdefault("provider", "itwin")
    backend = str(found.get("client_secret", "")).partition(":")[0]
    for prefix in dict.fromkeys((*TABLES, backend)):
        _nest(found, prefix, keys)
    vault = found.get("vault")
    if isinstance(vault, dict):
        _nest(vault, "auth", frozenset())
    return found


def _nest(found: dict[str, object], prefix: str, keys: Container[str]) -> None:
    names = [name for name in found if name.startswith(f"{prefix}_") and name not in keys]
    if names:
        found[prefix] = {name.removeprefix(f"{prefix}_"): found.pop(name) for name in names}


def _no_client(environ: Mapping[str, str], path: str) -> ConfigError:
    empty = [name for name in (f"{PREFIX}CLIENT_ID", ITWIN["client_id"]) if name in environ]
    are_empty = f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty"
    why = are_empty if empty else "the environment names no client"
    where = f"there is no {path}" if path else "there is no home for a config file"
    hint = "write that file (`credhelper init`)" if path else "set HOME or CREDHELPER_CONFIG"
    hint += ", or set CREDHELPER_TOKEN_URL, CREDHELPER_CLIENT_ID and CREDHELPER_CLIENT_SECRET (a "
    hint += "reference), or for the iTwin platform ITWIN_CLIENT_ID and ITWIN_CLIENT_SECRET"
    return ConfigError(f"{where}, and {why}", hint=hint)


def rename_keys(error: CredhelperError, environ: Mapping[str, str]) -> None:
    """Let an error name variables in place of keys."""
    problem, error.hint = by_variable(error.problem, environ), by_variable(error.hint, environ)
    for name in re.findall(f"{PREFIX}[A-Z0-9_]+", problem):
        if environ.get(name) == "":
            problem = problem.replace(f"{name} is missing", f"{name} is empty")
    error.problem, error.args = problem, (problem,)


def by_variable(text: str, environ: Mapping[str, str]) -> str:
    """Return a text with the variables of the profile `env` in place of its keys."""
    return re.sub(_KEY, lambda key: _name(key[1], environ), text)


def _name(key: str, environ: Mapping[str, str]) -> str:
    name = PREFIX + key.upper().replace(".", "_")
    itwin = ITWIN.get(key, "")
    return itwin if environ.get(itwin) and not environ.get(name) else name
