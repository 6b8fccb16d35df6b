"""go 1.24 and newer: an entry of GOAUTH (https://pkg.go.dev/cmd/go#hdr-GOAUTH_environment_variable)."""

from credhelper import step
from credhelper.errors import ConfigError
from credhelper.place import Place
from credhelper.step import Step

WHERE = "give GOAUTH this value, before others with a semicolon between"


def text(place: Place) -> str:
    """Return our entry."""
    return f"{_entry(place)}\n"


def steps(place: Place) -> list[Step]:
    """Return the addition of our entry before those that are there. Raises ConfigError."""
    entry = _entry(place)
    present = [each.strip() for each in step.answer(place, "go", "env", "GOAUTH").split(";")]
    if entry in present:
        return []
    if "off" in present:
        raise ConfigError("GOAUTH is off", hint="if it may be on: go env -u GOAUTH")
    value = ";".join([entry, *filter(None, present)])
    file = step.answer(place, "go", "env", "GOENV")
    return [step.tool(place, ["go", "env", "-w", f"GOAUTH={value}"], file)]


def _entry(place: Place) -> str:
    """Return the command; go splits it at spaces that stand in no quotes, and knows no escapes."""
    place.hosts()
    return " ".join(f"'{word}'" if " " in word else word for word in place.command("goauth"))
