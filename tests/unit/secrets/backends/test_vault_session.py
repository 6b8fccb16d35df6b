"""The end of a login to Vault, logins by an agent, and tokens that are there already."""

import json
import time
from pathlib import Path

import pytest

from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError, DeniedError, TemporaryError
from credhelper.secrets import secret
from credhelper.system import deadline
from tests.support.servers.openbao import Agent, Asked, OpenBao, Reply
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


def approle(bao: OpenBao, folder: Path, policy: str, **wish: object) -> dict[str, object]:
    """Return the settings of a new AppRole with this policy."""
    mount = bao.enable("approle")
    role = f"auth/{mount}/role/app"
    bao.ask("POST", role, {"token_policies": policy, **wish})
    role_id = bao.ask("GET", f"{role}/role-id")["data"]["role_id"]
    secret_id = bao.ask("POST", f"{role}/secret-id")["data"]["secret_id"]
    reference = file_ref(folder, secret_id)
    auth = {"method": "approle", "mount": mount, "role_id": role_id, "secret_id": reference}
    return {"address": bao.address, "auth": auth}


def test_a_login_leaves_no_token(openbao: OpenBao, tmp_path: Path) -> None:
    """It is revoked after each read, also of the version before, by `check`, or one that fails."""
    path, policy = store_for_role(openbao)
    openbao.ask("POST", path.replace("/app", "/data/app"), {"data": {"k": "newer"}})
    settings = approle(openbao, tmp_path, policy)
    before = openbao.accessors()
    reference = SecretRef.parse(f"vault:{path}#k", "k")
    assert read(f"{path}#k", settings) == "newer"
    previous = secret.read_previous(reference, settings, key="profiles.t")
    assert previous
    assert previous.reveal() == VALUE
    told = [text for text, _hint in secret.describe(reference, settings, key="profiles.t")]
    assert told[1].startswith("version 2, created ")
    refused(ConfigError, f"{path}#other", settings)
    refused(DeniedError, f"{path}-not#k", settings)
    half = secret.describe(reference, settings, key="profiles.t")
    next(half)
    half.close()  # type: ignore[attr-defined]
    assert openbao.accessors() == before


def test_a_token_of_the_users_own_lives_on(openbao: OpenBao, clean_environ: Environ) -> None:
    """What was there before us is not ours to revoke."""
    path, policy = store_for_role(openbao)
    made = openbao.ask("POST", "auth/token/create", {"policies": [policy]})
    clean_environ("VAULT_TOKEN", made["auth"]["client_token"])
    for _time in range(2):
        assert read(f"{path}#k", {"address": openbao.address}) == VALUE


@pytest.mark.parametrize(
    ("how", "deadline_s"), [("refuses", 20), ("sealed", 20), ("hangs", 20), ("hangs", 2)]
)
def test_a_revocation_that_fails(
    clean_environ: Environ, stub: StartStub, how: str, deadline_s: int
) -> None:
    """It neither fails the read nor delays it by more than a second, or a part of what is left."""
    granting = fake_vault("/v1/auth/userpass/login/bob", lambda _asked: True)

    def answer(asked: Asked) -> Reply:
        if asked.path != "/v1/auth/token/revoke-self":
            return granting(asked)
        if how == "hangs":
            time.sleep(4)
        return Reply(403 if how == "refuses" else 503, json.dumps({"errors": ["sealed"]}))

    vault = stub(answer)
    clean_environ("P", "pass-55")
    auth = {"method": "userpass", "username": "bob", "password": "env:P"}
    started = time.monotonic()
    deadline.start(started + deadline_s)
    try:
        assert read("secret/app#k", {"address": vault.url, "auth": auth}) == VALUE
    finally:
        deadline.stop()
    assert time.monotonic() - started < min(deadline_s, 2)
    assert [asked.path for asked in vault.asked].count("/v1/auth/token/revoke-self") == 1


@pytest.mark.parametrize("auth", [{}, {"method": "none"}])
@pytest.mark.parametrize("by", ["settings", "VAULT_AGENT_ADDR", "socket"])
def test_an_agents_token(
    openbao: OpenBao,
    openbao_agent: Agent,
    clean_environ: Environ,
    auth: dict[str, str],
    by: str,
) -> None:
    """An agent adds its own token, on http and on a socket, to who has none or wants none."""
    path = store(openbao)
    clean_environ("VAULT_ADDR", "https://127.0.0.1:1")
    settings: dict[str, object] = {"auth": auth} if auth else {}
    if by == "VAULT_AGENT_ADDR":
        clean_environ(by, openbao_agent.address)
    else:
        address = openbao_agent.address if by == "settings" else f"unix://{openbao_agent.socket}"
        settings["address"] = address
    assert read(f"{path}#k", settings) == VALUE
    refused(ConfigError, f"{path}-not#k", settings)
    told = secret.describe(SecretRef.parse(f"vault:{path}#k", "k"), settings, key="k")
    assert "without a token of our own" in next(told)[0]


