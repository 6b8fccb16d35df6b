"""Profiles: TOML or environment in, frozen types out."""

import dataclasses
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field

from credhelper import cache, hosts, table, url
from credhelper.deadline import BUDGET_S
from credhelper.errors import ConfigError
from credhelper.secret import SecretRef

NAME_CHARACTERS = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"  # stands in a file name
)
PRESETS = {
    "itwin": {
        "token_url": "https://ims.bentley.com/connect/token",
        "scope": "itwin-platform",
        "client_auth": "client_secret_post",
    },
}
CLIENT_AUTHS = ["client_secret_post", "client_secret_basic"]
# The request's own parameters may stand in it once only (RFC 6749 section 3.2).
OWN_PARAMETERS = frozenset(
    {"grant_type", "client_id", "client_secret", "scope", "audience", "client_assertion"}
)


_PLACE = re.compile(r"\(at (line [0-9]+, column [0-9]+|end of document)\)")


def _patterns(value: object, key: str) -> tuple[str, ...]:
    """Return the host patterns in their one spelling."""
    texts = table.strings(value, key)
    for text in texts:
        if not hosts.pattern(text):
            hint = 'write host, host:port or *.suffix, like "api.example.com"'
            raise ConfigError(f"{key} has an entry that is no host", hint=hint)
    return tuple(map(hosts.pattern, texts))


@dataclass(frozen=True)
class Profile:
    """Named settings: token endpoint, client, scope, secret reference, and where the token may go.

    Exactly one of `token_url` and `issuer` is set. `settings` is the table of the reference's
    backend, checked by the backend when it reads.
    """

    name: str
    client_id: str
    """the client's public name"""
    client_secret: SecretRef = field(metadata={"parse": SecretRef.parse})
    """where the secret lives: a reference, never the secret"""
    provider: str = ""
    """preset: `itwin` sets the endpoint, the scope and `client_secret_post`; default none"""
    token_url: str = ""
    """token endpoint; default from `provider`"""
    issuer: str = ""
    """where to discover the token endpoint (RFC 8414, OpenID Connect); default none"""
    client_auth: str = "client_secret_basic"  # the one that RFC 6749 section 2.3.1 requires
    """`client_secret_basic` or `client_secret_post`; default `client_secret_basic`"""
    scope: str = ""
    """as the server wants it; default from `provider`, or none"""
    audience: str = ""
    """as the server wants it; default none"""
    parameters: tuple[tuple[str, str], ...] = field(default=(), metadata={"parse": table.pairs})
    """table of further form parameters; default none"""
    hosts: tuple[str, ...] = field(default=(), metadata={"parse": _patterns})
    """where the token may be sent; kept for callers that name a URL; default none"""
    ca: str = ""
    """file or directory that replaces the system's roots, whatever `SSL_CERT_FILE` and its like
    say; default the variables, then the system"""
    proxy: str = field(default="", repr=False)  # may hold a password
    """proxy for the token endpoint; default `HTTPS_PROXY`, `NO_PROXY`"""
    deadline: float = field(default=BUDGET_S, metadata={"parse": table.seconds})
    """limit of the whole run; default `20s`"""
    renew_before: float | None = field(default=None, metadata={"parse": table.seconds})
    """start of the soft window before the expiry; default `300s`, at most a fifth of the life"""
    username: str = ""
    """kept for callers that carry the token as a Basic password; default none"""
    previous: bool = field(default=True, metadata={"parse": table.switch})
    """`false`: during a rotation the secret's version before the current one is never tried;
    default `true`"""
    ephemeral: bool = field(default=False, metadata={"parse": table.switch})
    """`true`: never cached; default `false`"""
    sts: Mapping[str, object] = field(default_factory=dict, metadata={"parse": table.mapping})
    """table: the AWS role whose keys the token buys; default none"""
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The URL that the settings name: the token endpoint, or the issuer to ask for it."""
        return self.token_url or self.issuer

    @property
    def address_key(self) -> str:
        """The key that names it, for an error."""
        return f"profiles.{self.name}.{'token_url' if self.token_url else 'issuer'}"

    def identity(self) -> str:
        """Return a digest of everything that decides which token this profile gets."""
        import hashlib  # 2 ms, and not needed on a hit

        decisive = (
            *(self.token_url, self.issuer, self.client_id, self.client_auth, self.scope),
            *(self.audience, self.parameters, self.client_secret, self.ca),
            *(sorted(self.settings.items()), sorted(self.sts.items())),
        )
        return hashlib.sha256(repr(decisive).encode()).hexdigest()


@dataclass(frozen=True)
class Profiles:
    """The profiles of one source; `default` is "" where none can be told."""

    source: cache.Source
    default: str
    tables: Mapping[str, Mapping[str, object]]

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
        raise ConfigError(f"{where} has no profile `{chosen}`", hint=table.nearest(chosen, names))

    def get(self, name: str) -> Profile:
        """Return a profile, checked. Raises ConfigError that names the key."""
        return _profile(self.choose(name), self.tables[self.choose(name)])

    def rules(self) -> list[hosts.Rule]:
        """Return where which profile's token may go. A broken profile's goes nowhere."""
        found = []
        for name in self.tables:
            try:
                item = self.get(name)
            except ConfigError:
                continue
            found += [
                hosts.Rule(pattern, profile=name, username=item.username) for pattern in item.hosts
            ]
        return found


def load(environ: Mapping[str, str], chosen_path: str = "") -> Profiles:
    """Return the profiles of the config file, else the one that the environment makes."""
    if chosen_path:
        environ = {**environ, "CREDHELPER_CONFIG": chosen_path}
    path = cache.config_path(environ)
    try:
        status, text = read(path)
    except FileNotFoundError:
        if environ.get("CREDHELPER_CONFIG"):
            hint = "correct --config or CREDHELPER_CONFIG"
            raise ConfigError(f"there is no config file {path}", hint=hint) from None
        return _from_environment(environ, path)
    return parse(cache.Source(path, stamp=cache.file_stamp(path, status)), text)


def read(path: str) -> tuple[os.stat_result, bytes]:
    """Return a config file's status and text. Raises FileNotFoundError, ConfigError."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            text = file.read()
    except FileNotFoundError:
        raise
    except (OSError, ValueError):
        raise ConfigError(f"{path} cannot be read", hint="check its owner and mode") from None
    _check_owner(path, status)
    return status, text


