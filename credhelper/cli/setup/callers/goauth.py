"""go 1.24 and newer: an entry of GOAUTH (https://pkg.go.dev/cmd/go#hdr-GOAUTH_environment_variable)."""

import shlex

from credhelper.cli.setup import change
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError

WHERE = "give GOAUTH this value, before others with a semicolon between"


def text(target: Target) -> str:
    """Return our entry."""
    return f"{_entry(target)}\n"


def changes(target: Target) -> list[Change]:
    """Return the addition of our entry before those that are there. Raises ConfigError."""
    entry, present = _entry(target), _present(target)
    if entry in present:
        return []
    if "off" in present:
        raise ConfigError("GOAUTH is off", hint="to turn it on: go env -u GOAUTH")
    return [_setting(target, [entry, *present])]


def removals(target: Target) -> list[Change]:
    """Return the setting without our entry, if it is there."""
    present = _present(target)
    rest = [each for each in present if not _is_ours(target, each)]
    return [_setting(target, rest)] if rest != present else []


def _setting(target: Target, entries: list[str]) -> Change:
    is_default = entries in ([], ["netrc"])
    words = ["-u", "GOAUTH"] if is_default else ["-w", f"GOAUTH={';'.join(entries)}"]
    return change.tool(target, ["go", "env", *words], change.answer(target, "go", "env", "GOENV"))


def _present(target: Target) -> list[str]:
    value = change.answer(target, "go", "env", "GOAUTH")
    return [entry.strip() for entry in value.split(";") if entry.strip()]


def _is_ours(target: Target, entry: str) -> bool:
    try:
        return target.is_ours(shlex.split(entry), target.command("goauth"))
    except ValueError:
        return False  # another's, with a quote of its own


def _entry(target: Target) -> str:
    """Return the command; go splits it at spaces that stand in no quotes, and knows no escapes."""
    target.hosts()
    return " ".join(f"'{word}'" if " " in word else word for word in target.command("goauth"))
