"""The Vault backend against a real OpenBao.

Two logins meet a stub that checks what it is sent: OpenBao ships neither an LDAP nor an AWS plugin.
"""

import base64
import hashlib
import hmac
import json
import re
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from credhelper import secret, transport
from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.secret import SecretRef
from tests.backends import contract
from tests.conftest import Box
from tests.servers.jwt import public_pem, signed
from tests.servers.openbao import Asked, Certificates, OpenBao, Reply, Stub

pytestmark = pytest.mark.xdist_group("openbao")

Environ = Callable[[str, str], None]
StartStub = Callable[[Callable[[Asked], Reply]], Stub]
VALUE = "the-client-secret-5e1f"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, clean_environ: Environ) -> None:
    """Retry at once, in an environment without anyone's Vault."""
    monkeypatch.setattr(transport, "BACKOFF_BASE_S", 0.01)


def read(reference: str, settings: dict[str, object]) -> str:
    """Return the secret, read as a profile would."""
    parsed = SecretRef.parse(f"vault:{reference}", "k")
    return secret.read(parsed, settings, key="profiles.t").reveal()


def refused(
    kind: type[CredhelperError], reference: str, settings: dict[str, object], *hidden: str
) -> str:
    """Return the one line of a refusal; nothing hidden may stand in it, its chain or its trace."""
    with pytest.raises(CredhelperError) as caught:
        read(reference, settings)
    error: BaseException | None = caught.value
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.line()
    while error is not None:  # also what `from None` only hides
        shown += repr(error) + str(error)
        error = error.__cause__ or error.__context__
    for text in (VALUE, *hidden):
        assert text not in shown
    assert type(caught.value) is kind, shown
    return caught.value.line()


def as_root(bao: OpenBao, clean_environ: Environ, **more: object) -> dict[str, object]:
    """Return settings that reach the server, with its root token in the environment."""
    clean_environ("VAULT_TOKEN", bao.token)
    return {"address": bao.address, **more}


def store(bao: OpenBao, version: int = 2, **values: object) -> str:
    """Store a secret in a new KV engine; return its path."""
    mount = bao.kv(version)
    fields: dict[str, object] = {"k": VALUE, **values}
    place = f"{mount}/data/app" if version == 2 else f"{mount}/app"
    bao.ask("POST", place, {"data": fields} if version == 2 else fields)
    return f"{mount}/app"


def store_for_role(bao: OpenBao) -> tuple[str, str]:
    """Store a secret; return its path and the policy that reads it alone."""
    path = store(bao)
    return path, bao.policy(path.replace("/app", "/data/app"))


def file_ref(folder: Path, text: str) -> str:
    """Return a reference to a new file with this text."""
    path = folder / "role-secret"
    path.write_text(text)
    return f"file:{path}"


# Finding the secret


@pytest.mark.parametrize("version", [1, 2])
def test_kv_version_is_asked(openbao: OpenBao, clean_environ: Environ, version: int) -> None:
    """The same reference reads KV 1 and KV 2: the server says which one the mount is."""
    path = store(openbao, version)
    assert read(f"{path}#k", as_root(openbao, clean_environ)) == VALUE


@pytest.mark.parametrize("version", [1, 2])
def test_mount_of_several_segments(openbao: OpenBao, clean_environ: Environ, version: int) -> None:
    """Where the mount ends and the path begins is the server's to say."""
    mount = openbao.kv(version, place="teams/red/")
    fields: dict[str, object] = {"k": VALUE}
    if version == 2:
        openbao.ask("POST", f"{mount}/data/a/b c", {"data": fields})
    else:
        openbao.ask("POST", f"{mount}/a/b c", fields)
    assert read(f"{mount}/a/b c#k", as_root(openbao, clean_environ)) == VALUE


