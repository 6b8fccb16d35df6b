"""Real skopeo, docker and the Python SDK, with credhelper as their helper, on a registry stub."""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from credhelper import __version__, caller, hosts
from credhelper.hosts import Rule
from credhelper.protocols import docker
from tests.conftest import COMMAND, Box
from tests.support.servers import process
from tests.support.servers.counting import TokenServer
from tests.support.servers.http import Reply
from tests.support.servers.resource import ResourceServer

BIN = str(Path(COMMAND).parent)
HELPER = f"{BIN}/docker-credential-credhelper"
KIND = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
DIGEST = f"sha256:{hashlib.sha256(CONFIG).hexdigest()}"
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": KIND,
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": len(CONFIG),
            "digest": DIGEST,
        },
        "layers": [],
    }
)
NOT_FOUND = "credentials not found in native keychain\n"


def logins(registry: ResourceServer) -> set[str]:
    """Return what stood in the headers as `user:password`; "" for a request without."""
    return {base64.b64decode(each.removeprefix("Basic ")).decode() for each in registry.seen}


class Anything:
    """Holds every header but an empty one."""

    def __contains__(self, value: object) -> bool:
        """Return whether a header was sent."""
        return bool(value)


@pytest.fixture
def scheme() -> str:
    """Return what the registry speaks, where a test does not say."""
    return "http"


@pytest.fixture
def registry(
    request: pytest.FixtureRequest, box: Box, tokens: TokenServer, scheme: str
) -> ResourceServer:
    """Return a registry that wants a password; the box's docker clients ask credhelper for it."""
    found: ResourceServer
    found = request.getfixturevalue("tls_resource" if scheme == "https" else "resource")
    found.accepted, found.challenges = Anything(), ['Basic realm="registry"']
    head = {"Docker-Distribution-Api-Version": "registry/2.0", "Content-Type": KIND}
    found.answer = lambda asked: Reply(
        body=MANIFEST if "/manifests/" in asked.path else CONFIG, headers=head
    )
    box.itwin(tokens.url)
    box.environ |= {"CREDHELPER_HOSTS": found.host, "PATH": f"{BIN}:{os.environ['PATH']}"}
    (box.home / ".docker").mkdir()
    settings = {"credHelpers": {found.host: "credhelper"}}
    (box.home / ".docker" / "config.json").write_text(json.dumps(settings))
    return found


def call(box: Box, name: str, *arguments: str, stdin: str = "") -> str:
    """Return what a real client, which must succeed, says on stdout; or skip without it."""
    process.need(name)
    done = box.call(name, *arguments, stdin=stdin)
    assert done.status == 0, done.stdout + done.stderr
    return done.stdout


def ask(box: Box, action: str, stdin: str) -> tuple[int, str, str]:
    """Return the helper's status and what it says on stdout and stderr."""
    done = box.call(HELPER, action, stdin=stdin)
    return done.status, done.stdout, done.stderr


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_skopeo_sends_the_token(box: Box, tokens: TokenServer, registry: ResourceServer) -> None:
    """Skopeo runs the helper each time; the cache answers from the second time on."""
    image = f"docker://{registry.host}/team/app:1"
    for _ in range(2):
        assert call(box, "skopeo", "inspect", "--raw", "--tls-verify=false", image) == MANIFEST
    assert logins(registry) == {"", "oauth2accesstoken:canary-token-1"}
    assert tokens.count == 1


@pytest.mark.parametrize("scheme", ["https"])
def test_docker_sends_the_token(box: Box, tokens: TokenServer, registry: ResourceServer) -> None:
    """The docker client alone, without a daemon, sends the profile's user name, too."""
    box.environ["CREDHELPER_USERNAME"] = "build"
    image = f"{registry.host}/team/app:1"
    for _ in range(2):
        said = call(box, "docker", "manifest", "inspect", "--insecure", image)
        assert json.loads(said)["config"]["digest"] == DIGEST
    assert "build:canary-token-1" in logins(registry) <= {"", "build:canary-token-1"}
    assert tokens.count == 1


