"""What a page needs and a reader has: servers, and the names by which the page calls them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conftest import COMMAND, Box
from tests.support import canary
from tests.support.docs.page import Page
from tests.support.docs.shell import Stage
from tests.support.paths import ROOT
from tests.support.servers.http import Reply
from tests.support.servers.jwt import public_pem, signed

TOKEN = "eyJhbGciOiJub25lIn0.invented.{n}"  # looks like the tokens of most servers
Fixture = Callable[[str], Any]
PAGE = {"iTwins": [{"displayName": "Bridge"}, {"displayName": "Tunnel"}]}


class Bearers:
    """Every Bearer header: the pages show that a token comes, not which."""

    def __contains__(self, value: object) -> bool:
        return str(value).startswith("Bearer ")


def stage(page: Page, box: Box, fixture: Fixture) -> Stage:
    """Return the stage with all that the page needs. Skips a page whose tools are not here."""
    for tool in page.tools:
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    folder = str(Path(COMMAND).parent)
    box.environ["PATH"] = f"{folder}:{box.environ['PATH']}"
    box.environ["LC_ALL"] = "C.UTF-8"
    made = Stage(box, box.home, {"/home/me/.venv/bin": folder, "/home/me": str(box.home)})
    for name in page.needs:
        globals()[f"need_{name}"](made, fixture)
    return made


def need_clone(made: Stage, _fixture: Fixture) -> None:
    """Start in a clone, as far as the pages look into it."""
    made.folder = made.box.home / "credhelper"
    built = shutil.ignore_patterns("target", "node_modules", "bin", "obj")
    shutil.copytree(ROOT / "examples", made.folder / "examples", ignore=built)


def need_tokens(made: Stage, fixture: Fixture) -> None:
    """Let a token endpoint take every secret."""
    made.stand_ins["https://login.example.com/oauth2/token"] = fixture("tokens").url
    fixture("tokens").token = TOKEN


def need_strict(made: Stage, fixture: Fixture) -> None:
    """Let the token endpoint take one secret alone."""
    need_tokens(made, fixture)
    fixture("tokens").accepts = {"first-4fQx9Lm2Zr"}


def need_itwin(made: Stage, fixture: Fixture) -> None:
    """Let a token endpoint and a resource server stand in for the iTwin platform."""
    url = fixture("tokens").url
    fixture("tokens").token = TOKEN
    made.stand_ins['provider = "itwin"'] = f'provider = "itwin"\ntoken_url = "{url}"'
    made.stand_ins["https://ims.bentley.com/connect/token"] = url
    made.stand_ins["https://api.bentley.com"] = _api(made, fixture)
    made.box.environ["CREDHELPER_TOKEN_URL"] = url
    made.values |= {"ITWIN_CLIENT_ID": "service-test", "ITWIN_CLIENT_SECRET": canary.CLIENT_SECRET}


def need_api(made: Stage, fixture: Fixture) -> None:
    """Let a resource server answer those who bring a token."""
    made.stand_ins["https://api.example.com"] = _api(made, fixture)


def _api(made: Stage, fixture: Fixture) -> str:
    resource = fixture("resource")
    resource.accepted = Bearers()
    resource.answer = lambda _asked: Reply(body=json.dumps(PAGE))
    made.box.environ["ITWIN_API"] = f"http://{resource.host}"
    return f"http://{resource.host}"


def need_authorization(made: Stage, fixture: Fixture) -> None:
    """Let an authorization server of a private CA answer, with metadata."""
    server = fixture("authorization")
    made.stand_ins["https://login.example.com"] = server.issuer
    made.stand_ins["/etc/ssl/private/ca.pem"] = server.ca
    made.stand_ins["service-build"] = server.client_id
    made.box.environ["BUILD_SECRET"] = server.client_secret


def need_openbao(made: Stage, fixture: Fixture) -> None:
    """Let a real OpenBao be the Vault."""
    made.stand_ins["https://vault.example.com:8200"] = fixture("openbao").address
    made.values["VAULT_TOKEN"] = fixture("openbao").token


def need_jwt(made: Stage, _fixture: Fixture) -> None:
    """Lay a workload's token and its issuer's public key where the page has them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = signed(key, sub="build", aud="vault")
    for name, data in {"issuer.pem": public_pem(key), "token": token}.items():
        (made.box.home / name).write_text(data)
    made.stand_ins["/var/run/secrets/tokens/vault"] = str(made.box.home / "token")


def need_sts(made: Stage, fixture: Fixture) -> None:
    """Let the token endpoint be AWS's STS, too."""
    made.box.environ["AWS_ENDPOINT_URL_STS"] = fixture("tokens").url


def need_aws(made: Stage, fixture: Fixture) -> None:
    """Let moto be AWS, with the secret of the page in it."""
    aws = fixture("aws")
    made.box.environ |= {**aws.environ, "AWS_EC2_METADATA_DISABLED": "true"}
    value = json.dumps({"oauth": {"client_secret": canary.CLIENT_SECRET}})
    aws.client("secretsmanager").create_secret(Name="prod/build", SecretString=value)
