"""Ways to log in to Vault: `auth = { method = "approle", … }` of `[profiles.NAME.vault]`."""

from collections.abc import Callable
from dataclasses import dataclass, field

import hvac

from credhelper.config import schema
from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError, DeniedError
from credhelper.secrets import vault_token
from credhelper.secrets.secret import Secret
from credhelper.system import characters, redaction

_REFERENCE = {"parse": SecretRef.parse}
_WRAPPING = ("s.", "hvs.")  # how Vault's tokens begin; secret ids are UUIDs
_unwrapped: dict[str, str] = {}


@dataclass(frozen=True)
class Auth:
    """How we log in; `secret_id`, `token`, `jwt` and `password` are references.

    `key` is the table's own.
    """

    key: str = field(default="vault.auth", metadata={"is_key": True})
    method: str = "token"
    """`token`, `approle`, `kubernetes`, `jwt`, `userpass`, `ldap`, `cert`, `aws`, or `none` where
    Vault's agent adds a token; default `token`"""
    mount: str = ""
    """where the method is mounted; default the method's name"""
    role: str = ""
    """role of `kubernetes`, `jwt`, `cert` and `aws`; default none"""
    role_id: str = ""
    """role id of `approle`; default none"""
    username: str = ""
    """user of `userpass` and `ldap`; default none"""
    region: str = "us-east-1"
    """region whose STS the login of `aws` is signed for; default `us-east-1`"""
    server_id: str = ""
    """header that a mount of `aws` may demand; default none"""
    secret_id: Secret | None = field(default=None, metadata=_REFERENCE)
    """secret id of `approle`, or the token that wraps it: a reference; default none"""
    token: Secret | None = field(default=None, metadata=_REFERENCE)
    """a reference; default `VAULT_TOKEN`, else `~/.vault-token`"""
    jwt: Secret | None = field(default=None, metadata=_REFERENCE)
    """a reference; default for `kubernetes` the pod's service account token"""
    password: Secret | None = field(default=None, metadata=_REFERENCE)
    """password of `userpass` and `ldap`: a reference; default none"""


def parse(value: object, key: str) -> Auth:
    """Return the table, checked. Raises ConfigError that names the key."""
    if not isinstance(value, dict):
        raise ConfigError(f"{key} is not a table", hint='write it like { method = "approle" }')
    auth = schema.parse(Auth, value, key=key)
    if auth.method not in LOGINS:
        raise ConfigError(
            f"{key}.method is unknown", hint=schema.nearest(auth.method, list(LOGINS))
        )
    return auth


def whose(auth: Auth) -> str:
    """Return what opens Vault, for an error, with the place of a token."""
    if auth.method != "token":
        return f"the {auth.method} login of {auth.key}"
    return f"the token of {f'{auth.key}.token' if auth.token else vault_token.place()}"


def _needed(value: str, key: str) -> str:
    if not value:
        raise ConfigError(f"{key} is missing", hint="add it")
    return value


def _reveal(secret: Secret | None, key: str) -> str:
    if secret is None:
        raise ConfigError(f"{key} is missing", hint='add it, e.g. "file:/run/secrets/x"')
    return secret.reveal()


def _token(client: hvac.Client, auth: Auth) -> object:
    """Use a token as it is; without any, go on as the command line does: an agent may add one."""
    token = auth.token.reveal() if auth.token else vault_token.find()
    if not token.isascii():
        msg = f"{whose(auth)} has a character that is not ASCII"
        raise DeniedError(msg, hint="set it again, or log in again")
    client.token = token
    return {}


def _none(_client: hvac.Client, _auth: Auth) -> object:
    """Send no token: the agent or proxy at the address adds its own."""
    return {}


def _approle(client: hvac.Client, auth: Auth) -> object:
    role_id = _needed(auth.role_id, f"{auth.key}.role_id")
    secret_id = auth.secret_id.reveal() if auth.secret_id else None
    if secret_id and secret_id.startswith(_WRAPPING):
        secret_id = _unwrap(client, secret_id)
    mount = auth.mount or "approle"
    return client.auth.approle.login(role_id, secret_id=secret_id, mount_point=mount)


