"""Terraform's own code, and the real terraform, with credhelper as the credentials helper."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box, Ran
from tests.support.servers import process
from tests.support.servers.counting import TokenServer
from tests.support.servers.http import Reply
from tests.support.servers.resource import ResourceServer

HELPER = str(Path(COMMAND).with_name("terraform-credentials-credhelper"))
SOURCE = Path(__file__).parent / "terraform_client"
TOKEN = "Bearer canary-token-1"
MODULE = "/modules/team/demo/local"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def registry(tmp_path: Path, tls_resource: ResourceServer) -> ResourceServer:
    """Return a registry of one module, whose source is a folder."""
    module = tmp_path / "module"
    module.mkdir()
    (module / "main.tf").write_text('output "it" { value = "works" }\n')
    source = {"X-Terraform-Get": module.as_uri()}
    pages = {
        "/.well-known/terraform.json": Reply(body='{"modules.v1": "/modules/"}', headers=JSON),
        f"{MODULE}/versions": Reply(
            body='{"modules": [{"versions": [{"version": "1.0.0"}]}]}', headers=JSON
        ),
        f"{MODULE}/1.0.0/download": Reply(headers=source),
    }
    tls_resource.answer = lambda asked: pages[asked.path]
    return tls_resource


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a program of Terraform's client code, built in the caches that Go has already."""
    process.need("go")
    program = tmp_path_factory.mktemp("terraform") / "client"
    subprocess.run(
        ["go", "build", "-buildvcs=false", "-o", str(program), "."], cwd=SOURCE, check=True
    )
    return str(program)


def terraform(box: Box, registry: ResourceServer, *, arguments: list[str]) -> Ran:
    """Initialize a folder of which nothing is known yet, by a helper with these arguments."""
    process.need("terraform")
    plugins = box.home / ".terraform.d" / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(box.home / ".terraform", ignore_errors=True)
    helper = plugins / "terraform-credentials-credhelper"
    if not helper.exists():
        helper.symlink_to(HELPER)
    words = json.dumps(arguments)
    (box.home / "tf.rc").write_text(f'credentials_helper "credhelper" {{\n  args = {words}\n}}\n')
    source = f'source = "{registry.host}/team/demo/local"'
    (box.home / "main.tf").write_text(f'module "demo" {{\n  {source}\n  version = "1.0.0"\n}}\n')
    box.environ |= {
        "TF_CLI_CONFIG_FILE": str(box.home / "tf.rc"),
        "CHECKPOINT_DISABLE": "1",
        "SSL_CERT_FILE": registry.ca,
    }
    return box.call("terraform", "init", "-no-color")


@pytest.mark.parametrize("arguments", [[], ["env"]])
def test_terraform_sends_the_token(
    box: Box, tokens: TokenServer, registry: ResourceServer, arguments: list[str]
) -> None:
    """It is in each request to the registry, and one token serves two runs."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_HOSTS"] = registry.host
    for _ in range(2):
        done = terraform(box, registry, arguments=arguments)
        assert done.status == 0, done.stderr
        assert (box.home / ".terraform" / "modules" / "demo").exists()
    assert len(registry.seen) == 6
    assert set(registry.seen) == {TOKEN}
    assert tokens.count == 1


def test_terraform_logout_drops_the_token(
    box: Box, tokens: TokenServer, registry: ResourceServer
) -> None:
    """After a rejected token, of which nobody is told, `terraform logout` brings another."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_HOSTS"] = registry.host
    assert box.run("get").token() == "canary-token-1"
    registry.accepted = {"Bearer canary-token-2"}
    assert terraform(box, registry, arguments=[]).status == 1
    logout = box.call("terraform", "logout", registry.host)
    assert logout.status == 0, logout.stderr
    assert terraform(box, registry, arguments=[]).status == 0
    assert tokens.count == 2


@pytest.mark.toolchain
def test_the_client_gets_the_token(box: Box, tokens: TokenServer, client: str) -> None:
    """Terraform's client code takes the answer; a name of another script is asked as punycode."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_HOSTS"] = "xn--bcher-kva.example:8443"
    for name in ("bücher.example:8443", "BÜCHER.example:8443"):
        assert box.call(client, HELPER, "get", name) == Ran(0, f"{TOKEN}\n", "")
    assert box.call(client, HELPER, "get", "bücher.example:8443", "env").stdout == f"{TOKEN}\n"
    assert box.call(client, HELPER, "get", "bücher.example") == Ran(0, "", "")
    assert tokens.count == 1


@pytest.mark.toolchain
def test_the_client_forgets_the_token(box: Box, tokens: TokenServer, client: str) -> None:
    """A forgotten token is fetched anew; for a host that is not ours nothing is forgotten."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_HOSTS"] = "tf.example.com"
    for name, answer in (("other.example.com", TOKEN), ("tf.example.com", "Bearer canary-token-2")):
        assert box.call(client, HELPER, "get", "tf.example.com").stdout == f"{TOKEN}\n"
        assert box.call(client, HELPER, "forget", name) == Ran(0, "", "")
        assert box.call(client, HELPER, "get", "tf.example.com").stdout == f"{answer}\n"


@pytest.mark.toolchain
def test_the_client_is_told_what_went_wrong(box: Box, tokens: TokenServer, client: str) -> None:
    """It shows our line, of a refused client and of a token that we do not store."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_HOSTS"] = "tf.example.com"
    stored = box.call(client, HELPER, "store", "tf.example.com")
    assert (stored.status, stored.stdout) == (1, "")
    assert "credhelper: usage: credhelper stores no token for Terraform" in stored.stderr
    tokens.status, tokens.document = 400, {"error": "invalid_client"}
    refused = box.call(client, HELPER, "get", "tf.example.com")
    assert (refused.status, refused.stdout) == (1, "")
    assert "credhelper: denied: " in refused.stderr