def _check_owner(path: str, status: os.stat_result) -> None:
    """Refuse a file that somebody else could point at their own endpoint."""
    if status.st_uid not in (0, os.geteuid()):
        raise ConfigError(f"{path} belongs to another user", hint=f"run: chown $USER {path}")
    if stat.S_IMODE(status.st_mode) & 0o022:
        raise ConfigError(f"others may write {path}", hint=f"run: chmod go-w {path}")


def document_of(path: str, text: bytes) -> dict[str, object]:
    """Return the TOML document of a config file. Raises ConfigError."""
    import tomllib  # 5 ms, which settings from the environment need not pay

    try:
        return tomllib.loads(text.decode())
    except (ValueError, RecursionError) as error:
        place = _PLACE.search(str(error))  # the place alone: tomllib's text may quote the file's
        where = f" at {place[1]}" if place else ""
        raise ConfigError(f"{path} is not TOML{where}", hint="mend its syntax") from None


def parse(source: cache.Source, text: bytes) -> Profiles:
    """Return the profiles of a config file's text. Raises ConfigError."""
    document = document_of(source.path, text)
    tables = document.pop("profiles", None)
    default = document.pop("default_profile", "")
    for key in document:
        hint = table.nearest(key, ["default_profile", "profiles"])
        raise ConfigError(f"{key} is not a key of {source.path}", hint=hint)
    if not isinstance(tables, dict) or not tables:
        raise ConfigError(f"{source.path} has no profile", hint="add a table [profiles.NAME]")
    for name, item in tables.items():
        if not name or name.startswith((".", "@", "-")) or not NAME_CHARACTERS.issuperset(name):
            raise ConfigError("a profile's name is not a plain word", hint="use A-Z a-z 0-9 . _ -")
        if not isinstance(item, dict):
            raise ConfigError(f"profiles.{name} is not a table", hint=f"write [profiles.{name}]")
    if not isinstance(default, str):
        raise ConfigError("default_profile is not a string", hint="write it in quotes")
    if not default and len(tables) == 1:
        default = next(iter(tables))
    return Profiles(source, default, tables)