def _unwrap(client: hvac.Client, token: str) -> str:
    """Return the secret id that a wrapping token stands for, the text itself if it wraps none.

    A wrapping token serves once, but one run may log in several times.
    """
    if token not in _unwrapped:
        asked = client.adapter.post(
            "/v1/sys/wrapping/lookup", json={"token": token}, raise_exception=False
        )
        path = asked["data"]["creation_path"] if isinstance(asked, dict) else ""
        if not str(path).endswith("/secret-id"):
            return token
        answer = client.adapter.post("/v1/sys/wrapping/unwrap", headers={"X-Vault-Token": token})
        _unwrapped[token] = str(answer["data"]["secret_id"])
        redaction.hide(_unwrapped[token])
    return _unwrapped[token]


def _kubernetes(client: hvac.Client, auth: Auth) -> object:
    """Log in with the pod's own service account token unless `jwt` names another."""
    mount = auth.mount or "kubernetes"
    jwt = auth.jwt
    if jwt is None:
        try:
            with open("/var/run/secrets/kubernetes.io/serviceaccount/token", encoding="ascii") as f:
                jwt = Secret(characters.without_bom(f.read(16384)).strip())
        except (OSError, ValueError):
            jwt = None
    token = _reveal(jwt, f"{auth.key}.jwt")
    role = _needed(auth.role, f"{auth.key}.role")
    return client.auth.kubernetes.login(role=role, jwt=token, mount_point=mount)


def _jwt(client: hvac.Client, auth: Auth) -> object:
    token = _reveal(auth.jwt, f"{auth.key}.jwt")
    return client.auth.jwt.jwt_login(role=auth.role, jwt=token, path=auth.mount or "jwt")


def _password(client: hvac.Client, auth: Auth) -> object:
    """Log in as a user; Vault's userpass and ldap differ in their mount alone."""
    password = _reveal(auth.password, f"{auth.key}.password")
    method = client.auth.ldap if auth.method == "ldap" else client.auth.userpass
    name = _needed(auth.username, f"{auth.key}.username")
    return method.login(name, password=password, mount_point=auth.mount or auth.method)


def _cert(client: hvac.Client, auth: Auth) -> object:
    """Log in with the session's client certificate; hvac's own method would build a new session."""
    if not client.session.cert:
        key = auth.key.removesuffix(".auth")
        hint = f"set {key}.client_cert and {key}.client_key"
        raise ConfigError(f"{key}.client_cert is missing", hint=hint)
    body = {"name": auth.role} if auth.role else {}
    return client.adapter.login(f"/v1/auth/{auth.mount or 'cert'}/login", json=body)


def _aws(client: hvac.Client, auth: Auth) -> object:
    """Log in with a signed STS GetCallerIdentity request, by the keys of the AWS chain."""
    from credhelper.secrets import (
        aws_session,  # boto3 costs 105 ms, which other logins need not pay
    )

    keys = aws_session.open_session(profile="", region=auth.region).get_credentials()
    if keys is None:
        msg = "there are no AWS credentials for the Vault login"
        raise DeniedError(msg, hint="give credentials by AWS_PROFILE, a role, or `aws configure`")
    frozen = keys.get_frozen_credentials()
    for each in (frozen.secret_key, frozen.token):
        redaction.hide(each or "")
    return client.auth.aws.iam_login(
        *(frozen.access_key, frozen.secret_key, frozen.token),
        header_value=auth.server_id or None,
        role=auth.role or None,
        region=auth.region,
        mount_point=auth.mount or "aws",
    )


LOGINS: dict[str, Callable[[hvac.Client, Auth], object]] = {
    "token": _token,
    "none": _none,
    "approle": _approle,
    "kubernetes": _kubernetes,
    "jwt": _jwt,
    "userpass": _password,
    "ldap": _password,
    "cert": _cert,
    "aws": _aws,
}
