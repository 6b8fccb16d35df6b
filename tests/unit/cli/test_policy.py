"""The printed policy, applied to the real manager: enough for `get`, and nothing more."""

import json
import re
import secrets
import time
from collections.abc import Callable
from fnmatch import fnmatchcase

import pytest

from credhelper.cli.commands import policy
from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError
from tests.conftest import Box
from tests.support.servers.aws import REGION, Aws
from tests.support.servers.counting import TokenServer
from tests.support.servers.openbao import Asked, OpenBao, Reply, Stub


def configure(box: Box, tokens: TokenServer, reference: str, more: str) -> None:
    """Write a config file for one profile."""
    box.config(
        f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "x"\n'
        f'client_secret = "{reference}"\n{more}'
    )


@pytest.mark.slow
def test_vaults_policy_is_enough_and_no_more(
    box: Box, tokens: TokenServer, openbao: OpenBao
) -> None:
    """A token of this policy alone gets the secret; of another path, or less, it does not."""
    name = secrets.token_hex(4)
    openbao.store(name, {"s": "one"})
    openbao.store(f"{name}-other", {"s": "two"})
    settings = f'[profiles.p.vault]\naddress = "{openbao.address}"\n'
    configure(box, tokens, f"vault:secret/{name}#s", settings)
    ran = box.run("policy")
    assert ran.status == 0
    assert ran.stderr == "# apply it: credhelper policy p | bao policy write credhelper-p -\n"
    policy = f"credhelper-{name}"
    openbao.ask("PUT", f"sys/policies/acl/{policy}", {"policy": ran.stdout})
    body: dict[str, object] = {"policies": [policy], "no_default_policy": True}
    box.environ["VAULT_TOKEN"] = openbao.ask("POST", "auth/token/create", body)["auth"][
        "client_token"
    ]
    box.run("get").token()
    less = ran.stdout.replace('"read"', '"list"')
    openbao.ask("PUT", f"sys/policies/acl/{policy}", {"policy": less})
    box.run("get", "--fresh").refused(77)
    openbao.ask("PUT", f"sys/policies/acl/{policy}", {"policy": ran.stdout})
    configure(box, tokens, f"vault:secret/{name}-other#s", settings)
    box.run("get").refused(77)


@pytest.mark.parametrize("version", [1, 2])
def test_vaults_policy_is_for_its_mount(
    box: Box, tokens: TokenServer, openbao: OpenBao, version: int
) -> None:
    """Where it ends is asked, by the profile's login or VAULT_TOKEN; both versions, any depth."""
    mount = openbao.kv(version, place="teams/red/")
    place = f"{mount}/data/a/b" if version == 2 else f"{mount}/a/b"
    openbao.ask("POST", place, {"data": {"s": "one"}} if version == 2 else {"s": "one"})
    settings = (
        f'[profiles.p.vault]\naddress = "{openbao.address}"\n'
        'auth = { method = "approle", role_id = "none-yet", secret_id = "env:NONE_YET" }\n'
    )
    configure(box, tokens, f"vault:{mount}/a/b#s", settings)
    box.environ["VAULT_TOKEN"] = openbao.token
    ran = box.run("policy")
    assert ran.stdout == f'path "{place}" {{\n  capabilities = ["read"]\n}}\n'
    policy = f"credhelper-{secrets.token_hex(4)}"
    openbao.ask("PUT", f"sys/policies/acl/{policy}", {"policy": ran.stdout})
    made = openbao.ask("POST", "auth/token/create", {"policies": [policy]})
    box.environ["VAULT_TOKEN"] = made["auth"]["client_token"]
    configure(box, tokens, f"vault:{mount}/a/b#s", settings.partition("auth")[0])
    box.run("get").token()


def test_vaults_policy_without_vault(
    box: Box, tokens: TokenServer, stub: Callable[[Callable[[Asked], Reply]], Stub]
) -> None:
    """What was assumed is said, with each other reading."""
    vault = stub(lambda _asked: Reply(403, "{}"))
    settings = f'[profiles.p.vault]\naddress = "{vault.url}"\n'
    configure(box, tokens, "vault:/teams/red/a/?version=3#s", settings)
    assert box.run("policy").stdout == (
        "# Vault was not asked: teams/ is taken to be the mount, KV version 2.\n"
        'path "teams/data/red/a" {\n  capabilities = ["read"]\n}\n'
        '# If teams/ is the mount, KV version 1: path "teams/red/a"\n'
        '# If teams/red/ is the mount, KV version 2: path "teams/red/data/a"\n'
    )


