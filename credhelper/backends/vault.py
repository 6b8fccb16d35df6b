"""Secrets in HashiCorp Vault or OpenBao, KV 1 or 2: `vault:MOUNT/PATH#FIELD[?version=N]`."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as setting
from urllib.parse import quote

import hvac
import requests
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, Unauthorized, VaultError

from credhelper import table, transport, url
from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.secret import Secret, SecretRef

# With any of these changed, the same path can mean another secret.
VARIABLES = ("VAULT_ADDR", "BAO_ADDR", "VAULT_NAMESPACE", "BAO_NAMESPACE")
# Sealed and standby states of sys/health, and 412 of a replica that lags behind.
_TEMPORARY = frozenset({412, 429, 472, 473})
_REFERENCE = {"parse": SecretRef.parse}


@dataclass(frozen=True)
class Auth:
    """How we log in; `secret_id`, `token`, `jwt` and `password` are references."""

    method: str = "token"
    mount: str = ""
    role: str = ""
    role_id: str = ""
    username: str = ""
    region: str = "us-east-1"
    server_id: str = ""
    secret_id: Secret | None = setting(default=None, metadata=_REFERENCE)
    token: Secret | None = setting(default=None, metadata=_REFERENCE)
    jwt: Secret | None = setting(default=None, metadata=_REFERENCE)
    password: Secret | None = setting(default=None, metadata=_REFERENCE)


def _auth(value: object, key: str) -> Auth:
    if not isinstance(value, dict):
        raise ConfigError(f"{key} is not a table", hint='write it like { method = "approle" }')
    auth = table.parse(Auth, value, key=key)
    if auth.method not in LOGINS:
        raise ConfigError(f"{key}.method is unknown", hint=table.nearest(auth.method, list(LOGINS)))
    return auth


@dataclass(frozen=True)
class Settings:
    """What differs from VAULT_ADDR, VAULT_NAMESPACE, VAULT_CACERT and VAULT_TOKEN (or BAO_…)."""

    address: str = ""
    namespace: str = ""
    ca: str = ""
    client_cert: str = ""
    client_key: str = ""
    proxy: str = setting(default="", repr=False)
    auth: Auth = setting(default=Auth(), metadata={"parse": _auth})


def read(path: str, field: str, settings: Settings) -> str:
    """Return one field of a KV secret; see `contracts.Backend`."""
    path, _mark, query = path.partition("?")
    field, _mark, field_query = field.partition("?")
    version = _version(query or field_query)
    if not field or ".." in path.split("/"):
        raise ConfigError(f"vault:{path} names no field", hint="write vault:MOUNT/PATH#FIELD")
    address = settings.address or _variable("ADDR")
    if not address:
        raise ConfigError("no Vault address is set", hint="set vault.address or VAULT_ADDR")
    url.endpoint(address, key="vault.address or VAULT_ADDR")
    return transport.retrying(lambda: _read(address, path.strip("/"), field, version, settings))


def _version(query: str) -> int:
    """Return the pinned version, 0 for the latest."""
    name, _equals, number = query.partition("=")
    if query and not (name == "version" and number.isascii() and number.isdigit()):
        raise ConfigError("the reference's query is not ?version=N", hint="correct it")
    return int(number[:9] or 0)


def _variable(name: str) -> str:
    return os.environ.get(f"VAULT_{name}") or os.environ.get(f"BAO_{name}") or ""


def _read(address: str, path: str, field: str, version: int, settings: Settings) -> str:
    """Log in, ask for the mount's version, read. Raises TemporaryError for what may be retried."""
    client = _client(address, settings)
    auth = settings.auth
    host = url.host_of(address)
    _ask(lambda: LOGINS[auth.method](client, auth), f"the {auth.method} login", host)
    mount, is_v2 = _mount(client, path, host)
    rest = path.removeprefix(mount).strip("/")
    place = f"{mount}data/{rest}" if is_v2 else f"{mount}{rest}"
    parameters = {"version": version} if version and is_v2 else {}
    if version and not is_v2:
        raise ConfigError(
            f"{mount} is KV version 1, which keeps no versions", hint="remove ?version"
        )
    try:
        answer = _ask(
            lambda: client.adapter.get(f"/v1/{quote(place)}", params=parameters), path, host
        )
    except _Gone as gone:
        raise gone.explain(path, host) from None
    data = answer.get("data")
    data = data.get("data") if is_v2 and isinstance(data, dict) else data
    if not isinstance(data, dict):
        raise ProtocolError(f"{host} sent no data for {path}", hint="check address and mount")
    value = data.get(field)
    if not isinstance(value, str):
        raise ConfigError(f"{path} has no text field {field}", hint="check the part after #")
    return value


