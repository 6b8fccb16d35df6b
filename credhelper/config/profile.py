"""A profile: a table of the config in, a frozen type out."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from credhelper import hosts
from credhelper.cache import BUDGET_S
from credhelper.config import schema, syntax
from credhelper.config.providers import PRESETS
from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError
from credhelper.system import url

CLIENT_AUTHS = ["client_secret_post", "client_secret_basic"]
# The request's own parameters may stand in it once only (RFC 6749 section 3.2).
OWN_PARAMETERS = frozenset(
    {"grant_type", "client_id", "client_secret", "scope", "audience", "client_assertion"}
)


def _patterns(value: object, key: str) -> tuple[str, ...]:
    """Return the host patterns in their one spelling."""
    texts = schema.strings(value, key)
    for number, text in enumerate(texts, 1):
        if not hosts.pattern(text):
            hint = 'write host, host:port or *.suffix of your own, like "api.example.com"'
            raise ConfigError(f"entry {number} of {key} is no host, or anybody's", hint=hint)
    return tuple(map(hosts.pattern, texts))


@dataclass(frozen=True)
class Profile:
    """Named settings: token endpoint, client, scope, secret reference, and where the token may go.

    Exactly one of `token_url` and `issuer` is set. `settings` is the table of the reference's
    backend, checked by the backend when it reads.
    """

    name: str
    client_id: str = field(metadata={"parse": syntax.client_id})
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
    scope: str = field(default="", metadata={"parse": syntax.scope})
    """as the server wants it; default from `provider`, or none"""
    audience: str = ""
    """as the server wants it; default none"""
    parameters: tuple[tuple[str, str], ...] = field(
        default=(), metadata={"parse": syntax.form_values}
    )
    """table of further form parameters; default none"""
    hosts: tuple[str, ...] = field(default=(), metadata={"parse": _patterns})
    """where the token may be sent; kept for callers that name a URL; default none"""
    ca: str = ""
    """file or directory that replaces the system's roots, whatever `SSL_CERT_FILE` and its like
    say; default the variables, then the system"""
    # It may hold a password.
    proxy: str = field(default="", repr=False, metadata={"parse": syntax.proxy})
    """proxy for the token endpoint; default `HTTPS_PROXY`, `NO_PROXY`"""
    deadline: float = field(default=BUDGET_S, metadata={"parse": schema.seconds})
    """limit of the whole run; default `20s`"""
    renew_before: float | None = field(default=None, metadata={"parse": schema.seconds})
    """start of the soft window before the expiry; default `300s`, at most a fifth of the life"""
    username: str = field(default="", metadata={"parse": syntax.username})
    """kept for callers that carry the token as a Basic password; default none"""
    previous: bool = field(default=True, metadata={"parse": schema.switch})
    """`false`: during a rotation the secret's version before the current one is never tried;
    default `true`"""
    ephemeral: bool = field(default=False, metadata={"parse": schema.switch})
    """`true`: never cached; default `false`"""
    sts: Mapping[str, object] = field(default_factory=dict, metadata={"parse": schema.mapping})
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

    def peer(self) -> url.Peer:
        """Return the server there."""
        role = "the token endpoint" if self.token_url else "the issuer"
        return url.Peer(self.address, role, self.address_key, self.ca, self.proxy)

    def identity(self) -> str:
        """Return a digest of everything that decides which token this profile gets."""
        import hashlib  # 2 ms, and not needed on a hit

        decisive = (
            *(self.token_url, self.issuer, self.client_id, self.client_auth, self.scope),
            *(self.audience, self.parameters, self.client_secret, self.ca),
            *(sorted(self.settings.items()), sorted(self.sts.items())),
        )
        return hashlib.sha256(repr(decisive).encode()).hexdigest()


def checked(name: str, settings: Mapping[str, object]) -> Profile:
    """Return the profile of a table. Raises ConfigError that names the key."""
    key = f"profiles.{name}"
    values = dict(settings)
    reference = SecretRef.parse(values.get("client_secret", ""), f"{key}.client_secret")
    backend = values.pop(reference.backend, {})
    if not isinstance(backend, dict):
        raise ConfigError(f"{key}.{reference.backend} is not a table", hint="make it one")
    provider = str(values.get("provider", ""))
    if provider not in {"", *PRESETS}:
        hint = schema.nearest(provider, list(PRESETS))
        raise ConfigError(f"{key}.provider is unknown", hint=hint)
    # A preset's endpoint gives way to an own one, of either kind.
    preset = dict(PRESETS.get(provider, {}))
    if "issuer" in values:
        preset.pop("token_url", None)
    own = {"name": name, "settings": backend}
    profile = schema.parse(Profile, {**preset, **values}, key=key, given=own)
    _check(profile, key)
    return profile


def _check(profile: Profile, key: str) -> None:
    if not profile.address:
        msg = f"{key} has neither token_url nor issuer"
        raise ConfigError(msg, hint='set token_url, or provider = "itwin"')
    if profile.token_url and profile.issuer:
        msg = f"{key}.token_url and {key}.issuer are both set"
        raise ConfigError(msg, hint="remove one of them")
    url.endpoint(profile.address, key=profile.address_key)
    if profile.client_auth not in CLIENT_AUTHS:
        hint = schema.nearest(profile.client_auth, CLIENT_AUTHS)
        raise ConfigError(f"{key}.client_auth is unknown", hint=hint)
    for name, _value in profile.parameters:
        if name in OWN_PARAMETERS:
            hint = "use the profile's own key for it"
            raise ConfigError(f"{key}.parameters.{name} would be sent twice", hint=hint)
    if profile.ca and not os.path.exists(profile.ca):
        msg = f"{key}.ca: there is no file or folder {profile.ca}"
        raise ConfigError(msg, hint="give a PEM file or a folder of them")
    if "?" in profile.issuer:  # RFC 8414 section 2
        raise ConfigError(f"{key}.issuer has a query", hint="write it as the server does")
    if not 1 <= profile.deadline <= 600:
        raise ConfigError(f"{key}.deadline is out of range", hint='use "1s" to "10m"')
