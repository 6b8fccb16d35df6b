"""The printed policy, applied to the real manager: enough for `get`, and nothing more."""

import json
import secrets
from fnmatch import fnmatchcase

import pytest

from tests.conftest import Box
from tests.servers.aws import REGION, Aws
from tests.servers.counting import TokenServer
from tests.servers.openbao import OpenBao


def configure(box: Box, tokens: TokenServer, reference: str, more: str) -> None:
    """Write a config file for one profile."""
    box.config(
        f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "x"\n'
        f'client_secret = "{reference}"\n{more}'
    )


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
    assert ran.stderr == "# apply it: credhelper policy p | vault policy write credhelper-p -\n"
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
    assert fnmatchcase(stored["ARN"], statement["Resource"])
    assert REGION in statement["Resource"]
    assert not fnmatchcase(other["ARN"], statement["Resource"])
    assert not fnmatchcase(stored["ARN"] + "x", statement["Resource"])
    assert "put-role-policy" in ran.stderr


def test_a_file_has_no_policy(box: Box, tokens: TokenServer) -> None:
    """Nothing to print for what no manager guards."""
    configure(box, tokens, "file:/x", "")
    assert "policies" in box.run("policy").refused(78)