def _client(address: str, settings: Settings) -> hvac.Client:
    """Return a client on our hardened session; nothing is left to hvac's own environment."""
    ca = settings.ca or _variable("CACERT") or _variable("CAPATH")
    session = transport.open_session(address, ca=ca, proxy=settings.proxy)
    session.hooks["response"].append(_check)
    certificate = settings.client_cert or _variable("CLIENT_CERT")
    if certificate:
        session.cert = (certificate, settings.client_key or _variable("CLIENT_KEY"))
    return hvac.Client(
        url=address,
        token="",
        session=session,
        cert=session.cert,
        verify=session.verify,
        timeout=transport.TIMEOUT_S,
        allow_redirects=False,
        namespace=settings.namespace or _variable("NAMESPACE") or None,
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


class _Gone(Exception):  # noqa: N818 - an answer, not a failure: 404 has several meanings
    """Vault answered 404; `metadata` is what it says of a deleted version."""

    def __init__(self, metadata: dict[str, object]) -> None:
        super().__init__()
        self.metadata = metadata

    def explain(self, path: str, host: str) -> CredhelperError:
        deleted = self.metadata.get("deletion_time")
        version = self.metadata.get("version")
        if self.metadata.get("destroyed") is True:
            msg = f"version {version} of {path} at {host} is destroyed"
            return ConfigError(msg, hint="store the secret again, or pin another version")
        if isinstance(deleted, str) and deleted:
            msg = f"version {version} of {path} at {host} was deleted at {deleted[:20]}"
            return ConfigError(msg, hint="undelete it, or store the secret again")
        hint = "check path, mount and namespace, and that the policy allows reading it"
        return ConfigError(f"{host} shows nothing at {path}", hint=hint)


def _ask(request: Callable[[], object], what: str, host: str) -> dict[str, object]:
    """Return Vault's answer as a dict. Errors are ours, without Vault's or hvac's text."""
    try:
        answer = request()
    except CredhelperError:
        raise
    except InvalidPath as error:
        data = (error.json or {}).get("data") if isinstance(error.json, dict) else None
        metadata = data.get("metadata") if isinstance(data, dict) else None
        raise _Gone(metadata if isinstance(metadata, dict) else {}) from None
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
    except Exception as error:  # noqa: BLE001 - requests' own, whose text quotes headers
        raise transport.explain(error, url=f"https://{host}") from None
    return answer if isinstance(answer, dict) else {}


def _mount(client: hvac.Client, path: str, host: str) -> tuple[str, bool]:
    """Return the mount that a path lies in, with its slash, and whether it is KV version 2."""
    try:
        answer = _ask(
            lambda: client.adapter.get(f"/v1/sys/internal/ui/mounts/{quote(path)}"), path, host
        )
    except _Gone as gone:
        raise gone.explain(path, host) from None
    data = answer.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("path"), str):
        raise ProtocolError(f"{host} does not know the mount of {path}", hint="check the address")
    if data.get("type") not in ("kv", "generic"):
        raise ConfigError(f"{data['path']} is no KV mount", hint="name a path in a KV engine")
    options = data.get("options")
    return data["path"], isinstance(options, dict) and options.get("version") == "2"