@pytest.mark.parametrize("reference", ["{}?version=1#k", "{}#k?version=1"])
def test_pinned_version(openbao: OpenBao, clean_environ: Environ, reference: str) -> None:
    """A pinned version is read though there is a newer one; without a pin the newest is."""
    path = store(openbao)
    openbao.ask("POST", path.replace("/app", "/data/app"), {"data": {"k": "newer"}})
    settings = as_root(openbao, clean_environ)
    assert read(reference.format(path), settings) == VALUE
    assert read(f"{path}#k", settings) == "newer"


def test_pinned_version_of_kv_1(openbao: OpenBao, clean_environ: Environ) -> None:
    """KV 1 keeps no versions, so a pin is an error and not ignored."""
    path = store(openbao, 1)
    line = refused(ConfigError, f"{path}?version=1#k", as_root(openbao, clean_environ))
    assert "keeps no versions" in line


@pytest.mark.parametrize("query", ["version=x", "version=-1", "versoin=1"])
def test_query_that_is_no_version(openbao: OpenBao, clean_environ: Environ, query: str) -> None:
    """Whatever else stands after `?` is refused."""
    refused(ConfigError, f"secret/app?{query}#k", as_root(openbao, clean_environ))


def test_deleted_version(openbao: OpenBao, clean_environ: Environ) -> None:
    """A deleted version is told with its number and time; the version before is not read."""
    path = store(openbao)
    place = path.replace("/app", "/data/app")
    openbao.ask("POST", place, {"data": {"k": VALUE}})
    openbao.ask("DELETE", place)
    line = refused(ConfigError, f"{path}#k", as_root(openbao, clean_environ))
    today = time.strftime("%Y-%m-", time.gmtime())
    told = rf"version 2 of {path} at 127\.0\.0\.1 was deleted at {today}\d\dT\d\d:\d\d:\d\dZ;"
    assert re.search(told, line), line


def test_destroyed_version(openbao: OpenBao, clean_environ: Environ) -> None:
    """A destroyed version is told from a deleted one."""
    path = store(openbao)
    openbao.ask("POST", path.replace("/app", "/destroy/app"), {"versions": [1]})
    line = refused(ConfigError, f"{path}#k", as_root(openbao, clean_environ))
    assert f"version 1 of {path} at 127.0.0.1 is destroyed" in line


@pytest.mark.parametrize("version", [1, 2])
def test_missing_path(openbao: OpenBao, clean_environ: Environ, version: int) -> None:
    """Nothing at a path is the config's fault."""
    path = store(openbao, version)
    line = refused(ConfigError, f"{path}-not#k", as_root(openbao, clean_environ))
    assert f"shows nothing at {path}-not" in line


def test_missing_version(openbao: OpenBao, clean_environ: Environ) -> None:
    """A version that never was is no older one."""
    path = store(openbao)
    refused(ConfigError, f"{path}?version=9#k", as_root(openbao, clean_environ))


def test_missing_mount(openbao: OpenBao, clean_environ: Environ) -> None:
    """A mount that is not there looks like a missing right: Vault does not tell them apart."""
    line = refused(DeniedError, "nowhere/app#k", as_root(openbao, clean_environ))
    assert "refuses nowhere/app" in line


def test_mount_of_another_kind(openbao: OpenBao, clean_environ: Environ) -> None:
    """A path in another engine is refused before it is read."""
    line = refused(ConfigError, "cubbyhole/app#k", as_root(openbao, clean_environ))
    assert "cubbyhole/ is no KV mount" in line


@pytest.mark.parametrize("field", ["other", "number", "list", "null"])
def test_unfit_field(openbao: OpenBao, clean_environ: Environ, field: str) -> None:
    """A field that is missing or no text is named, and its value is not shown."""
    path = store(openbao, number=12345678, list=["hidden-item"], null=None)
    settings = as_root(openbao, clean_environ)
    line = refused(ConfigError, f"{path}#{field}", settings, "12345678", "hidden-item")
    assert f"has no text field {field}" in line


