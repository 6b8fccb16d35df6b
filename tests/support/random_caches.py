"""Configs and environments of every kind, what they left in the cache, and what befell it."""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest import mock

from credhelper import cache
from credhelper.config import load, profile
from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.renewal import lock, refusal, store
from credhelper.token import Entry, Token
from tests.support import slots
from tests.support.in_process import NOW
from tests.support.transcript import HOSTS

NAMES = ("env", "a", "b", "a.b-c")
GRANTS = ("", "", "sts")
SAME = "same"
SECRETS = (*[SAME] * 6, None, "first", "second")
STS = 'sts = { role_arn = "arn:aws:iam::123456789012:role/r" }'
# What a profile may have beside the usual; a line of TOML, and a variable.
EXTRAS = (
    *("", "", "", "", STS, STS, STS, STS),
    'username = "u"',
    'deadline = "2s"',
    "ephemeral = true",
    'client_auth = "none"',
    'token_url = "no address"',
    'ca = "/nowhere/ca.pem"',
)
# Seconds from now: stored, to be renewed, ended.
TIMES = (
    (-10, 3000, 3600),
    (-10, 3000, 3600),
    (-3000, -1, 600),
    (-4000, -500, -1),
    (-3570, -300, 30),
    (-3569, 100, 31),
    (2, 3000, 3600),
    (-10, 10**9, 10**9),
)
ERRORS = (
    DeniedError("the server refuses the client", hint="correct it", code="invalid_client"),
    TemporaryError("the server is busy", hint="wait \x1b[2K", retry_after_s=60.0),
    ConfigError("the endpoint is none", hint="correct it", code="unknown_host"),
    ProtocolError("the answer is none", hint="tell its operator \udcff ä"),
)


@dataclass(frozen=True)
class Kept:
    """A token or, with `error`, a refusal that was kept for a profile (by number) and a grant."""

    profile: int
    grant: str
    times: tuple[int, int, int]
    secret: str | None
    error: CredhelperError | None


@dataclass(frozen=True)
class Life:
    """Settings that were in force once, and what was kept then; no config is the environment."""

    config: str
    variables: Mapping[str, str]
    has_index: bool
    has_tokens: bool
    kept: Sequence[Kept]


def config(tables: Sequence[tuple[str, str, str]], default: str) -> str:
    """Return the text of a config file, of each profile's name, hosts and further line."""
    lines = [f'default_profile = "{default}"'] if default else []
    for name, hosts, extra in {table[0]: table for table in tables}.values():
        lines += [f'[profiles."{name}"]', 'client_id = "app"']
        lines += ['client_secret = "env:CLIENT_SECRET"']
        lines += [] if "token_url" in extra else ['token_url = "https://login.example/token"']
        lines += [f"hosts = {hosts.split(',') if hosts else []}", extra]
    return "\n".join([*lines, ""])


_VARIABLES = (
    *[("CREDHELPER_HOSTS", HOSTS)] * 9,
    ("CREDHELPER_STS_ROLE_ARN", "arn:aws:iam::123456789012:role/r"),
    ("CREDHELPER_HOSTS", "api.example.com"),
    ("CREDHELPER_USERNAME", "u"),
    ("CREDHELPER_EPHEMERAL", "true"),
    ("CREDHELPER_DEADLINE", "3s"),
    ("CREDHELPER_DEADLINE", "never"),
    ("CREDHELPER_SCOPE", "two"),
    ("CLIENT_SECRET", "first"),
    ("CLIENT_SECRET", "second"),
)


def _some_hosts(chance: Random) -> str:
    patterns = HOSTS.split(",")
    return ",".join(chance.sample(patterns, chance.randint(0, 3))) if _rarely(chance) else HOSTS


def _rarely(chance: Random) -> bool:
    return chance.random() < 0.3


def some(chance: Random) -> Life:
    """Return a life."""
    names = chance.sample(sorted({*NAMES}), chance.randint(1, 3))
    tables = [(name, _some_hosts(chance), chance.choice(EXTRAS)) for name in names]
    text = config(tables, chance.choice([*[names[0]] * 9, "", "gone"]))
    variables = dict(chance.choices(_VARIABLES, k=chance.randint(1, 4)))
    kept = [
        Kept(
            chance.randint(0, 3),
            chance.choice(GRANTS),
            chance.choice(TIMES),
            chance.choice(SECRETS),
            chance.choice([None, *ERRORS]),
        )
        for _time in range(chance.randint(0, 3))
    ]
    is_file = chance.random() < 0.7
    has_index = chance.random() < 0.9
    return Life(text if is_file else "", variables, has_index, not _rarely(chance), kept)


def live(life: Life, home: Path) -> dict[str, str]:
    """Put the settings in force and keep what they got; return the environment."""
    environ = {
        "HOME": str(home),
        "CREDHELPER_CLIENT_ID": "app",
        "CREDHELPER_CLIENT_SECRET": "env:CLIENT_SECRET",
        "CREDHELPER_TOKEN_URL": "https://login.example/token",
        **life.variables,
    }
    path = Path(cache.config_path(environ))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if life.config:
        path.write_text(life.config)
        path.chmod(0o600)
    with mock.patch.dict(os.environ, environ, clear=True), suppress(ConfigError):
        _leave_traces(life, load.profiles(environ))
    return environ


