"""Faults of a profile, planted one at a time, and what `check` must say of each."""

import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

from tests.support import canary
from tests.support.scene import Scene
from tests.support.servers.aws import KEYS
from tests.support.servers.scripted import Behaviour, Kind, answer, grant

NEVER_SHOWN = [
    KEYS["AWS_SECRET_ACCESS_KEY"],
    *("canary-wrong-role-secret", canary.PROXY_PASSWORD, "canary-scripted-token"),
]


@dataclass(frozen=True)
class Fault:
    """One fault: where the secret lives, how it is planted, and the first failure it brings."""

    backend: str
    plant: Callable[[Scene], object]
    step: str
    status: int
    problem: str
    hint: str


def wrong_role(scene: Scene) -> None:
    """Log in as an AppRole that is there, with a secret id that is not its."""
    mount = scene.openbao.enable("approle")
    scene.openbao.ask("POST", f"auth/{mount}/role/app", {})
    role = scene.openbao.ask("GET", f"auth/{mount}/role/app/role-id")["data"]["role_id"]
    scene.box.environ["ROLE_SECRET"] = "canary-wrong-role-secret"
    words = f'method = "approle", mount = "{mount}", role_id = "{role}"'
    scene.table["auth"] = f'{{ {words}, secret_id = "env:ROLE_SECRET" }}'


def new_token(scene: Scene, **settings: object) -> str:
    """Let a new Vault token be used, of the default policy if no other is set; return it."""
    body: dict[str, object] = {"policies": ["default"], **settings}
    made = scene.openbao.ask("POST", "auth/token/create", body)["auth"]["client_token"]
    scene.box.environ["VAULT_TOKEN"] = made
    return made


def revoked_token(scene: Scene) -> None:
    """Use a token that was good once."""
    body: dict[str, object] = {"token": new_token(scene)}
    scene.openbao.ask("POST", "auth/token/revoke", body)


def expired_token(scene: Scene) -> None:
    """Use a token after its life."""
    new_token(scene, ttl="1s", explicit_max_ttl="1s")
    time.sleep(1.5)


def sealed(scene: Scene) -> None:
    """Ask a Vault that is sealed."""
    bao = scene.fixture("openbao_sealed")
    scene.table = {"address": bao.address, "ca": bao.ca}
    scene.box.environ["VAULT_TOKEN"] = bao.token


def wrong_vault_ca(scene: Scene) -> None:
    """Trust another authority than Vault's."""
    bao = scene.fixture("openbao_tls")
    scene.table = {"address": bao.address, "ca": scene.fixture("certificates").other_ca}


def no_aws_keys(scene: Scene) -> None:
    """Take AWS's credentials away."""
    for name in KEYS:
        del scene.box.environ[name]


def ask_scripted(scene: Scene, behaviour: Behaviour, kind: Kind = "trusted") -> None:
    """Let a scripted server be the token endpoint."""
    server = scene.scripted(behaviour, kind=kind)
    scene.keys |= {"token_url": server.url, "ca": server.ca}


def set_clock(scene: Scene, ahead_s: float) -> None:
    """Let the token endpoint's clock be ahead of ours."""
    document = {"access_token": "canary-scripted-token", "token_type": "Bearer"}
    date = formatdate(time.time() + ahead_s, usegmt=True)
    ask_scripted(scene, answer(200, json.dumps(document), Date=date))


def behind_proxy(scene: Scene, port: int) -> None:
    """Let the endpoint be another machine's, by way of a proxy with a password."""
    scene.keys["token_url"] = "https://idp.example/token"
    scene.keys["proxy"] = f"http://user:{canary.PROXY_PASSWORD}@127.0.0.1:{port}"


def free_port() -> int:
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def accepts(scene: Scene, method: str) -> None:
    """Let the authorization server take one client authentication, and the profile use the other.

    The server lives on, so the setting is the test's alone.
    """
    methods = ["client_secret_basic", "client_secret_post"]
    monkeypatch = scene.fixture("monkeypatch")
    monkeypatch.setattr(scene.authorization, "methods", (method,))
    scene.keys["client_auth"] = methods[1 - methods.index(method)]


def folder_for_config(path: Path) -> None:
    """Put what nobody can read, not even root, where the config file was."""
    path.unlink()
    path.mkdir()


def cache_of_another(scene: Scene) -> None:
    """Keep the cache in another user's folder."""
    folder = "/usr"  # root's
    if os.geteuid() == 0:
        folder = str(scene.box.home / "others")
        os.mkdir(folder)
        os.chown(folder, 12345, 12345)
    scene.box.environ["CREDHELPER_CACHE_DIR"] = folder


def cache_for_all(scene: Scene) -> None:
    """Let everybody write the cache directory."""
    scene.box.cache.mkdir(parents=True)
    scene.box.cache.chmod(0o777)


def keys(**values: str) -> Callable[[Scene], None]:
    """Return the setting of some keys of the profile."""
    return lambda scene: scene.keys.update(values)


def fewer_scopes(scene: Scene) -> None:
    """Ask for two scopes and be granted one."""
    scene.keys["scope"] = "a b"
    ask_scripted(scene, grant(scope="a", access_token="canary-scripted-token"))


def last(act: Callable[[Path], object]) -> Callable[[Scene], None]:
    """Return what does something to the config file once it is written."""
    return lambda scene: setattr(scene, "last", act)


