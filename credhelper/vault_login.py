"""Ways to log in to Vault: `auth = { method = "approle", … }` of `[profiles.NAME.vault]`."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

import hvac

from credhelper import table
from credhelper.errors import ConfigError, DeniedError
from credhelper.secret import Secret, SecretRef

_REFERENCE = {"parse": SecretRef.parse}


@dataclass(frozen=True)
class Auth:
    """How we log in; `secret_id`, `token`, `jwt` and `password` are references."""

    method: str = "token"
    """`token`, `approle`, `kubernetes`, `jwt`, `userpass`, `ldap`, `cert` or `aws`;
    default `token`"""
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
    """secret id of `approle`: a reference; default none"""
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
    auth = table.parse(Auth, value, key=key)
    if auth.method not in LOGINS:
        raise ConfigError(f"{key}.method is unknown", hint=table.nearest(auth.method, list(LOGINS)))
    return auth


def variable(name: str) -> str:
    """Return the value of `VAULT_NAME`, else of `BAO_NAME`, else ""."""
    return os.environ.get(f"VAULT_{name}") or os.environ.get(f"BAO_{name}") or ""


def _reveal(secret: Secret | None, key: str) -> str:
    if secret is None:
        raise ConfigError(f"vault.auth.{key} is missing", hint='add it, e.g. "file:/run/secrets/x"')
    return secret.reveal()


def _token(client: hvac.Client, auth: Auth) -> object:
    """Use a token as it is: a reference, VAULT_TOKEN, or the file that `vault login` writes."""
    token = auth.token.reveal() if auth.token else variable("TOKEN")
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


def _password(client: hvac.Client, auth: Auth) -> object:
    """Log in as a user; Vault's userpass and ldap differ in their mount alone."""
    password = _reveal(auth.password, "password")
    method = client.auth.ldap if auth.method == "ldap" else client.auth.userpass
    return method.login(auth.username, password=password, mount_point=auth.mount or auth.method)


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
    "userpass": _password,
    "ldap": _password,
    "cert": _cert,
    "aws": _aws,
}