@pytest.mark.slow
def test_vaults_policy_of_a_vault_that_hangs(
    box: Box, tokens: TokenServer, stub: Callable[[Callable[[Asked], Reply]], Stub]
) -> None:
    """It is told after some seconds what was assumed."""

    def hang(_asked: Asked) -> Reply:
        time.sleep(12)
        return Reply()

    vault = stub(hang)
    configure(box, tokens, "vault:t/a#s", f'[profiles.p.vault]\naddress = "{vault.url}"\n')
    started = time.monotonic()
    assert box.run("policy").stdout.startswith("# Vault was not asked: t/ is taken")
    assert time.monotonic() - started < 9


@pytest.mark.parametrize("how", ["Name", "ARN"])
def test_awss_policy_names_this_secret_alone(
    box: Box, tokens: TokenServer, aws: Aws, how: str
) -> None:
    """One action, and a resource that fits the ARN of this secret and of no other."""
    stored, other = aws.store("one"), aws.store("two")
    box.environ |= aws.environ
    settings = f'[profiles.p.aws]\nendpoint_url = "{aws.address}"\n'
    configure(box, tokens, f"aws:{stored[how]}", settings)
    box.run("get").token()
    ran = box.run("policy")
    [statement] = json.loads(ran.stdout)["Statement"]
    assert statement["Action"] == "secretsmanager:GetSecretValue"
    # An ARN whose suffix may be a word of the name is two resources.
    resources = statement["Resource"]
    fitting = [resources] if isinstance(resources, str) else resources

    def fits(arn: str) -> bool:
        return any(fnmatchcase(arn, each) for each in fitting)

    assert fits(stored["ARN"])
    assert all(REGION in each for each in fitting)
    assert not fits(other["ARN"])
    assert not fits(stored["ARN"] + "x")
    assert "put-role-policy" in ran.stderr


ARN = "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:app/x"
ROLE = "arn:aws-cn:iam::123456789012:role/r"


@pytest.mark.parametrize(
    ("reference", "table", "resource"),
    [
        ("app", {"region": "eu-west-1"}, "arn:aws:secretsmanager:eu-west-1:*:secret:app-??????"),
        ("app#a.b", {"region": "us-gov-west-1"},
         "arn:aws-us-gov:secretsmanager:us-gov-west-1:*:secret:app-??????"),
        ("app?version=AWSPENDING#a", {"region": "cn-north-1", "role_arn": ROLE},
         "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:app-??????"),
        ("app", {"region": "eusc-de-east-1"},
         "arn:aws-eusc:secretsmanager:eusc-de-east-1:*:secret:app-??????"),
        ("app", {"region": "us-isob-east-1"},
         "arn:aws-iso-b:secretsmanager:us-isob-east-1:*:secret:app-??????"),
        (f"{ARN}-AbC1d2", {}, f"{ARN}-AbC1d2"),
        (f"{ARN}-AbC1d2?version=AWSCURRENT#k", {}, f"{ARN}-AbC1d2"),
        (ARN, {}, f"{ARN}-??????"),
        (f"{ARN}-secret", {}, [f"{ARN}-secret", f"{ARN}-secret-??????"]),
    ],
)  # fmt: skip
def test_awss_partitions_and_versions(
    reference: str, table: dict[str, str], resource: str | list[str]
) -> None:
    """The resource is of the region's cloud and the role's account, and has no version in it."""
    ref = SecretRef.parse(f"aws:{reference}", "k")
    chosen = Profile("p", "c", ref, token_url="https://login.example.com", settings=table)
    [statement] = json.loads(policy.POLICIES["aws"](chosen)[0])["Statement"]
    assert statement["Resource"] == resource


@pytest.mark.parametrize(
    ("path", "table", "words"),
    [
        ("prod/*", {"region": "eu-west-1"}, "no name or ARN"),
        ("prod/a?c", {"region": "eu-west-1"}, "no name or ARN"),
        ("${aws:username}", {"region": "eu-west-1"}, "no name or ARN"),
        ("prod", {}, "the region of aws:prod is not known"),
    ],
)
def test_awss_policy_grants_no_more(
    clean_environ: Callable[[str, str], None], path: str, table: dict[str, str], words: str
) -> None:
    """What would be a pattern to IAM, and a region that may be any, is refused."""
    reference = SecretRef("aws", path)
    chosen = Profile("p", "c", reference, token_url="https://login.example.com", settings=table)
    with pytest.raises(ConfigError, match=re.escape(words)):
        policy.POLICIES["aws"](chosen)


def test_a_file_has_no_policy(box: Box, tokens: TokenServer) -> None:
    """Nothing to print for what no manager guards."""
    configure(box, tokens, "file:/x", "")
    assert "policies" in box.run("policy").refused(78)