def _leave_traces(life: Life, profiles: load.Profiles) -> None:
    folder = cache.Folder(cache.directory(os.environ))
    if life.has_index:
        store.write_index(folder, profiles.source, profiles.index())
    sound = [each for each in profiles.sound() if not each.ephemeral]
    usual = [Kept(n, grant, TIMES[0], SAME, None) for n in range(3) for grant in ("", "sts")]
    for number, kept in enumerate([*(usual if life.has_tokens else ()), *life.kept]):
        item = sound[kept.profile % len(sound)] if sound else None
        if item and (item.sts or not kept.grant):
            _keep(kept, profiles.source, item, f"t{number}")


def _keep(kept: Kept, source: cache.Source, item: profile.Profile, word: str) -> None:
    slot = source.slot(cache.Folder(cache.directory(os.environ)), item.name, kept.grant)
    stored_at, renew_at, ends_at = (NOW + each for each in kept.times)
    secret = os.environ.get("CLIENT_SECRET") if kept.secret == SAME else kept.secret
    conditions = {"CLIENT_SECRET": secret}
    if kept.error:
        failure = refusal.Failure(
            kept.error,
            at=stored_at,
            until=ends_at,
            stamp=source.stamp,
            identity=item.identity(),
            conditions=conditions,
        )
        store.write_failure(slot, failure)
        return
    packed = "~".join([word] * 3 + ["123456789012"]) if kept.grant else word
    entry = Entry(
        Token(packed, token_type="Bearer", expires_at=ends_at, scope="s"),
        stamp=source.stamp,
        identity=item.identity(),
        stored_at=stored_at,
        renew_at=renew_at,
        conditions=conditions,
    )
    store.write(slot, entry)


def _reseal(ours: Path, other: Path, number: int) -> None:
    """Give a file another's body, or one other value, under its own name and a right checksum."""
    body = other.read_bytes().partition(b"\n")[2]
    if ours == other:
        lines = body.split(b"\n")
        values = (b"", b"0", b"nan", b"1e400", b"9" * 30, b"x\ty\tz", b"\xff", b"a=b", b"inf")
        # Not the settings that it was got under: nobody but we write these.
        places = [0, *range(5, len(lines))]
        lines[places[number % len(places)]] = values[number % len(values)]
        body = b"\n".join(lines)
    seal(ours, body)


def seal(path: Path, body: bytes, name: str = "") -> None:
    """Write a file of the cache with a right checksum, whatever it says."""
    slots.damage(path, slots.sealed(name or path.name, body))


def _flip(ours: Path, _other: Path, number: int) -> None:
    data = bytearray(ours.read_bytes())
    data[number // 8 % len(data)] ^= 1 << number % 8
    slots.damage(ours, bytes(data))


def _swap(ours: Path, other: Path, _number: int) -> None:
    first, second = ours.read_bytes(), other.read_bytes()
    slots.damage(ours, second)
    slots.damage(other, first)


def _cut(ours: Path, _other: Path, number: int) -> None:
    data = ours.read_bytes()
    slots.damage(ours, data[: number % len(data)] if number % 2 else data + b"\n" * (number % 5))


def _replace(ours: Path, other: Path, number: int) -> None:
    """Put something that is no file of ours in its place."""
    aside = ours.parent.parent / f"aside-{ours.name}"
    aside.unlink(missing_ok=True)
    aside.write_bytes(other.read_bytes())
    aside.chmod(0o600)
    ours.unlink()
    if number % 5 == 0:
        ours.symlink_to(aside)
    elif number % 5 == 1:
        os.link(aside, ours)
    elif number % 5 == 2:
        ours.mkdir()
    elif number % 5 == 3:
        os.mkfifo(ours)
    else:
        ours.write_bytes(aside.read_bytes())
        ours.chmod(0o644)


def _lose(ours: Path, _other: Path, _number: int) -> None:
    ours.unlink()


def befall(folder: Path, chance: Random) -> None:
    """Let something happen to the files of a cache."""
    fates: Sequence[Callable[[Path, Path, int], None]]
    fates = (_reseal, _reseal, _flip, _swap, _cut, _replace, _lose)
    for _time in range(chance.choice([0, 0, 1, 1, 2])):
        files = [each for each in sorted(folder.glob("*-*")) if not each.is_symlink()]
        files = [each for each in files if each.is_file() and each.read_bytes()]
        if files:
            ours, other = chance.choices(files, k=2)
            chance.choice(fates)(ours, other, chance.randint(0, 5000))


@contextmanager
def held(folder: Path, chance: Random) -> Iterator[None]:
    """Hold locks, as another process does, or none."""
    names = [each.name for each in sorted(folder.glob("*-*")) if each.suffix != refusal.SUFFIX]
    opened = []
    for name in names if _rarely(chance) else []:
        path = folder / (name + chance.choice([lock.SUFFIX, lock.SUFFIX, lock.SECOND]))
        opened.append(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        fcntl.flock(opened[-1], fcntl.LOCK_SH)
    try:
        yield
    finally:
        for each in opened:
            os.close(each)