@pytest.mark.parametrize("reference", ["secret/app", "secret/app#", "secret/../sys/mounts#k"])
def test_unfit_reference(openbao: OpenBao, clean_environ: Environ, reference: str) -> None:
    """A reference needs a field, and may not climb out of its mount."""
    line = refused(ConfigError, reference, as_root(openbao, clean_environ))
    assert "write vault:MOUNT/PATH#FIELD" in line


@pytest.mark.parametrize("by", ["settings", "VAULT_NAMESPACE", "BAO_NAMESPACE", "path"])
def test_namespace(openbao: OpenBao, clean_environ: Environ, by: str) -> None:
    """A namespace is given by the settings, the environment, or as the path's beginning."""
    team = f"team-{by.lower().replace('_', '-')}"
    openbao.ask("POST", f"sys/namespaces/{team}")
    mount = openbao.kv(2, namespace=team)
    openbao.ask("POST", f"{mount}/data/app", {"data": {"k": VALUE}}, team)
    settings = as_root(openbao, clean_environ)
    refused(DeniedError, f"{mount}/app#k", settings)
    if by == "settings":
        settings["namespace"] = team
    elif by != "path":
        clean_environ(by, team)
    path = f"{team}/{mount}" if by == "path" else mount
    assert read(f"{path}/app#k", settings) == VALUE


# Logging in


@pytest.mark.parametrize("prefix", ["VAULT", "BAO"])
def test_environment_alone(openbao: OpenBao, clean_environ: Environ, prefix: str) -> None:
    """Address and token come from Vault's variables, or OpenBao's."""
    path = store(openbao)
    clean_environ(f"{prefix}_ADDR", openbao.address)
    clean_environ(f"{prefix}_TOKEN", openbao.token)
    assert read(f"{path}#k", {}) == VALUE


def test_token_of_vault_login(openbao: OpenBao, clean_environ: Environ, tmp_path: Path) -> None:
    """Without a variable the token is the one that `vault login` left behind."""
    path = store(openbao)
    (tmp_path / ".vault-token").write_text(openbao.token + "\n")
    assert read(f"{path}#k", {"address": openbao.address}) == VALUE


@pytest.mark.parametrize("kind", ["file", "env"])
def test_token_reference(
    openbao: OpenBao, clean_environ: Environ, tmp_path: Path, kind: str
) -> None:
    """A token that the settings refer to goes before the environment's."""
    path = store(openbao)
    clean_environ("VAULT_TOKEN", "another-token")
    clean_environ("MY_TOKEN", openbao.token)
    token = file_ref(tmp_path, openbao.token) if kind == "file" else "env:MY_TOKEN"
    assert read(f"{path}#k", {"address": openbao.address, "auth": {"token": token}}) == VALUE


def test_no_token(openbao: OpenBao) -> None:
    """With no token anywhere a human must act."""
    line = refused(DeniedError, "secret/app#k", {"address": openbao.address})
    assert "vault login" in line


@pytest.mark.parametrize("place", ["", "teams/"])
def test_approle(openbao: OpenBao, tmp_path: Path, place: str) -> None:
    """An AppRole logs in with its secret id from a file; a wrong one is denied."""
    path, policy = store_for_role(openbao)
    mount = openbao.enable("approle", place)
    role = f"auth/{mount}/role/app"
    openbao.ask("POST", role, {"token_policies": policy})
    role_id = openbao.ask("GET", f"{role}/role-id")["data"]["role_id"]
    secret_id = openbao.ask("POST", f"{role}/secret-id")["data"]["secret_id"]
    auth = {"method": "approle", "mount": mount, "role_id": role_id}
    right = {**auth, "secret_id": file_ref(tmp_path, secret_id)}
    assert read(f"{path}#k", {"address": openbao.address, "auth": right}) == VALUE
    wrong = {**auth, "secret_id": file_ref(tmp_path, "wrong-secret-id")}
    settings: dict[str, object] = {"address": openbao.address, "auth": wrong}
    line = refused(DeniedError, f"{path}#k", settings, "wrong-secret-id", secret_id)
    assert "refuses the approle login (400)" in line