def _reveal(secret: Secret | None, key: str) -> str:
    if secret is None:
        raise ConfigError(f"vault.auth.{key} is missing", hint='add it, e.g. "file:/run/secrets/x"')
    return secret.reveal()


def _token(client: hvac.Client, auth: Auth) -> object:
    """Use a token as it is: a reference, VAULT_TOKEN, or the file that `vault login` writes."""
    token = auth.token.reveal() if auth.token else _variable("TOKEN")
    if not token:
        try:
            with open(os.path.expanduser("~/.vault-token"), encoding="ascii") as file:
                token = file.read(4096).strip()
        except (OSError, ValueError):
            token = ""
    if not token or not token.isascii() or not token.isprintable():
        msg = "there is no usable Vault token"
        raise DeniedError(msg, hint="set VAULT_TOKEN, run `vault login`, or set vault.auth")
    client.token = token
    return {}


def _approle(client: hvac.Client, auth: Auth) -> object:
    secret_id = auth.secret_id.reveal() if auth.secret_id else None
    mount = auth.mount or "approle"
    return client.auth.approle.login(auth.role_id, secret_id=secret_id, mount_point=mount)


def _kubernetes(client: hvac.Client, auth: Auth) -> object:
    """Log in with the pod's own service account token unless `jwt` names another."""
    mount = auth.mount or "kubernetes"
    jwt = auth.jwt
    if jwt is None:
        try:
            with open("/var/run/secrets/kubernetes.io/serviceaccount/token", encoding="ascii") as f:
                jwt = Secret(f.read(16384).strip())
        except (OSError, ValueError):
            jwt = None
    token = _reveal(jwt, "jwt")
    return client.auth.kubernetes.login(role=auth.role, jwt=token, mount_point=mount)


def _jwt(client: hvac.Client, auth: Auth) -> object:
    token = _reveal(auth.jwt, "jwt")
    return client.auth.jwt.jwt_login(role=auth.role, jwt=token, path=auth.mount or "jwt")


def _userpass(client: hvac.Client, auth: Auth) -> object:
    password = _reveal(auth.password, "password")
    mount = auth.mount or "userpass"
    return client.auth.userpass.login(auth.username, password=password, mount_point=mount)


def _ldap(client: hvac.Client, auth: Auth) -> object:
    password = _reveal(auth.password, "password")
    mount = auth.mount or "ldap"
    return client.auth.ldap.login(auth.username, password=password, mount_point=mount)


def _cert(client: hvac.Client, auth: Auth) -> object:
    """Log in with the session's client certificate; hvac's own method would build a new session."""
    if not client.session.cert:
        raise ConfigError("vault.client_cert is missing", hint="set client_cert and client_key")
    body = {"name": auth.role} if auth.role else {}
    return client.adapter.login(f"/v1/auth/{auth.mount or 'cert'}/login", json=body)


def _aws(client: hvac.Client, auth: Auth) -> object:
    """Log in with a signed STS GetCallerIdentity request, by the keys of the AWS chain."""
    from credhelper import aws_session  # boto3 costs 105 ms, which other logins need not pay

    keys = aws_session.open_session(profile="", region=auth.region).get_credentials()
    if keys is None:
        msg = "there are no AWS credentials for the Vault login"
        raise DeniedError(msg, hint="give credentials by AWS_PROFILE, a role, or `aws configure`")
    frozen = keys.get_frozen_credentials()
    return client.auth.aws.iam_login(
        *(frozen.access_key, frozen.secret_key, frozen.token),
        header_value=auth.server_id or None,
        role=auth.role or None,
        region=auth.region,
        mount_point=auth.mount or "aws",
    )


LOGINS: dict[str, Callable[[hvac.Client, Auth], object]] = {
    "token": _token,
    "approle": _approle,
    "kubernetes": _kubernetes,
    "jwt": _jwt,
    "userpass": _userpass,
    "ldap": _ldap,
    "cert": _cert,
    "aws": _aws,
}
