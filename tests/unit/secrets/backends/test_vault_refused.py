"""What goes wrong with Vault, and what a profile says wrongly of it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from credhelper.config.reference import SecretRef
from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.secrets import secret
from tests.support.servers.openbao import Asked, Certificates, OpenBao, Reply
from tests.unit.secrets.backends.bao import (
    VALUE,
    Environ,
    StartStub,
    as_root,
    read,
    refused,
    store,
    store_for_role,
)

pytestmark = [pytest.mark.xdist_group("openbao"), pytest.mark.usefixtures("quick")]


TOKEN = "hvs.CANARY0123456789"

# What goes wrong


def test_wrong_token(openbao: OpenBao, clean_environ: Environ) -> None:
    """An unknown token is denied and not shown."""
    path = store(openbao)
    clean_environ("VAULT_TOKEN", "s.wrong-token-44")
    line = refused(DeniedError, f"{path}#k", {"address": openbao.address}, "s.wrong-token-44")
    assert "(403)" in line
    assert "see that the token of VAULT_TOKEN has not ended, and let its policy read" in line


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("with\nbreak-44", "VAULT_TOKEN has a line break in it"),
        ("nicht-ä-44", "VAULT_TOKEN has a character that is not ASCII"),
        ("s.44\xa0", "VAULT_TOKEN ends in the character NO-BREAK SPACE (U+00A0)"),
    ],
)
def test_unfit_token(openbao: OpenBao, clean_environ: Environ, token: str, told: str) -> None:
    """A token that no header can carry is refused before it is sent, and not shown."""
    clean_environ("VAULT_TOKEN", token)
    line = refused(DeniedError, "secret/app#k", {"address": openbao.address}, token)
    assert told in line


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
    for rights, told in (("default", "no mount of"), (sibling, "refuses")):
        made = openbao.ask("POST", "auth/token/create", {"policies": [rights]})
        token = made["auth"]["client_token"]
        clean_environ("VAULT_TOKEN", token)
        line = refused(DeniedError, f"{path}#k", {"address": openbao.address}, token)
        assert f"{told} {path} (403)" in line
        assert "let its policy read " in line


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
    settings["auth"] = {"method": method, "role_id": "r"}
    line = refused(TemporaryError, "secret/app#k", settings, openbao_sealed.token)
    assert re.fullmatch(
        r"credhelper: temporary: Vault at 127\.0\.0\.1:\d+ is sealed; unseal it", line
    )


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
    """A redirect to the active node is told and not followed: the token goes nowhere else."""
    clean_environ("VAULT_TOKEN", "token-31")
    target = stub(lambda _asked: Reply())
    moved = target.url.replace("127.0.0.1", "localhost")
    vault = stub(lambda asked: Reply(307, headers={"Location": moved + asked.path}))
    line = refused(ConfigError, "secret/app#k", {"address": vault.url}, "token-31")
    assert " redirects to another host" in line
    assert "localhost" not in line
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
        ({}, "no Vault address is set; set profiles.t.vault.address or VAULT_ADDR"),
        ({"address": "http://vault.test"}, "profiles.t.vault.address for vault.test"),
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


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("/v1", "leave /v1"),
        ("/v1/", "leave /v1"),
        ("/ui/", "leave /ui"),
        ("/ui/vault/secrets", "/ui"),
    ],
)
@pytest.mark.parametrize("key", ["VAULT_ADDR", "BAO_ADDR", "VAULT_AGENT_ADDR"])
def test_more_than_an_address(
    clean_environ: Environ, stub: StartStub, key: str, end: str, told: str
) -> None:
    """What was pasted behind it is named, with the variable, before anything is sent."""
    vault = stub(lambda _asked: Reply())
    clean_environ("VAULT_TOKEN", "token-31")
    clean_environ(key, vault.url + end)
    line = refused(ConfigError, "secret/app#k", {}, "token-31")
    assert f"{key} is not Vault's address alone" in line
    assert told in line
    assert vault.asked == []


def test_unseen_character_of_an_address(clean_environ: Environ, stub: StartStub) -> None:
    """A line end is dropped; a space that nobody sees is called by its name."""
    clean_environ("VAULT_TOKEN", "token-31")
    vault = stub(lambda _asked: Reply(403))
    clean_environ("VAULT_ADDR", f"\ufeff{vault.url}\n")
    assert "(403)" in refused(DeniedError, "secret/app#k", {})
    clean_environ("VAULT_ADDR", f"{vault.url}\u200b")
    line = refused(ConfigError, "secret/app#k", {})
    assert "VAULT_ADDR ends in the character ZERO WIDTH SPACE (U+200B)" in line


def echoing(token: str) -> Callable[[Asked], Reply]:
    """Return a Vault that puts a text wherever it may say something."""

    def answer(asked: Asked) -> Reply:
        if "lookup-self" in asked.path:
            data = {"display_name": token, "policies": [token, "p"], "ttl": token, "period": token}
            return Reply(200, json.dumps({"data": data}))
        if "/mounts/" in asked.path:
            kind = "pki" if "nokv" in asked.path else "kv"
            place = f"{token}/" if "moved" in asked.path else asked.path.split("/")[6] + "/"
            options = {"version": "2"}
            mount = {"path": place, "type": kind, "options": options}
            return Reply(200, json.dumps({"data": mount}))
        metadata = {"version": token, "deletion_time": token, "created_time": token}
        metadata["destroyed"] = "destroyed" in asked.path  # type: ignore[assignment]
        if "there" in asked.path:
            return Reply(200, json.dumps({"data": {"data": {token: 1}, "metadata": metadata}}))
        if "denied" in asked.path:
            return Reply(403, json.dumps({"errors": [token, "preflight capability check"]}))
        return Reply(404, json.dumps({"data": {"data": None, "metadata": metadata}}))

    return answer


@pytest.mark.parametrize("said", [TOKEN, TOKEN[::-1], TOKEN.upper(), TOKEN[2:11], TOKEN[-8:]])
@pytest.mark.parametrize(
    "path", ["secret/destroyed", "secret/deleted", "nokv/x", "moved/x", "secret/there", "x/denied"]
)
def test_vaults_words(clean_environ: Environ, stub: StartStub, path: str, said: str) -> None:
    """Nothing that it says shows the token, not to a caller and not to who checks."""
    clean_environ("VAULT_TOKEN", TOKEN)
    settings: dict[str, object] = {"address": stub(echoing(said)).url}
    reference = SecretRef.parse(f"vault:{path}#s", "k")
    shown = ""
    with pytest.raises(CredhelperError) as caught:
        secret.read(reference, settings, key="k")
    shown += caught.value.line() + caught.value.json()
    try:
        for text, hint in secret.describe(reference, settings, key="k"):
            shown += text + hint
    except CredhelperError as error:
        shown += error.line()
    assert re.search(r"a token of Vault at 127\.0\.0\.1:\d+, policies p, without an end", shown)
    for start in range(len(said) - 5):
        assert said[start : start + 6] not in shown


@pytest.mark.parametrize("place", ["VAULT_TOKEN", "BAO_TOKEN", "~/.vault-token", "auth"])
def test_where_a_refused_token_lies(
    openbao: OpenBao, clean_environ: Environ, tmp_path: Path, place: str
) -> None:
    """Of four places, the one that was used, by `get` and by `check`."""
    settings: dict[str, object] = {"address": openbao.address}
    clean_environ("HOME", str(tmp_path))
    token, named = "s.wrong-token-44", place
    if place == "auth":
        clean_environ("T", token)
        settings["auth"], named = {"token": "env:T"}, "profiles.t.vault.auth.token"
    elif place.startswith("~"):
        (tmp_path / ".vault-token").write_text(token)
    else:
        clean_environ(place, token)
    path = store(openbao)
    assert f"see that the token of {named} has not ended" in refused(
        DeniedError, f"{path}#k", settings, token
    )
    if place == "auth":
        clean_environ("T", token)
    told = secret.describe(SecretRef.parse(f"vault:{path}#k", "k"), settings, key="profiles.t")
    with pytest.raises(DeniedError) as caught:
        next(told)
    assert f" refuses the token of {named} (403)" in caught.value.problem
    assert caught.value.hint.startswith("it may have ended")


@pytest.mark.parametrize("key", ["secret_id", "token", "jwt", "password"])
@pytest.mark.parametrize("reference", ["env:ABSENT", "file:/nowhere/x"])
def test_a_role_secret_that_is_absent(openbao: OpenBao, key: str, reference: str) -> None:
    """Its key is named: it is not the client secret that is missing."""
    settings: dict[str, object] = {"address": openbao.address, "auth": {key: reference}}
    line = refused(ConfigError, "secret/app#k", settings)
    assert f"profiles.t.vault.auth.{key}: " in line