def test_userpass(openbao: OpenBao, clean_environ: Environ) -> None:
    """A user logs in with a password from the environment; a wrong one is denied."""
    path, policy = store_for_role(openbao)
    mount = openbao.enable("userpass")
    user: dict[str, object] = {"password": "pass-9d2c", "token_policies": policy}
    openbao.ask("POST", f"auth/{mount}/users/bob", user)
    auth = {"method": "userpass", "mount": mount, "username": "bob", "password": "env:P"}
    settings: dict[str, object] = {"address": openbao.address, "auth": auth}
    clean_environ("P", "pass-9d2c")
    assert read(f"{path}#k", settings) == VALUE
    clean_environ("P", "pass-wrong")
    refused(DeniedError, f"{path}#k", settings, "pass-wrong", "pass-9d2c")


@pytest.fixture(scope="module")
def signer() -> rsa.RSAPrivateKey:
    """Return the key that signs JWTs."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_jwt(openbao: OpenBao, signer: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    """A signed JWT logs in; one for another subject is denied and not shown."""
    path, policy = store_for_role(openbao)
    mount = openbao.enable("jwt")
    keys: dict[str, object] = {"jwt_validation_pubkeys": [public_pem(signer)]}
    openbao.ask("POST", f"auth/{mount}/config", keys)
    role: dict[str, object] = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["bao"]}
    bound = {**role, "bound_subject": "ci", "token_policies": [policy]}
    openbao.ask("POST", f"auth/{mount}/role/ci", bound)
    auth = {"method": "jwt", "mount": mount, "role": "ci"}
    right = {**auth, "jwt": file_ref(tmp_path, signed(signer, sub="ci", aud="bao"))}
    assert read(f"{path}#k", {"address": openbao.address, "auth": right}) == VALUE
    jwt = signed(signer, sub="other", aud="bao")
    settings: dict[str, object] = {
        "address": openbao.address,
        "auth": {**auth, "jwt": file_ref(tmp_path, jwt)},
    }
    refused(DeniedError, f"{path}#k", settings, jwt)


def test_kubernetes(
    openbao: OpenBao,
    certificates: Certificates,
    signer: rsa.RSAPrivateKey,
    tmp_path: Path,
    stub: StartStub,
) -> None:
    """A service account's token logs in; OpenBao has it reviewed by the Kubernetes API."""
    jwt = signed(
        signer,
        sub="system:serviceaccount:apps:web",
        iss="kubernetes/serviceaccount",
        **{"kubernetes.io": {"namespace": "apps", "serviceaccount": {"name": "web", "uid": "u1"}}},
    )

    def review(asked: Asked) -> Reply:
        known = json.loads(asked.body)["spec"]["token"] == jwt
        user = {"username": "system:serviceaccount:apps:web", "uid": "u1", "groups": []}
        status = {"authenticated": True, "user": user} if known else {"authenticated": False}
        kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview"}
        return Reply(201, json.dumps({**kind, "status": status}))

    api = stub(review)
    path, policy = store_for_role(openbao)
    mount = openbao.enable("kubernetes")
    config: dict[str, object] = {
        "kubernetes_host": api.url,
        "disable_local_ca_jwt": True,
        "kubernetes_ca_cert": Path(
            certificates.ca
        ).read_text(),  # required, though the stub is http
        "token_reviewer_jwt": signed(signer, sub="reviewer"),
    }
    openbao.ask("POST", f"auth/{mount}/config", config)
    names = {"bound_service_account_names": "web", "bound_service_account_namespaces": "apps"}
    openbao.ask("POST", f"auth/{mount}/role/web", {**names, "token_policies": policy})
    auth = {"method": "kubernetes", "mount": mount, "role": "web"}
    settings: dict[str, object] = {
        "address": openbao.address,
        "auth": {**auth, "jwt": file_ref(tmp_path, jwt)},
    }
    assert read(f"{path}#k", settings) == VALUE
    assert [asked.path for asked in api.asked] == ["/apis/authentication.k8s.io/v1/tokenreviews"]
    outside = refused(ConfigError, f"{path}#k", {"address": openbao.address, "auth": auth})
    assert "vault.auth.jwt is missing" in outside  # there is no pod's token here


