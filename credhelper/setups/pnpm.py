"""pnpm: a `tokenHelper` for each registry (https://pnpm.io/npmrc#url-tokenhelper)."""

from credhelper import step
from credhelper.errors import ConfigError
from credhelper.place import Place
from credhelper.step import Step

WHERE = "put it into ~/.npmrc"
EXECUTABLE = "credhelper-pnpm"


def text(place: Place) -> str:
    """Return a line for each host that is no pattern; with a profile, and the link that says it."""
    link, target = _link(place)
    head = f"# ln -s {target} {link}\n" if link != target else ""
    return head + "".join(f"{_key(name)}={link}\n" for name in place.names())


def steps(place: Place) -> list[Step]:
    """Return the link and the settings that are missing. Raises ConfigError for other ones.

    pnpm 10 leaves the setting to npm, which refuses it; pnpm 11 and newer keep it themselves.
    """
    link, target = _link(place)
    found = step.links(link, target) if link != target else []
    for name in place.names():
        found += _setting(place, name, link)
    return found


def _setting(place: Place, name: str, link: str) -> list[Step]:
    present = step.answer(place, "pnpm", "config", "get", _key(name))
    if present == link:
        return []
    if present not in ("", "undefined"):  # its word for a key that is not set
        hint = f"if it may go: pnpm config delete --location=global {_key(name)}"
        raise ConfigError("pnpm has another helper for that registry", hint=hint)
    files = (
        place.path(".config", "pnpm", "auth.ini", variable="XDG_CONFIG_HOME"),
        place.path(".npmrc"),
    )
    words = ["pnpm", "config", "set", "--location=global", _key(name), link]
    return [step.tool(place, words, *files)]


def _key(name: str) -> str:
    return f"//{name}/:tokenHelper"


def _link(place: Place) -> tuple[str, str]:
    """Return what pnpm runs and what that is: no arguments there, so a name says the profile."""
    target = f"{place.folder}/{EXECUTABLE}"
    if not place.profile:
        return target, target
    return step.link_path(place, f"{EXECUTABLE}@{place.profile}"), target
