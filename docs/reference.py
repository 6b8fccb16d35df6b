"""The reference, made from the code: `python docs/reference.py` writes `pages/reference/`."""

import importlib
import inspect
import json
import os
import pkgutil
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from credhelper import cache, errors, protocols
from credhelper.cli.setup import callers
from credhelper.cli.setup.target import Target
from credhelper.config import load, profile, schema
from credhelper.oauth.grants import aws_sts
from credhelper.secrets import backends, vault_login
from credhelper.system import itself, registry

PAGES = Path(__file__).parent / "pages"
_CONFIG = b"""[profiles.api]
provider = "itwin"
client_id = "service-example"
client_secret = "env:SECRET"
hosts = ["api.example.com", "//iam.googleapis.com/projects/1/locations/global/..."]
"""
_PROFILES = load.parse(cache.Source("", stamp=""), _CONFIG)
EXAMPLE = Target("api", _PROFILES, tuple(_PROFILES.rules()), "/usr/local/bin", {"HOME": "/home/me"})
_URL = re.compile(r"https://[^\s()]*[^\s().,;]")


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (PAGES / "reference" / f"{name}.md").write_text(text)


def schemas() -> list[Path]:
    """Return the JSON schemas of what commands print; [] if there are none."""
    return sorted((PAGES / "schemas").glob("*.json"))


def pages() -> dict[str, str]:
    """Return the Markdown of each page of the reference by its name."""
    made = (commands, config, references, exits, dialects, setup_texts)
    names = ("commands", "config", "references", "errors", "protocols", "setups")
    return {
        name: f"# {title}\n\n{text}"
        for name, (title, text) in zip(names, (each() for each in made), strict=True)
    }


def commands() -> tuple[str, str]:
    """Return the help of every command."""
    names = ["get", "as", *registry.own_names(registry.COMMANDS)]
    text = "\n".join(f"## {name}\n\n```text\n{_help(name)}```\n" for name in names)
    links = "".join(f"- [{path.name}](../schemas/{path.name})\n" for path in schemas())
    return "Commands", text + (f"\n## Schemas of JSON answers\n\n{links}" if links else "")


def config() -> tuple[str, str]:
    """Return the keys of a profile and of its tables."""
    text = (
        "The file is `$CREDHELPER_CONFIG`, else `$XDG_CONFIG_HOME/credhelper/config.toml`, else "
        "`~/.config/credhelper/config.toml`. Its keys are `default_profile` and one table "
        "`[profiles.NAME]` for each profile.\n\n"
    )
    tables = [
        ("A profile", profile.Profile),
        ("[profiles.NAME.sts]", aws_sts.Settings),
        *[(f"[profiles.NAME.{name}]", kind) for name, kind in settings()],
        ("auth of Vault", vault_login.Auth),
    ]
    text += "\n".join(f"## {title}\n\n{_keys(kind)}" for title, kind in tables)
    own = "".join(f"- `{name}`\n" for name in cache.RESERVED if name != cache.CHAIN)
    return "Config keys", f"{text}\n## Variables of its own\n\n{own}"


def references() -> tuple[str, str]:
    """Return what each backend says of itself, and what its references depend on."""
    found = []
    for name, module in _modules(backends):
        variables = getattr(module, "VARIABLES", ())
        listed = ", ".join(f"`{variable}`" for variable in variables)
        bound = f"\n\nA token is bound to the values of {listed}." if variables else ""
        found.append(f"## {name}\n\n{_prose(module)}{bound}\n")
    group = (
        f"Third parties' backends are entry points of the group `{registry.BACKENDS.group}`.\n\n"
    )
    return "Secret references", group + "\n".join(found)


def exits() -> tuple[str, str]:
    """Return the classes of errors by their exit status."""
    kinds = sorted(errors.CredhelperError.__subclasses__(), key=lambda kind: kind.status)
    rows = [(f"{kind.status}", f"`{kind.word}`", inspect.getdoc(kind) or "") for kind in kinds]
    members = json.loads(errors.BugError("", hint="").json())
    listed = ", ".join(f"`{name}`" for name in members)
    text = f"With `--error-format json` the members are {listed}.\n\n"
    return "Exit statuses", text + _table(("status", "class", "meaning"), rows)


def dialects() -> tuple[str, str]:
    """Return what each protocol says of itself."""
    found = [f"## {name}\n\n{_prose(module)}\n" for name, module in _modules(protocols)]
    return "Protocols", "\n".join(found)


def setup_texts() -> tuple[str, str]:
    """Return what `setup` prints for a profile `api`."""
    found = [
        f"## {name}\n\n{_prose(module)}\n\n{module.WHERE[0].upper()}{module.WHERE[1:]}:\n\n"
        f"```text\n{module.text(EXAMPLE)}```\n"
        for name, module in _modules(callers)
    ]
    return "Setups", "\n".join(found)


def settings() -> Iterator[tuple[str, type]]:
    """Yield the backends that take settings, with their types."""
    for name, module in _modules(backends):
        if kind := getattr(module, "Settings", None):
            yield name, kind


def _keys(kind: type) -> str:
    rows = [(f"`{name}`", *said) for name, said in schema.meanings(kind).items()]
    return _table(("key", "meaning", "default"), rows)


def _modules(package: ModuleType) -> Iterator[tuple[str, ModuleType]]:
    for found in pkgutil.iter_modules(package.__path__):
        yield found.name, importlib.import_module(f"{package.__name__}.{found.name}")


def _prose(module: ModuleType) -> str:
    return _URL.sub(lambda match: f"<{match[0]}>", inspect.getdoc(module) or "")


def _help(name: str) -> str:
    command = itself.command(name, "--help")
    environ = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


if __name__ == "__main__":
    main()