def test_certificate(openbao_tls: OpenBao, certificates: Certificates, tmp_path: Path) -> None:
    """A client certificate logs in over TLS whose roots are the settings' own."""
    path, policy = store_for_role(openbao_tls)
    mount = openbao_tls.enable("cert")
    authority = Path(certificates.ca).read_text()
    entry: dict[str, object] = {"certificate": authority, "token_policies": policy}
    openbao_tls.ask("POST", f"auth/{mount}/certs/app", entry)
    settings: dict[str, object] = {
        "address": openbao_tls.address,
        "ca": certificates.ca,
        "auth": {"method": "cert", "mount": mount, "role": "app"},
    }
    pair = {"client_cert": certificates.client_cert, "client_key": certificates.client_key}
    assert read(f"{path}#k", {**settings, **pair}) == VALUE
    assert "client_cert is missing" in refused(ConfigError, f"{path}#k", settings)


def test_custom_ca(
    openbao_tls: OpenBao, certificates: Certificates, clean_environ: Environ
) -> None:
    """`ca` and VAULT_CACERT make a private authority trusted; no login without."""
    path = store(openbao_tls)
    settings = as_root(openbao_tls, clean_environ)
    for untrusted in (settings, {**settings, "ca": certificates.other_ca}):
        line = refused(ConfigError, f"{path}#k", untrusted, openbao_tls.token)
        assert "127.0.0.1 is not trusted" in line
    assert read(f"{path}#k", {**settings, "ca": certificates.ca}) == VALUE
    clean_environ("VAULT_CACERT", certificates.ca)
    assert read(f"{path}#k", settings) == VALUE


def fake_vault(login: str, check: Callable[[Asked], bool]) -> Callable[[Asked], Reply]:
    """Return a Vault of one secret and one login, which `check` grants."""
    mount = {"path": "secret/", "type": "kv", "options": {"version": "1"}}

    def answer(asked: Asked) -> Reply:
        if asked.path == login:
            granted = check(asked)
            body = {"auth": {"client_token": "granted"}} if granted else {"errors": ["no"]}
            return Reply(200 if granted else 403, json.dumps(body))
        if asked.headers.get("X-Vault-Token") != "granted":
            return Reply(403)
        data = mount if "/ui/mounts/" in asked.path else {"k": VALUE}
        return Reply(200, json.dumps({"data": data}))

    return answer


def test_ldap(clean_environ: Environ, stub: StartStub) -> None:
    """An LDAP user's name goes in the path, the password in the body."""
    vault = stub(
        fake_vault(
            "/v1/auth/ldap/login/bob", lambda asked: json.loads(asked.body)["password"] == "pass-77"
        )
    )
    auth = {"method": "ldap", "username": "bob", "password": "env:P"}
    clean_environ("P", "pass-77")
    assert read("secret/app#k", {"address": vault.url, "auth": auth}) == VALUE
    clean_environ("P", "pass-78")
    refused(DeniedError, "secret/app#k", {"address": vault.url, "auth": auth}, "pass-78")


def is_signed_identity_request(asked: Asked, key: str, hidden: str, region: str) -> bool:
    """Return whether a login carries an STS GetCallerIdentity, signed by SigV4 with the key."""
    login = json.loads(asked.body)

    def part(name: str) -> str:
        return base64.b64decode(login[f"iam_{name}"]).decode()

    headers = {
        name.lower(): value[0] for name, value in json.loads(part("request_headers")).items()
    }
    body = part("request_body")
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
        headers["authorization"],
    )
    assert found
    moment = headers["x-amz-date"]
    scope = f"{moment[:8]}/{region}/sts/aws4_request"
    canonical = "".join(f"{name}:{headers[name]}\n" for name in found[2].split(";"))
    digest = hashlib.sha256(body.encode()).hexdigest()
    request = f"POST\n/\n\n{canonical}\n{found[2]}\n{digest}"
    signature = f"AWS4{hidden}".encode()
    for step in scope.split("/"):
        signature = hmac.digest(signature, step.encode(), "sha256")
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashed}"
    return (
        login["iam_http_request_method"] == "POST"
        and part("request_url") == "https://sts.amazonaws.com/"
        and parse_qs(body)["Action"] == ["GetCallerIdentity"]
        and headers["x-vault-aws-iam-server-id"] == "vault.test"
        and login["role"] == "app"
        and found[1] == f"{key}/{scope}"
        and found[3] == hmac.new(signature, text.encode(), "sha256").hexdigest()
        and hidden not in asked.body.decode()
    )


