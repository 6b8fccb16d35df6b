"""A new profile for the config file: checked as if it were read from there, then put in."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass

from credhelper import cache, caller
from credhelper.config import document, load, profile, schema, toml_text
from credhelper.errors import ConfigError, OutputError, TemporaryError, UsageError
from credhelper.system import files

# What `check` takes for a key that has no value yet.
_STAND_IN = {"client_id": "x", "client_secret": "env:X"}
BARE = cache.NAME_CHARACTERS - {"."}  # https://toml.io/en/v1.0.0#keys
_ADDRESS = {"token_url": "https://example.com/token"}


@dataclass(frozen=True)
class Config:
    """A config file as it is: `path` with links followed, and the mode it has, or shall get.

    `stamp` is "" for one that is not there, whose text is empty.
    """

    path: str
    text: bytes = b""
    stamp: str = ""
    mode: int = 0o600

    def document(self) -> dict[str, object]:
        """Return what the file says. Raises ConfigError."""
        return document.parse(self.path, self.text)

    def names(self) -> list[str]:
        """Return the names of its profiles. Raises ConfigError."""
        tables = self.document().get("profiles", {})
        return list(tables) if isinstance(tables, dict) else []


@dataclass(frozen=True)
class Draft:
    """A profile's name and keys, in the order in which they shall stand; `a.b` is b of table a."""

    name: str
    keys: Mapping[str, str | list[str]]

    def text(self) -> str:
        """Return the profile as a TOML table."""
        is_bare = BARE.issuperset(self.name)
        lines = [f"[profiles.{self.name if is_bare else caller.quote(self.name)}]"]
        return "\n".join([*lines, *(f"{k} = {_value(v)}" for k, v in self.keys.items()), ""])

    def table(self) -> dict[str, object]:
        """Return the profile as a parser of TOML returns it. Raises ConfigError."""
        table: dict[str, object] = {}
        for key, value in self.keys.items():
            *tables, last = key.split(".")
            inner = table
            for name in tables:
                found = inner.setdefault(name, {})
                if not isinstance(found, dict):
                    msg = f"{name} is both a value and a table"
                    raise ConfigError(msg, hint=f"set either {name} or {key}")
                inner = found
            inner[last] = value
        return table

    def check(self) -> profile.Profile:
        """Return the profile that it will be, stand-ins in it. Raises ConfigError."""
        schema.string(self.name, "the profile's name")
        self.table()
        for key, value in self.keys.items():
            for text in [value] if isinstance(value, str) else value:
                schema.string(text, f"profiles.{self.name}.{key}")
        is_placed = self.keys.keys() & {"provider", "token_url", "issuer"}
        whole = Draft(self.name, {**({} if is_placed else _ADDRESS), **_STAND_IN, **self.keys})
        return load.parse(cache.Source("", stamp=""), whole.text().encode()).get(self.name)


def read(path: str) -> Config:
    """Return the config file at the path, or at the end of the links there.

    Raises ConfigError for one that is wrong, or that others may write.
    """
    try:
        status, text = document.read(path)
    except FileNotFoundError:
        return Config(os.path.realpath(path))
    path = os.path.realpath(path)
    found = Config(path, text, cache.file_stamp(path, status), stat.S_IMODE(status.st_mode))
    if found.names():
        load.parse(cache.Source(path, stamp=found.stamp), text)
    return found


def split(text: str) -> list[str]:
    """Return the words between the commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def check_free(config: Config, name: str) -> None:
    """Raise ConfigError for what is no profile's name, UsageError for one that is taken."""
    Draft(name, {}).check()
    taken = [each for each in config.names() if each.casefold() == name.casefold()]
    if taken:
        msg = f"{config.path} has a profile `{taken[0]}` already"
        hint = "give `--replace` to write it anew, or name another"
        raise UsageError(msg, hint=hint)


def add(config: Config, draft: Draft) -> None:
    """Append the profile to the file, or make the file; every byte that was there stays.

    Raises UsageError for a name that is taken, ConfigError, TemporaryError for a file that has
    changed meanwhile, OutputError if the disk refuses; then nothing was written.
    """
    draft.check()
    check_free(config, draft.name)
    gap = b"" if not config.text else b"\n" if config.text.endswith(b"\n") else b"\n\n"
    _save(config, draft, config.text + gap + draft.text().encode())


def replace(config: Config, draft: Draft) -> str:
    """Put the profile in the place of the one of its name; return the path of the file's copy.

    Comments stay. Without such a profile
    it is as `add`, and there is no copy: "". Raises as `add`.
    """
    if draft.name not in config.names():
        add(config, draft)
        return ""
    draft.check()
    text = toml_text.with_table(config.text.decode(), ("profiles", draft.name), draft.text())
    _check(config, draft, text.encode())
    copy = files.back_up(config.path)
    _save(config, draft, text.encode())
    return copy


def _save(config: Config, draft: Draft, text: bytes) -> None:
    _check(config, draft, text)
    document.check_folder(config.path)
    try:
        os.makedirs(os.path.dirname(config.path), mode=0o700, exist_ok=True)
        if _stamp(config.path) != config.stamp:
            raise TemporaryError(f"{config.path} has just been changed", hint="try again")
        files.write(config.path, text, mode=config.mode)
    except OSError as error:
        msg = f"{config.path} cannot be written ({error.strerror})"
        raise OutputError(msg, hint="check owner and mode of its directory") from None


def _check(config: Config, draft: Draft, text: bytes) -> None:
    """Raise ConfigError unless the text says what the file says, the profile, and nothing else."""
    before = config.document()
    tables = before.setdefault("profiles", {})
    hint = "write its profiles as tables [profiles.NAME]"
    msg = f"{config.path} has profiles in a form that is not edited"
    try:
        after = document.parse(config.path, text)
    except ConfigError:
        raise ConfigError(msg, hint=hint) from None
    if not isinstance(tables, dict):
        raise ConfigError(msg, hint=hint)
    tables[draft.name] = draft.table()
    if after != before:
        raise ConfigError(msg, hint=hint)
    load.parse(cache.Source(config.path, stamp=""), text).get(draft.name)


def _stamp(path: str) -> str:
    try:
        return cache.file_stamp(path, os.stat(path))
    except FileNotFoundError:
        return ""


def _value(value: str | list[str]) -> str:
    """Return a TOML value. A basic string escapes what JSON does (TOML 1.0, "String").

    https://toml.io/en/v1.0.0#string
    """
    if isinstance(value, str):
        return caller.quote(value)
    return f"[{', '.join(map(caller.quote, value))}]"
