"""All profiles: of the config file, else the one that the environment makes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields

from credhelper import cache, hosts
from credhelper.config import document, profile, schema, variables
from credhelper.config.profile import Profile
from credhelper.errors import ConfigError


@dataclass(frozen=True)
class Profiles:
    """The profiles of one source; `default` is "" where there is none.

    `environ` is what the profile `env` was made of, {} where a file says what there is.
    """

    source: cache.Source
    default: str
    tables: Mapping[str, Mapping[str, object]]
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def choose(self, name: str) -> str:
        """Return the name, or the default's. Raises ConfigError if there is no such profile."""
        chosen = name or self.default
        if chosen in self.tables:
            return chosen
        names = list(self.tables)
        if not chosen:
            msg = f"{self.source.path} has several profiles and no default_profile"
            raise ConfigError(msg, hint=f"name one of: {', '.join(sorted(names))}")
        where = self.source.path or "the environment"
        raise ConfigError(f"{where} has no profile `{chosen}`", hint=schema.nearest(chosen, names))

    def get(self, name: str) -> Profile:
        """Return a profile, checked. Raises ConfigError that names the key, or the variable."""
        chosen = self.choose(name)
        try:
            return profile.checked(chosen, self.tables[chosen])
        except ConfigError as error:
            if self.environ:
                variables.rename_keys(error, self.environ)
            raise

    def sound(self) -> Iterator[Profile]:
        """Yield the profiles that can be used."""
        for name in self.tables:
            try:
                yield self.get(name)
            except ConfigError:
                continue

    def index(self) -> cache.Index:
        """Return what the fast door must know of them."""
        found = list(self.sound())
        kept = {item.name: item.deadline for item in found if not item.ephemeral}
        deadlines = {name: kept.get(name, 0.0) for name in self.tables}
        return cache.Index(self.default, deadlines, [rule.line() for rule in _rules(found)])

    def rules(self) -> list[hosts.Rule]:
        """Return the rules of where each token may go; a broken profile has none."""
        return _rules(self.sound())


def _rules(found: Iterable[Profile]) -> list[hosts.Rule]:
    return [
        hosts.Rule(pattern, profile=item.name, username=item.username)
        for item in found
        for pattern in item.hosts
    ]


def profiles(environ: Mapping[str, str], chosen_path: str = "") -> Profiles:
    """Return the profiles of the config file, else the one that the environment makes."""
    variables.check_places(environ)
    if chosen_path:
        environ = {**environ, "CREDHELPER_CONFIG": chosen_path}
    path = cache.config_path(environ)
    try:
        status, text = document.read(path)
    except FileNotFoundError:
        if environ.get("CREDHELPER_CONFIG"):
            hint = "correct --config or CREDHELPER_CONFIG"
            raise ConfigError(f"there is no config file {path}", hint=hint) from None
        keys = {item.name for item in fields(Profile)}
        table_of_env = variables.settings(environ, path, keys=keys)
        source = cache.Source("", stamp=cache.environment_stamp(environ))
        return Profiles(source, "env", {"env": table_of_env}, environ)
    return parse(cache.Source(path, stamp=cache.file_stamp(path, status)), text)


def parse(source: cache.Source, text: bytes) -> Profiles:
    """Return the profiles of a config file's text. Raises ConfigError."""
    found = document.parse(source.path, text)
    tables = found.pop("profiles", None)
    default = found.pop("default_profile", "")
    for key in found:
        hint = schema.nearest(key, ["default_profile", "profiles"])
        raise ConfigError(f"{key} is not a key of {source.path}", hint=hint)
    if not isinstance(tables, dict) or not tables:
        raise ConfigError(f"{source.path} has no profile", hint="add a table [profiles.NAME]")
    _check_names(tables)
    for name, item in tables.items():
        if not isinstance(item, dict):
            raise ConfigError(f"profiles.{name} is not a table", hint=f"write [profiles.{name}]")
    if not isinstance(default, str):
        raise ConfigError("default_profile is not a string", hint="write it in quotes")
    if not default and len(tables) == 1:
        default = next(iter(tables))
    return Profiles(source, default, tables)


def _check_names(names: Iterable[str]) -> None:
    """Raise ConfigError for a name that is no plain word, or another's on some file systems."""
    seen: dict[str, str] = {}
    for name in names:
        if not cache.is_name(name):
            hint = "use at most 100 of A-Z a-z 0-9 . _ -, and neither . nor - at its start"
            raise ConfigError("a profile's name is not a plain word", hint=hint)
        other = seen.setdefault(name.casefold(), name)
        if other != name:  # one file holds both tokens where the file system ignores case
            msg = f"the profiles {other} and {name} differ in nothing but case"
            raise ConfigError(msg, hint="rename one of them")