# hvac signs with the time of utcnow, which Python 3.12 deprecates.
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_aws(clean_environ: Environ, stub: StartStub) -> None:
    """AWS keys sign an STS request for Vault to send; the secret key itself stays here."""
    key, hidden = "AKIAIOSFODNN7EXAMPLE", "aws-secret-key-0f3a"
    clean_environ("AWS_ACCESS_KEY_ID", key)
    clean_environ("AWS_SECRET_ACCESS_KEY", hidden)
    clean_environ("CREDHELPER_CHAIN", "")  # which the login lengthens, and the test must undo
    vault = stub(
        fake_vault(
            "/v1/auth/aws/login",
            lambda asked: is_signed_identity_request(asked, key, hidden, "us-east-1"),
        )
    )
    auth = {"method": "aws", "role": "app", "server_id": "vault.test"}
    assert read("secret/app#k", {"address": vault.url, "auth": auth}) == VALUE
    clean_environ("AWS_SECRET_ACCESS_KEY", "another-key-77")
    refused(
        DeniedError, "secret/app#k", {"address": vault.url, "auth": auth}, "another-key-77", hidden
    )


# What goes wrong


def test_wrong_token(openbao: OpenBao, clean_environ: Environ) -> None:
    """An unknown token is denied and not shown."""
    path = store(openbao)
    clean_environ("VAULT_TOKEN", "s.wrong-token-44")
    line = refused(DeniedError, f"{path}#k", {"address": openbao.address}, "s.wrong-token-44")
    assert "(403)" in line
    assert "renew the Vault token" in line


@pytest.mark.parametrize("token", ["with\nbreak-44", "nicht-ä-44"])
def test_unfit_token(openbao: OpenBao, clean_environ: Environ, token: str) -> None:
    """A token that no header can carry is refused before it is sent, and not shown."""
    clean_environ("VAULT_TOKEN", token)
    line = refused(DeniedError, "secret/app#k", {"address": openbao.address}, token)
    assert "there is no usable Vault token" in line


def test_revoked_token(openbao: OpenBao, clean_environ: Environ) -> None:
    """A token that worked is denied once it has ended."""
    path, policy = store_for_role(openbao)
    made = openbao.ask("POST", "auth/token/create", {"policies": [policy]})
    token = made["auth"]["client_token"]
    clean_environ("VAULT_TOKEN", token)
    assert read(f"{path}#k", {"address": openbao.address}) == VALUE
    openbao.ask("POST", "auth/token/revoke", {"token": token})
    refused(DeniedError, f"{path}#k", {"address": openbao.address}, token)


def test_policy_that_lacks(openbao: OpenBao, clean_environ: Environ) -> None:
    """A token without the right is denied, on the mount and on the path."""
    path = store(openbao)
    sibling = openbao.policy(path.replace("/app", "/data/other"))
    for rights in (["default"], [sibling]):
        made = openbao.ask("POST", "auth/token/create", {"policies": rights})
        token = made["auth"]["client_token"]
        clean_environ("VAULT_TOKEN", token)
        line = refused(DeniedError, f"{path}#k", {"address": openbao.address}, token)
        assert f"refuses {path} (403)" in line


