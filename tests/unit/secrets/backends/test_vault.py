"""The Vault backend against a real OpenBao: the secret is found."""

import json
import re
import time
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest

from credhelper.errors import ConfigError, DeniedError, ProtocolError
from tests.conftest import Box
from tests.support.servers.openbao import OpenBao, Reply, Stub
from tests.unit.secrets.backends import contract
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
    told = rf"version 2 of {path} was deleted at {today}\d\dT\d\d:\d\d:\d\dZ"
    told += r" in Vault at 127\.0\.0\.1:\d+;"
    assert re.search(told, line), line


def test_destroyed_version(openbao: OpenBao, clean_environ: Environ) -> None:
    """A destroyed version is told from a deleted one."""
    path = store(openbao)
    openbao.ask("POST", path.replace("/app", "/destroy/app"), {"versions": [1]})
    line = refused(ConfigError, f"{path}#k", as_root(openbao, clean_environ))
    assert f" has destroyed version 1 of {path}" in line


@pytest.mark.parametrize("version", [1, 2])
def test_missing_path(openbao: OpenBao, clean_environ: Environ, version: int) -> None:
    """Nothing at a path is the config's fault."""
    path = store(openbao, version)
    line = refused(ConfigError, f"{path}-not#k", as_root(openbao, clean_environ))
    assert f"shows nothing at {path}-not" in line


def test_missing_version(openbao: OpenBao, clean_environ: Environ) -> None:
    """A version that never was is no older one."""
    path = store(openbao)
    line = refused(ConfigError, f"{path}?version=9#k", as_root(openbao, clean_environ))
    assert f" has no version 9 of {path}; the newest is 1" in line


def test_missing_mount(openbao: OpenBao, clean_environ: Environ) -> None:
    """A mount that is not there looks like a missing right; the token, which is good, is not it."""
    line = refused(DeniedError, "nowhere/app#k", as_root(openbao, clean_environ))
    assert "shows our token no mount of nowhere/app (403); check that `nowhere/` is mounted" in line
    assert "renew" not in line


def test_mount_of_another_kind(openbao: OpenBao, clean_environ: Environ) -> None:
    """A path in another engine is refused before it is read."""
    line = refused(ConfigError, "cubbyhole/app#k", as_root(openbao, clean_environ))
    assert "cubbyhole/ is no KV mount" in line


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("other", "has no field other; check the part after #; there are k, list, null, number"),
        ("number", "field number of {} is a number; store it as text"),
        ("list", "field list of {} is a list"),
        ("null", "field null of {} is null"),
        ("object", "field object of {} is a JSON object with the fields inner"),
        ("text", "field text of {} is a JSON object with the fields inner"),
    ],
)
def test_unfit_field(openbao: OpenBao, clean_environ: Environ, field: str, told: str) -> None:
    """A field that is missing or no text is named, with what it is; its value is not shown."""
    nested = {"inner": "hidden-item"}
    path = store(openbao, number=12345678, list=["hidden-item"], null=None, object=nested,
                 text=json.dumps(nested))  # fmt: skip
    settings = as_root(openbao, clean_environ)
    line = refused(ConfigError, f"{path}#{field}", settings, "12345678", "hidden-item")
    assert told.format(path) in line


@pytest.mark.parametrize("field", ["a.b", "/a/b", "a?b", "json.b", "dotted.key"])
def test_field_inside(openbao: OpenBao, clean_environ: Environ, field: str) -> None:
    """A dotted path, a JSON pointer, JSON in a string, and a name with any characters."""
    more: dict[str, object] = {
        "a": {"b": VALUE},
        "a?b": VALUE,
        "json": json.dumps({"b": VALUE}),
        "dotted.key": VALUE,
    }
    path = store(openbao, 2, **more)
    assert read(f"{path}#{field}", as_root(openbao, clean_environ)) == VALUE


@pytest.mark.parametrize("part", ["data", "metadata"])
@pytest.mark.parametrize("rights", ["narrow", "root"])
def test_path_of_the_api(openbao: OpenBao, clean_environ: Environ, part: str, rights: str) -> None:
    """A path as policies and the API have it is told how to be written, also to a narrow token."""
    path, policy = store_for_role(openbao)
    mount = path.removesuffix("/app")
    settings = as_root(openbao, clean_environ)
    if rights == "narrow":
        made = openbao.ask("POST", "auth/token/create", {"policies": [policy]})
        clean_environ("VAULT_TOKEN", made["auth"]["client_token"])
    line = refused(ConfigError, f"{mount}/{part}/app#k", settings)
    assert f"leave out `{part}/`: {mount}/ is KV version 2, so write vault:{mount}/app" in line
    line = refused(ConfigError, f"v1/{mount}/app#k", settings)
    assert f"leave `v1/` out: write vault:{mount}/app" in line


def test_path_that_begins_with_data(openbao: OpenBao, clean_environ: Environ) -> None:
    """A secret whose own name begins so is read."""
    mount = openbao.kv(2)
    openbao.ask("POST", f"{mount}/data/data/app", {"data": {"k": VALUE}})
    assert read(f"{mount}/data/app#k", as_root(openbao, clean_environ)) == VALUE


def test_large_neighbour(openbao: OpenBao, clean_environ: Environ, stub: StartStub) -> None:
    """Another field may fill what Vault lets an entry have; what is more names the secret."""
    path = store(openbao, other="x" * 900_000)
    assert read(f"{path}#k", as_root(openbao, clean_environ)) == VALUE
    vault = stub(lambda _asked: Reply(200, json.dumps({"data": "x" * 2**20})))
    line = refused(ProtocolError, "secret/app#k", {"address": vault.url})
    assert "sent more than 1048576 bytes for secret/app" in line


@pytest.mark.parametrize("reference", ["secret/app", "secret/app#", "secret/../sys/mounts#k"])
def test_unfit_reference(openbao: OpenBao, clean_environ: Environ, reference: str) -> None:
    """A reference needs a field, and may not climb out of its mount."""
    line = refused(ConfigError, reference, as_root(openbao, clean_environ))
    assert "write it as vault:MOUNT/PATH#FIELD" in line


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
