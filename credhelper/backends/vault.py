"""Secrets in HashiCorp Vault or OpenBao, KV 1 or 2: `vault:MOUNT/PATH#FIELD[?version=N]`."""

import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as setting
from functools import partial
from urllib.parse import quote

import hvac
import requests

from credhelper import table, transport, url, vault_login
from credhelper.errors import (
    ConfigError,
    DeniedError,
    ProtocolError,
)
from credhelper.vault_answer import Moved, ask, check
from credhelper.vault_login import Auth

# With any of these changed, the same path can mean another secret.
VARIABLES = ("VAULT_ADDR", "BAO_ADDR", "VAULT_NAMESPACE", "BAO_NAMESPACE")


@dataclass(frozen=True)
class Settings:
    """What differs from VAULT_ADDR, VAULT_NAMESPACE, VAULT_CACERT and VAULT_TOKEN (or BAO_…).

    `addresses` are further nodes, to which a standby may send us; to no other does our token go.
    """

    address: str = ""
    """where Vault is; default `VAULT_ADDR`, else `BAO_ADDR`"""
    addresses: tuple[str, ...] = setting(default=(), metadata={"parse": table.strings})
    """list: further nodes, to which a standby may send us; default none"""
    namespace: str = ""
    """namespace of the mount; default `VAULT_NAMESPACE`, else `BAO_NAMESPACE`"""
    ca: str = ""
    """file or directory that replaces the system's roots; default `VAULT_CACERT` and its like"""
    client_cert: str = ""
    """our certificate for TLS; default `VAULT_CLIENT_CERT`"""
    client_key: str = ""
    """its key; default `VAULT_CLIENT_KEY`"""
    proxy: str = setting(default="", repr=False)
    """proxy for Vault; default `HTTPS_PROXY`, `NO_PROXY`"""
    auth: Auth = setting(default=Auth(), metadata={"parse": vault_login.parse})
    """table: how to log in; default `token`"""


def read(path: str, field: str, settings: Settings) -> str:
    """Return one field of a KV secret; see `contracts.Backend`."""
    return _retrieve(path, field, settings, back=0)


def read_previous(path: str, field: str, settings: Settings) -> str:
    """Return the version before the current one; "" if one is pinned, or KV keeps no versions."""
    return "" if "?" in path + field else _retrieve(path, field, settings, back=1)


def describe(path: str, field: str, settings: Settings) -> Iterator[str]:
    """Yield policies and life of our token, then version and age; see `contracts.Backend`."""
    wanted, address = _wanted(path, field, back=0), _address(settings)
    try:
        yield from _describe(address, wanted, settings)
    except Moved as moved:  # at the first request
        yield from describe(path, field, *moved.args)


def _describe(address: str, wanted: "_Wanted", settings: Settings) -> Iterator[str]:
    client, host = _open(address, settings), url.host_of(address)
    yield _identity(client, wanted.path, host)
    mount, is_v2 = _mount(client, wanted.path, host)
    if not is_v2:
        yield f"there; {mount} is KV version 1, which keeps no versions"
        return
    place = f"{mount}data/{wanted.path.removeprefix(mount).strip('/')}"
    metadata = _data(client, place, wanted, version=wanted.version).get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    yield f"version {metadata.get('version')}, created {str(metadata.get('created_time'))[:10]}"


def _identity(client: hvac.Client, path: str, host: str) -> str:
    """Return what Vault says of the token. Raises DeniedError if it serves for nothing."""
    place = "/v1/auth/token/lookup-self"
    try:
        data = ask(lambda: client.adapter.get(place), "our token", host).get("data")
    except DeniedError as refused:
        try:
            _mount(client, path, host)  # only a good token is told that
        except DeniedError:
            raise refused from None
        return f"a token of Vault at {host} that may not look itself up"
    data = data if isinstance(data, dict) else {}
    lists = [data.get(name) for name in ("policies", "identity_policies")]
    policies = [policy for each in lists if isinstance(each, list) for policy in each]
    life = f"{data['ttl']} s to live" if data.get("ttl") else "no end"
    named = ", ".join(map(str, policies))
    return f"{data.get('display_name')} of Vault at {host}, policies {named}, {life}"


def _retrieve(path: str, field: str, settings: Settings, *, back: int) -> str:
    """Return a field of the current or pinned version, or of the version `back` before it."""
    wanted, address = _wanted(path, field, back=back), _address(settings)
    try:
        return transport.retrying(lambda: _read(address, wanted, settings))
    except Moved as moved:
        return _retrieve(path, field, *moved.args, back=back)


def _wanted(path: str, field: str, *, back: int) -> "_Wanted":
    """Return what a reference means. Raises ConfigError."""
    path, _mark, query = path.partition("?")
    field, _mark, field_query = field.partition("?")
    version = _version(query or field_query)
    if not field or ".." in path.split("/"):
        raise ConfigError(f"vault:{path} names no field", hint="write vault:MOUNT/PATH#FIELD")
    return _Wanted(path.strip("/"), field, version=version, back=back)


def _address(settings: Settings) -> str:
    """Return Vault's address, checked. Raises ConfigError."""
    address = settings.address or vault_login.variable("ADDR")
    if not address:
        raise ConfigError("no Vault address is set", hint="set vault.address or VAULT_ADDR")
    return url.endpoint(address, key="vault.address or VAULT_ADDR")