def _from_environment(environ: Mapping[str, str], path: str) -> Profiles:
    """Return one profile named `env`; `CREDHELPER_CLIENT_SECRET` is a reference, never a secret."""
    settings: dict[str, object] = {
        name.removeprefix("CREDHELPER_").lower(): value
        for name, value in environ.items()
        if name.startswith("CREDHELPER_") and name not in cache.RESERVED
    }
    # A table of the file is a prefix here: CREDHELPER_STS_ROLE_ARN is `role_arn` in `sts`.
    names = [name for name in settings if name.startswith("sts_")]
    if names:
        settings["sts"] = {name.removeprefix("sts_"): settings.pop(name) for name in names}
    if "ITWIN_CLIENT_ID" in environ and "client_id" not in settings:
        settings["client_id"] = environ["ITWIN_CLIENT_ID"]
        settings.setdefault("client_secret", "env:ITWIN_CLIENT_SECRET")
        settings.setdefault("provider", "itwin")
    if "client_id" not in settings:
        msg = f"there is no {path}, and the environment names no client"
        hint = "write that file, or set ITWIN_CLIENT_ID and ITWIN_CLIENT_SECRET"
        raise ConfigError(msg, hint=hint)
    if "token_url" not in settings and "issuer" not in settings:
        settings.setdefault("provider", "itwin")
    source = cache.Source("", stamp=cache.environment_stamp(environ))
    return Profiles(source, "env", {"env": settings})


def _profile(name: str, settings: Mapping[str, object]) -> Profile:
    key = f"profiles.{name}"
    values = dict(settings)
    for own in ("name", "settings"):
        if own in values:
            raise ConfigError(f"{key}.{own} is not a key", hint="remove it")
    reference = SecretRef.parse(values.get("client_secret", ""), f"{key}.client_secret")
    backend = values.pop(reference.backend, {})
    if not isinstance(backend, dict):
        raise ConfigError(f"{key}.{reference.backend} is not a table", hint="make it one")
    provider = str(values.get("provider", ""))
    if provider not in {"", *PRESETS}:
        hint = table.nearest(provider, list(PRESETS))
        raise ConfigError(f"{key}.provider is unknown", hint=hint)
    # A preset's endpoint gives way to an own one, of either kind.
    preset = dict(PRESETS.get(provider, {}))
    if "issuer" in values:
        preset.pop("token_url", None)
    values = {**preset, **values}
    profile = table.parse(Profile, {**values, "name": name}, key=key)
    _check(profile, key)
    return dataclasses.replace(profile, settings=backend)


def _check(profile: Profile, key: str) -> None:
    if bool(profile.token_url) == bool(profile.issuer):
        msg = f"{key} needs exactly one of token_url and issuer"
        raise ConfigError(msg, hint='set token_url, or provider = "itwin"')
    url.endpoint(profile.address, key=profile.address_key)
    if profile.client_auth not in CLIENT_AUTHS:
        hint = table.nearest(profile.client_auth, CLIENT_AUTHS)
        raise ConfigError(f"{key}.client_auth is unknown", hint=hint)
    for name, _value in profile.parameters:
        if name in OWN_PARAMETERS:
            hint = "use the profile's own key for it"
            raise ConfigError(f"{key}.parameters.{name} would be sent twice", hint=hint)
    if profile.ca and not os.path.exists(profile.ca):
        raise ConfigError(f"{key}.ca names nothing", hint="give a PEM file or a hashed directory")
    if not 0 < profile.deadline <= 600:
        raise ConfigError(f"{key}.deadline is out of range", hint='use "1s" to "10m"')