def test_no_agent_there(openbao: OpenBao, clean_environ: Environ) -> None:
    """A Vault that wants a token says so, with what to do about each way to have none."""
    line = refused(DeniedError, "secret/app#k", {"address": openbao.address})
    assert "there is no usable Vault token, and Vault at 127.0.0.1:" in line
    clean_environ("VAULT_TOKEN_FILE", "/x")
    line = refused(DeniedError, "secret/app#k", {"address": openbao.address})
    assert 'VAULT_TOKEN_FILE is not read: set profiles.t.vault.auth = { token = "file:/…" }' in line
    none: dict[str, object] = {"address": openbao.address, "auth": {"method": "none"}}
    line = refused(DeniedError, "secret/app#k", none)
    assert "wants a token, and profiles.t.vault.auth.method is none" in line


def test_no_socket(tmp_path: Path, openbao_agent: Agent, openbao: OpenBao) -> None:
    """A socket that is not there, is none, or that nobody answers at, is named."""
    (tmp_path / "file").touch()
    nowhere = refused(ConfigError, "secret/app#k", {"address": f"unix://{tmp_path}/none"})
    assert f"{tmp_path}/none is no socket; correct profiles.t.vault.address" in nowhere
    dead = refused(TemporaryError, "secret/app#k", {"address": f"unix://{tmp_path}/file"})
    assert f"nobody answers at the socket {tmp_path}/file" in dead
    relative = refused(ConfigError, "secret/app#k", {"address": "unix://agent.sock"})
    assert "write it like unix:///run/agent.sock" in relative
    path = store(openbao)
    absent = refused(ConfigError, f"{path}#x", {"address": f"unix:{openbao_agent.socket}"})
    assert "has no field x" in absent


def test_a_wrapped_secret_id(
    openbao: OpenBao, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that wraps the secret id is unwrapped, once for all reads of a run."""
    path, policy = store_for_role(openbao)
    settings = approle(openbao, tmp_path, policy)
    auth = settings["auth"]
    assert isinstance(auth, dict)
    place = f"auth/{auth['mount']}/role/app/secret-id"
    wrapped = openbao.wrapped(place)
    settings["auth"] = {**auth, "secret_id": file_ref(tmp_path, wrapped)}
    for _time in range(2):
        assert read(f"{path}#k", settings) == VALUE
    monkeypatch.setattr("credhelper.secrets.vault_login._unwrapped", {})
    line = refused(DeniedError, f"{path}#k", settings, wrapped)
    assert "its secret, which may have ended" in line
    settings["auth"] = {**auth, "secret_id": file_ref(tmp_path, "s.own-secret-id")}
    openbao.ask("POST", f"auth/{auth['mount']}/role/app/custom-secret-id",
                {"secret_id": "s.own-secret-id"})  # fmt: skip
    assert read(f"{path}#k", settings) == VALUE


@pytest.mark.parametrize("text", ["{}\n", "{}\r\n", "\ufeff{}"])
@pytest.mark.parametrize("where", ["VAULT_TOKEN", "file"])
def test_what_nobody_means_by_a_token(
    openbao: OpenBao, clean_environ: Environ, tmp_path: Path, text: str, where: str
) -> None:
    """A line end behind it and a byte order mark before it are dropped."""
    path = store(openbao)
    token = text.format(openbao.token)
    if where == "file":
        (tmp_path / ".vault-token").write_text(token, encoding="utf-8", newline="")
    else:
        clean_environ(where, token)
    assert read(f"{path}#k", {"address": openbao.address}) == VALUE


def test_a_token_that_ends(openbao: OpenBao, clean_environ: Environ) -> None:
    """`check` warns of one that somebody must renew: credhelper does not."""
    path = store(openbao)
    reference = SecretRef.parse(f"vault:{path}#k", "k")
    policy = openbao.policy(path.replace("/app", "/data/app"))
    wishes: dict[str, dict[str, object]] = {
        "periodic": {"period": "30h"},
        "short": {"ttl": "59m"},
        "long": {"ttl": "30h"},
    }
    hints = {}
    for name, wish in wishes.items():
        made = openbao.ask("POST", "auth/token/create", {"policies": [policy], **wish})
        clean_environ("VAULT_TOKEN", made["auth"]["client_token"])
        told = secret.describe(reference, {"address": openbao.address}, key="k")
        hints[name] = next(told)[1]
    assert hints["periodic"] == hints["short"]
    assert "credhelper does not renew it" in hints["short"]
    assert hints["long"] == ""
    clean_environ("VAULT_TOKEN", openbao.token)
    assert next(secret.describe(reference, as_root(openbao, clean_environ), key="k"))[1] == ""
