"""go 1.24 and newer: an entry of GOAUTH (https://pkg.go.dev/cmd/go#hdr-GOAUTH_environment_variable)."""

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
    entry = _entry(target)
    present = [each.strip() for each in change.answer(target, "go", "env", "GOAUTH").split(";")]
    if entry in present:
        return []
    if "off" in present:
        raise ConfigError("GOAUTH is off", hint="if it may be on: go env -u GOAUTH")
    value = ";".join([entry, *filter(None, present)])
    file = change.answer(target, "go", "env", "GOENV")
    return [change.tool(target, ["go", "env", "-w", f"GOAUTH={value}"], file)]


def _entry(target: Target) -> str:
    """Return the command; go splits it at spaces that stand in no quotes, and knows no escapes."""
    target.hosts()
    return " ".join(f"'{word}'" if " " in word else word for word in target.command("goauth"))