def _version(query: str) -> int:
    """Return the pinned version, 0 for the latest."""
    name, _equals, number = query.partition("=")
    if query and not (name == "version" and number.isascii() and number.isdigit()):
        raise ConfigError("the reference's query is not ?version=N", hint="correct it")
    return int(number[:9] or 0)


@dataclass(frozen=True)
class _Wanted:
    """A field of a path: of the pinned version, or of the latest (0), or `back` before that."""

    path: str
    field: str
    version: int
    back: int


def _read(address: str, wanted: _Wanted, settings: Settings) -> str:
    """Log in, ask for the mount's version, read. Raises TemporaryError for what may be retried."""
    client, host = _open(address, settings), url.host_of(address)
    mount, is_v2 = _mount(client, wanted.path, host)
    rest = wanted.path.removeprefix(mount).strip("/")
    if not is_v2:
        if wanted.version:
            msg = f"{mount} is KV version 1, which keeps no versions"
            raise ConfigError(msg, hint="remove ?version")
        return "" if wanted.back else _field(_data(client, f"{mount}{rest}", wanted), wanted)
    place, version = f"{mount}data/{rest}", wanted.version
    if wanted.back:
        metadata = _data(client, place, wanted).get("metadata")
        latest = metadata.get("version") if isinstance(metadata, dict) else 0
        if not isinstance(latest, int) or latest <= wanted.back:
            return ""
        version = latest - wanted.back
    return _field(_data(client, place, wanted, version=version).get("data"), wanted)


def _data(
    client: hvac.Client, place: str, wanted: _Wanted, *, version: int = 0
) -> dict[str, object]:
    """Return the data that Vault has at a place, with its metadata where KV 2 adds some."""
    host = url.host_of(client.url)
    parameters = {"version": version} if version else {}
    answer = ask(
        lambda: client.adapter.get(f"/v1/{quote(place)}", params=parameters), wanted.path, host
    )
    data = answer.get("data")
    if not isinstance(data, dict):
        raise ProtocolError(
            f"{host} sent no data for {wanted.path}", hint="check address and mount"
        )
    return data


def _field(data: object, wanted: _Wanted) -> str:
    value = data.get(wanted.field) if isinstance(data, dict) else None
    if not isinstance(value, str):
        msg = f"{wanted.path} has no text field {wanted.field}"
        raise ConfigError(msg, hint="check the part after #")
    return value


def _open(address: str, settings: Settings) -> hvac.Client:
    """Return a client that has logged in. Raises as `vault_answer.ask`."""
    client, auth = _client(address, settings), settings.auth
    login = f"the {auth.method} login"
    ask(lambda: vault_login.LOGINS[auth.method](client, auth), login, url.host_of(address))
    return client


def _client(address: str, settings: Settings) -> hvac.Client:
    """Return a client on our hardened session; nothing is left to hvac's own environment."""
    ca = settings.ca or vault_login.variable("CACERT") or vault_login.variable("CAPATH")
    session = transport.open_session(address, ca=ca, proxy=settings.proxy)
    look = partial(_look_for_active, settings)
    session.hooks["response"] = [look, *session.hooks["response"], check]
    certificate = settings.client_cert or vault_login.variable("CLIENT_CERT")
    key = settings.client_key or vault_login.variable("CLIENT_KEY")
    for name, path in (("ca", ca), ("client_cert", certificate), ("client_key", key)):
        # requests reports it as an OSError, like a connection that failed and may be tried again.
        if path and not os.path.exists(path):
            raise ConfigError(f"vault.{name} names no file", hint=f"correct {path}")
    if certificate:
        session.cert = (certificate, key)
    return hvac.Client(
        url=address,
        token="",
        session=session,
        cert=session.cert,
        verify=session.verify,
        timeout=transport.TIMEOUT_S,
        allow_redirects=False,
        namespace=settings.namespace or vault_login.variable("NAMESPACE") or None,
    )


def _look_for_active(settings: Settings, response: requests.Response, **_more: object) -> None:
    """Raise Moved for a redirect to a listed node; any other is refused as everywhere.

    We log in there from the start: nothing else of what the standby says is followed.
    """
    for address in settings.addresses if response.is_redirect else ():
        if response.headers["Location"].startswith(f"{address.rstrip('/')}/v1/"):
            response.close()
            raise Moved(dataclasses.replace(settings, address=address, addresses=()))


def _mount(client: hvac.Client, path: str, host: str) -> tuple[str, bool]:
    """Return the mount that a path lies in, with its slash, and whether it is KV version 2."""
    place = f"/v1/sys/internal/ui/mounts/{quote(path)}"
    answer = ask(lambda: client.adapter.get(place), path, host)
    data = answer.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("path"), str):
        raise ProtocolError(f"{host} does not know the mount of {path}", hint="check the address")
    if data.get("type") not in ("kv", "generic"):
        raise ConfigError(f"{data['path']} is no KV mount", hint="name a path in a KV engine")
    options = data.get("options")
    return data["path"], isinstance(options, dict) and options.get("version") == "2"
