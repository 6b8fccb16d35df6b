"""Secrets in HashiCorp Vault or OpenBao, KV 1 or 2: `vault:MOUNT/PATH#FIELD[?version=N]`."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from dataclasses import field as setting
from urllib.parse import quote

import hvac
import requests
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, Unauthorized, VaultError

from credhelper import transport, url, vault_login
from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.vault_login import Auth

# With any of these changed, the same path can mean another secret.
VARIABLES = ("VAULT_ADDR", "BAO_ADDR", "VAULT_NAMESPACE", "BAO_NAMESPACE")
# Sealed and standby states of sys/health, and 412 of a replica that lags behind.
_TEMPORARY = frozenset({412, 429, 472, 473})


@dataclass(frozen=True)
class Settings:
    """What differs from VAULT_ADDR, VAULT_NAMESPACE, VAULT_CACERT and VAULT_TOKEN (or BAO_…)."""

    address: str = ""
    """where Vault is; default `VAULT_ADDR`, else `BAO_ADDR`"""
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
        data = _ask(lambda: client.adapter.get(place), "our token", host).get("data")
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
    return transport.retrying(lambda: _read(address, wanted, settings))


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
    answer = _ask(
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
    """Return a client that has logged in. Raises as `_ask`."""
    client, auth = _client(address, settings), settings.auth
    login = f"the {auth.method} login"
    _ask(lambda: vault_login.LOGINS[auth.method](client, auth), login, url.host_of(address))
    return client


def _client(address: str, settings: Settings) -> hvac.Client:
    """Return a client on our hardened session; nothing is left to hvac's own environment."""
    ca = settings.ca or vault_login.variable("CACERT") or vault_login.variable("CAPATH")
    session = transport.open_session(address, ca=ca, proxy=settings.proxy)
    session.hooks["response"].append(_check)
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


def _check(response: requests.Response, **_settings: object) -> None:
    """Raise for the states that pass: hvac's exceptions do not tell all of them apart."""
    status = response.status_code
    if status >= 500 or status in _TEMPORARY:
        host = url.host_of(response.url)
        state = "is sealed" if b"sealed" in response.content else f"answered {status}"
        wait_s = transport.retry_after_s(response.headers.get("Retry-After", ""))
        hint = "unseal it" if state == "is sealed" else "try again later"
        raise TemporaryError(f"Vault at {host} {state}", hint=hint, retry_after_s=wait_s)


def _missing(error: InvalidPath, what: str, host: str) -> ConfigError:
    """Return our error for a 404, which has several meanings; metadata tells a deleted version."""
    data = error.json.get("data") if isinstance(error.json, dict) else None
    metadata = data.get("metadata") if isinstance(data, dict) else None
    metadata = metadata if isinstance(metadata, dict) else {}
    deleted, version = metadata.get("deletion_time"), metadata.get("version")
    if metadata.get("destroyed") is True:
        msg = f"version {version} of {what} at {host} is destroyed"
        return ConfigError(msg, hint="store the secret again, or pin another version")
    if isinstance(deleted, str) and deleted:
        msg = f"version {version} of {what} at {host} was deleted at {deleted[:19]}Z"  # no fraction
        return ConfigError(msg, hint="undelete it, or store the secret again")
    hint = "check path, mount and namespace, and that the policy allows reading it"
    return ConfigError(f"{host} shows nothing at {what}", hint=hint)


def _ask(request: Callable[[], object], what: str, host: str) -> dict[str, object]:
    """Return Vault's answer as a dict. Errors are ours, without Vault's or hvac's text."""
    try:
        answer = request()
    except CredhelperError:
        raise
    except InvalidPath as error:
        raise _missing(error, what, host) from None
    except (Forbidden, Unauthorized):
        msg = f"Vault at {host} refuses {what} (403)"
        hint = "renew the Vault token or role secret, and let its policy read the path"
        raise DeniedError(msg, hint=hint) from None
    except InvalidRequest:
        msg = f"Vault at {host} refuses {what} (400)"
        hint = "check method, mount, role and role secret of vault.auth"
        raise DeniedError(msg, hint=hint) from None
    except VaultError:
        raise ProtocolError(f"Vault at {host} failed on {what}", hint="see its log") from None
    except (AttributeError, KeyError, TypeError, RecursionError):  # hvac reads whatever it got
        raise _not_vault(what, host) from None
    except Exception as error:  # noqa: BLE001 - requests' own, whose text quotes headers
        raise transport.explain(error, url=f"https://{host}") from None
    if transport.is_deep(answer):
        raise _not_vault(what, host)
    return answer if isinstance(answer, dict) else {}


def _not_vault(what: str, host: str) -> ProtocolError:
    msg = f"{host} did not answer {what} as Vault does"
    return ProtocolError(msg, hint="check the address, and for a proxy in between")


def _mount(client: hvac.Client, path: str, host: str) -> tuple[str, bool]:
    """Return the mount that a path lies in, with its slash, and whether it is KV version 2."""
    place = f"/v1/sys/internal/ui/mounts/{quote(path)}"
    answer = _ask(lambda: client.adapter.get(place), path, host)
    data = answer.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("path"), str):
        raise ProtocolError(f"{host} does not know the mount of {path}", hint="check the address")
    if data.get("type") not in ("kv", "generic"):
        raise ConfigError(f"{data['path']} is no KV mount", hint="name a path in a KV engine")
    options = data.get("options")
    return data["path"], isinstance(options, dict) and options.get("version") == "2"
