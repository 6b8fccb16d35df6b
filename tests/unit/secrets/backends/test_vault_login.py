"""Ways to log in to Vault, against a real OpenBao.

Two logins meet a stub that checks what it is sent: OpenBao ships neither an LDAP nor an AWS plugin.
"""

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from credhelper.errors import (
    ConfigError,
    DeniedError,
)
from tests.support.servers.jwt import public_pem, signed
from tests.support.servers.openbao import Asked, Certificates, OpenBao, Reply
from tests.unit.secrets.backends.bao import (
    VALUE,
    Environ,
    StartStub,
    as_root,
    fake_vault,
    file_ref,
    read,
    refused,
    store,
    store_for_role,
)

pytestmark = [pytest.mark.xdist_group("openbao"), pytest.mark.usefixtures("quick")]


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
    assert "profiles.t.vault.auth.jwt is missing" in outside  # there is no pod's token here


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
        assert " is not trusted" in line
    assert read(f"{path}#k", {**settings, "ca": certificates.ca}) == VALUE
    clean_environ("VAULT_CACERT", certificates.ca)
    assert read(f"{path}#k", settings) == VALUE


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


@pytest.mark.parametrize(
    ("auth", "told"),
    [
        ({"method": "approle"}, "profiles.t.vault.auth.role_id is missing"),
        ({"method": "userpass", "password": "env:P"}, "profiles.t.vault.auth.username is missing"),
        ({"method": "ldap", "password": "env:P"}, "profiles.t.vault.auth.username is missing"),
        ({"method": "kubernetes", "jwt": "env:P"}, "profiles.t.vault.auth.role is missing"),
    ],
)
def test_what_a_login_needs(
    clean_environ: Environ, stub: StartStub, auth: object, told: str
) -> None:
    """It is named before anything is sent: a server answers such a login in many ways."""
    clean_environ("P", "pass-12")
    vault = stub(lambda _asked: Reply())
    assert told in refused(ConfigError, "secret/app#k", {"address": vault.url, "auth": auth})
    assert vault.asked == []


@pytest.mark.parametrize(
    ("mount", "told"),
    [
        (
            "nowhere",
            "check in profiles.t.vault.auth the mount (nowhere), the role or user, and its secret",
        ),
        ("auth/userpass", "leave `auth/` out of profiles.t.vault.auth.mount"),
    ],
)
def test_a_login_that_is_refused(
    openbao: OpenBao, clean_environ: Environ, mount: str, told: str
) -> None:
    """What to do is about the login, and not about the secret's path."""
    clean_environ("P", "pass-12")
    auth = {"method": "userpass", "mount": mount, "username": "bob", "password": "env:P"}
    line = refused(DeniedError, "secret/app#k", {"address": openbao.address, "auth": auth})
    assert f"refuses the userpass login (403); {told}" in line