def test_login_at_no_mount(openbao: OpenBao, clean_environ: Environ) -> None:
    """A login where no method is mounted is denied."""
    clean_environ("P", "pass-12")
    auth = {"method": "userpass", "mount": "nowhere", "username": "bob", "password": "env:P"}
    refused(DeniedError, "secret/app#k", {"address": openbao.address, "auth": auth}, "pass-12")


@pytest.mark.parametrize("method", ["token", "approle"])
def test_sealed(
    openbao_sealed: OpenBao, certificates: Certificates, clean_environ: Environ, method: str
) -> None:
    """A sealed server is worth another try, and is called sealed."""
    settings = as_root(openbao_sealed, clean_environ, ca=certificates.ca)
    settings["auth"] = {"method": method}
    line = refused(TemporaryError, "secret/app#k", settings, openbao_sealed.token)
    assert line == "credhelper: temporary: Vault at 127.0.0.1 is sealed; unseal it"


@pytest.mark.parametrize("status", [412, 429, 472, 473, 500, 502])
def test_passing_states(clean_environ: Environ, stub: StartStub, status: int) -> None:
    """A state that passes is tried three times; the server's words stay out of the message."""
    clean_environ("VAULT_TOKEN", "token-31")
    vault = stub(lambda _asked: Reply(status, '{"errors": ["inner words"]}'))
    line = refused(
        TemporaryError, "secret/app#k", {"address": vault.url}, "token-31", "inner words"
    )
    assert f"answered {status}" in line
    assert len(vault.asked) == 3


def test_redirect(clean_environ: Environ, stub: StartStub) -> None:
    """A redirect to the active node is named and not followed: the token goes nowhere else."""
    clean_environ("VAULT_TOKEN", "token-31")
    target = stub(lambda _asked: Reply())
    moved = target.url.replace("127.0.0.1", "localhost")
    vault = stub(lambda asked: Reply(307, headers={"Location": moved + asked.path}))
    line = refused(ConfigError, "secret/app#k", {"address": vault.url}, "token-31")
    assert "redirects to localhost" in line
    assert (len(vault.asked), len(target.asked)) == (1, 0)


@pytest.mark.parametrize("method", ["token", "userpass"])
@pytest.mark.parametrize("body", ["<html>", "[]", "null", '{"data": 1}', '{"auth": null}'])
def test_answer_that_is_not_vaults(
    clean_environ: Environ, stub: StartStub, body: str, method: str
) -> None:
    """What no Vault says, such as a captive portal's page, is a broken contract, asked for once."""
    clean_environ("VAULT_TOKEN", "token-31")
    clean_environ("PASSWORD", "token-31")
    vault = stub(lambda _asked: Reply(200, body))
    auth = {"method": method, "username": "bob", "password": "env:PASSWORD"}
    refused(ProtocolError, "secret/app#k", {"address": vault.url, "auth": auth}, "token-31")
    assert len(vault.asked) == 1


def test_login_answered_404(clean_environ: Environ, stub: StartStub) -> None:
    """A login that is not found (a proxy's path, say) is the config's fault."""
    clean_environ("VAULT_TOKEN", "token-31")
    vault = stub(lambda _asked: Reply(404))
    auth = {"method": "userpass", "username": "bob", "password": "env:PASSWORD"}
    refused(ConfigError, "secret/app#k", {"address": vault.url, "auth": auth}, "token-31")


def test_no_one_listens(openbao: OpenBao, clean_environ: Environ) -> None:
    """A server that is away is worth another try."""
    clean_environ("VAULT_TOKEN", "token-31")
    refused(TemporaryError, "secret/app#k", {"address": "http://127.0.0.1:1"}, "token-31")