FAULTS = {
    "wrong AppRole": Fault("vault", wrong_role, "identity", 77, "approle login", "its secret"),
    "revoked token": Fault(
        "vault", revoked_token, "identity", 77, "the token of VAULT_TOKEN", "may have ended"
    ),
    "expired token": Fault(
        "vault", expired_token, "identity", 77, "the token of VAULT_TOKEN", "may have ended"
    ),
    "sealed": Fault("vault", sealed, "identity", 75, "is sealed", "unseal it"),
    "wrong CA of Vault": Fault(
        "vault", wrong_vault_ca, "identity", 78, "unknown authority", ".ca to the authority"),
    "no policy": Fault("vault", new_token, "secret", 77, "no mount of", "policy read the path"),
    "path typo": Fault(
        "vault", lambda s: s.refer(f"secret/{s.path}x#s"), "secret", 78,
        "shows nothing at secret/", "check path"),
    "field typo": Fault(
        "vault", lambda s: s.refer(f"secret/{s.path}#t"), "secret", 78,
        "has no field t", "the part after #"),
    "deleted in Vault": Fault(
        "vault", lambda s: s.openbao.ask("DELETE", f"secret/data/{s.path}"), "secret", 78,
        "was deleted", "undelete"),
    "wrong region": Fault(
        "aws", lambda s: s.table.update(region="us-west-2"), "secret", 78,
        "in us-west-2", "region"),
    "no AWS credentials": Fault(
        "aws", no_aws_keys, "identity", 77, "no AWS credentials", "AWS_PROFILE"),
    "deleted in AWS": Fault(
        "aws", lambda s: s.aws.client("secretsmanager").delete_secret(SecretId=s.path),
        "secret", 77, "refuses the secret", "scheduled for deletion"),
    "JSON field typo": Fault(
        "aws", lambda s: s.refer(f"{s.path}#t"), "secret", 78, "has no field t", "after #"),
    "no variable": Fault(
        "env", lambda s: s.box.environ.pop("CLIENT_SECRET"), "secret", 78,
        "CLIENT_SECRET is not set", "set CLIENT_SECRET"),
    "no file": Fault(
        "file", lambda s: s.refer("/nowhere/at/all"), "secret", 78, "is no file", "reference"),
    "clock": Fault(
        "env", lambda s: set_clock(s, 600), "clock", 78, "s behind the server", "timedatectl"),
    "wrong CA": Fault(
        "env", lambda s: s.keys.update(ca=s.fixture("certificates").other_ca), "connection", 78,
        "unknown authority", "set profiles.p.ca to"),
    "untrusted": Fault(
        "env", lambda s: s.keys.pop("ca"), "connection", 78,
        "not trusted", "set profiles.p.ca to"),
    "expired": Fault(
        "env", lambda s: ask_scripted(s, grant(), "expired"), "connection", 78,
        "has expired", "replace the server's"),
    "wrong proxy": Fault(
        "env", lambda s: behind_proxy(s, free_port()), "proxy", 75,
        "does not answer", "correct profiles.p.proxy"),
    "proxy wants a password": Fault(
        "env", lambda s: behind_proxy(s, s.scripted(answer(407), kind="").port), "connection", 78,
        "user and password (407)", "the proxy's user and password"),
    "wrong scope": Fault(
        "env", keys(scope="nope"), "exchange", 78, "invalid_scope", "add the scope `nope`"),
    "fewer scopes": Fault(
        "env", fewer_scopes, "scopes", 77, "not granted: b", "add the scope `b`"),
    "wrong secret": Fault(
        "env", lambda s: s.box.environ.update(CLIENT_SECRET="canary-wrong"), "exchange", 77,
        "invalid_client", "the secret at env:CLIENT_SECRET"),
    "Basic unwanted": Fault(
        "env", lambda s: accepts(s, "client_secret_post"), "exchange", 77,
        "invalid_client", 'client_auth to "client_secret_post"'),
    "Basic wanted": Fault(
        "env", lambda s: accepts(s, "client_secret_basic"), "exchange", 77,
        "invalid_client", 'client_auth to "client_secret_basic"'),
    "unreadable config": Fault(
        "env", last(folder_for_config), "config", 78, "cannot be read", "owner and mode"),
    "config for all": Fault(
        "env", last(lambda path: path.chmod(0o622)), "config", 78, "others may write", "go-w"),
    "unknown key": Fault("env", keys(scpoe="api"), "config", 78, "scpoe is not a key", "`scope`"),
    "unknown key of a backend": Fault(
        "vault", lambda s: s.table.update(adress="x"), "reference", 78,
        "adress is not a key", "`address`"),
    "endpoint typo": Fault(
        "env", lambda s: s.keys.update(token_url=s.authorization.url + "s"), "exchange", 78,
        "answered 404", "correct the path"),
    "a portal's page": Fault(
        "env", lambda s: ask_scripted(s, answer(200, "<html>")), "exchange", 76,
        "something else than JSON", "captive portal"),
    "unknown host": Fault(
        "env", keys(token_url="https://nonexistent.invalid/token"), "name", 0,
        "nonexistent.invalid", "correct profiles.p.token_url"),
    "endpoint down": Fault(
        "env", lambda s: s.keys.update(token_url=f"https://127.0.0.1:{free_port()}/t"),
        "connection", 75, "refuses connections", "correct profiles.p.token_url"),
    "another's cache": Fault(
        "env", cache_of_another, "cache", 74, "belongs to another user", "CREDHELPER_CACHE_DIR"),
    "cache for all": Fault("env", cache_for_all, "cache", 74, "others may write", "chmod go-w"),
}  # fmt: skip