def test_docker_logout_drops_the_token(
    box: Box, tokens: TokenServer, registry: ResourceServer
) -> None:
    """A logout erases: the next caller gets another token; another host's logout does not."""
    assert "canary-token-1" in ask(box, "get", registry.host)[1]
    assert ask(box, "erase", "registry.example") == (0, "", "")
    assert "canary-token-1" in ask(box, "get", registry.host)[1]
    call(box, "docker", "logout", registry.host)
    assert "canary-token-2" in ask(box, "get", registry.host)[1]
    assert tokens.count == 2


def test_a_docker_login_is_told_why_not(box: Box, registry: ResourceServer) -> None:
    """The client shows what `store` says, and nothing of the password."""
    process.need("docker")
    box.environ["DOCKER_HOST"] = "unix:///nonexistent.sock"
    words = ("docker", "login", "--username", "u", "--password-stdin", registry.host)
    done = box.call(*words, stdin="canary-password")
    assert done.status
    assert "stores no other" in done.stderr
    assert "canary-password" not in done.stdout + done.stderr


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - the SDK has no types
    """Return the SDK's `docker.credentials`, which looks for the helper on the real PATH."""
    monkeypatch.setenv("PATH", BIN, prepend=os.pathsep)
    return pytest.importorskip("docker.credentials", reason="docker is not installed")


@pytest.mark.slow
def test_the_sdk_understands_every_answer(
    box: Box,
    tokens: TokenServer,
    registry: ResourceServer,
    sdk: Any,  # noqa: ANN401 - the same
) -> None:
    """The Python SDK gets, lists and erases; a foreign host and `store` are errors of its own."""
    store = sdk.Store("credhelper", environment=box.environ)
    url = f"https://{registry.host}"
    for _ in range(2):
        found = store.get(registry.host)
        assert (found["Username"], found["Secret"]) == ("oauth2accesstoken", "canary-token-1")
    assert store.list() == {url: "oauth2accesstoken"}
    assert tokens.count == 1
    with pytest.raises(sdk.CredentialsNotFound):
        store.get("registry.example")
    with pytest.raises(sdk.StoreError, match="stores no other"):
        store.store(registry.host, "u", "p")
    store.erase(registry.host)
    assert store.get(url)["Secret"] == "canary-token-2"


def test_errors_are_said_on_stdout(box: Box, tokens: TokenServer, registry: ResourceServer) -> None:
    """A refusal at the token endpoint is status 1 and one line on stdout, with no secret in it."""
    tokens.status, tokens.document = 401, {"error": "invalid_client"}
    status, stdout, stderr = ask(box, "get", registry.host)
    assert (status, stderr, stdout.count("\n")) == (1, "", 1)
    assert stdout.startswith("credhelper: denied: ")
    assert stdout != NOT_FOUND
    assert "canary" not in stdout


def test_the_version_is_ours(box: Box) -> None:
    """`version` needs neither a configuration nor stdin."""
    assert ask(box, "version", "") == (0, f"credhelper {__version__}\n", "")


def test_the_list_is_what_get_answers_for() -> None:
    """No suffixes and audiences; nor a host that two profiles have, for `get` cannot choose."""
    wanted = {
        "api.example.com": ("a", ""),
        "api.example.com:5000": ("a", 'b"\\'),
        "[::1]:5000": ("a", ""),
        "*.corp.example": ("a", ""),
        "//iam.example.com/pools/p": ("a", ""),
    }
    rules = [
        Rule(hosts.pattern(text), profile=profile, username=username)
        for text, (profile, username) in wanted.items()
    ]
    rules += [Rule("both.example.com:443", profile=profile, username="") for profile in ("a", "b")]
    assert json.loads(docker.listing(iter(rules))) == {
        "https://api.example.com": caller.USERNAME,
        "https://api.example.com:5000": 'b"\\',
        "https://[::1]:5000": caller.USERNAME,
    }
    assert docker.listing([]) == "{}\n"