# What the config gets wrong


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"adress": "x"}, "profiles.t.vault.adress is not a key; did you mean `address`?"),
        (
            {"auth": {"secretid": "x"}},
            "profiles.t.vault.auth.secretid is not a key; did you mean `secret_id`?",
        ),
        (
            {"auth": {"method": "aprole"}},
            "profiles.t.vault.auth.method is unknown; did you mean `approle`?",
        ),
        ({"auth": "approle"}, "profiles.t.vault.auth is not a table"),
        ({}, "no Vault address is set; set vault.address or VAULT_ADDR"),
        ({"address": "http://vault.test"}, "vault.address or VAULT_ADDR for vault.test"),
    ],
)
def test_unfit_settings(settings: dict[str, object], told: str) -> None:
    """A mistake in the settings names the key and the nearest right one."""
    assert told in refused(ConfigError, "secret/app#k", settings)


@pytest.mark.parametrize("key", ["secret_id", "token", "jwt", "password"])
@pytest.mark.parametrize("literal", ["3b1c5f0e-literal", "s:literal-99", "vault:x/literal#k"])
def test_literal_role_secret(openbao: OpenBao, key: str, literal: str) -> None:
    """A role secret is a reference to env or file; a literal one is refused and not shown."""
    settings: dict[str, object] = {"address": openbao.address, "auth": {key: literal}}
    assert key in refused(ConfigError, "secret/app#k", settings, literal)


@pytest.mark.parametrize("key", ["ca", "client_cert", "client_key"])
def test_missing_tls_file(clean_environ: Environ, stub: StartStub, key: str) -> None:
    """A certificate that is not there is named, before anything is sent."""
    clean_environ("VAULT_TOKEN", "token-31")
    vault = stub(lambda _asked: Reply())
    settings: dict[str, object] = {"address": vault.url, key: "/nowhere/x.pem"}
    line = refused(ConfigError, "secret/app#k", settings, "token-31")
    assert f"vault.{key} names no file; correct /nowhere/x.pem" in line
    assert vault.asked == []


# What every backend must do


@pytest.mark.parametrize("check", contract.CHECKS)
@pytest.mark.parametrize("version", [1, 2])
def test_contract(
    openbao: OpenBao,
    clean_environ: Environ,
    version: int,
    check: Callable[[contract.Case], None],
) -> None:
    """Vault's KV engines keep the contract of all backends."""
    path = store(openbao, version, number=7)
    case = contract.Case(
        good=f"vault:{path}#k",
        missing=f"vault:{path}-not#k",
        expected=VALUE,
        wrong=(f"vault:{path}#other", f"vault:{path}#number", f"vault:{path}"),
        settings=as_root(openbao, clean_environ),
    )
    check(case)


# The whole command


@pytest.fixture
def token_endpoint(stub: StartStub) -> Stub:
    """Return a token endpoint that grants whatever it is asked."""
    answer = {"access_token": "access-token-1", "token_type": "Bearer", "expires_in": 3600}
    return stub(lambda _asked: Reply(200, json.dumps(answer)))


def profile(endpoint: Stub, bao: OpenBao, path: str) -> str:
    """Return a config file whose client secret is in Vault."""
    return f"""
        default_profile = "t"
        [profiles.t]
        token_url = "{endpoint.url}/token"
        client_id = "app"
        client_auth = "client_secret_post"
        client_secret = "vault:{path}#k"
        [profiles.t.vault]
        address = "{bao.address}"
    """


def test_command(openbao: OpenBao, box: Box, token_endpoint: Stub) -> None:
    """The command exchanges the secret that OpenBao holds."""
    box.config(profile(token_endpoint, openbao, store(openbao)))
    box.environ["VAULT_TOKEN"] = openbao.token
    assert box.run("get").token() == "access-token-1"
    assert parse_qs(token_endpoint.asked[0].body.decode())["client_secret"] == [VALUE]


def test_command_denied(openbao: OpenBao, box: Box, token_endpoint: Stub) -> None:
    """A wrong token ends the command as denied, before the token endpoint hears of it."""
    box.config(profile(token_endpoint, openbao, store(openbao)))
    box.environ["VAULT_TOKEN"] = "s.wrong-token-44"
    line = box.run("get").refused(77)
    assert "s.wrong-token-44" not in line
    assert token_endpoint.asked == []
