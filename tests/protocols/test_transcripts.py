"""What each protocol prints, byte for byte, warm and cold; and that a hit of it imports little."""

import json
import pkgutil
import subprocess

import pytest

from credhelper import protocols
from tests.conftest import Box
from tests.servers.counting import TokenServer
from tests.test_main import ALLOWED, SPY, modules

EXEC = "client.authentication.k8s.io"
INFO = '{"kind":"ExecCredential","apiVersion":"%s","spec":{"interactive":false}}'
NESTED = f'false,"config":{{"apiVersion":"{EXEC}/v1beta1"}}'
# Arguments after `as`, and what is printed; EXPIRES and EARLY stand for the times.
TRANSCRIPTS = {
    "process": (
        '{"Version":1,"AccessToken":"tok-1","TokenType":"Bearer",'
        '"Expiration":"EXPIRES","Scope":"itwin-platform"}\n'
    ),
    "token": "tok-1\n",
    "header": "Authorization: Bearer tok-1\n",
    "headers": '{"Authorization":"Bearer tok-1"}\n',
    "curl": 'header = "Authorization: Bearer tok-1"\n',
    "pnpm": "Bearer tok-1\n",
    "env": "export ACCESS_TOKEN='tok-1'\nexport ACCESS_TOKEN_EXPIRATION='EXPIRES'\n",
    "env env fish": "set -gx ACCESS_TOKEN 'tok-1'\nset -gx ACCESS_TOKEN_EXPIRATION 'EXPIRES'\n",
    "env env powershell": (
        "$Env:ACCESS_TOKEN = 'tok-1'\n$Env:ACCESS_TOKEN_EXPIRATION = 'EXPIRES'\n"
    ),
    "kubernetes": (
        f'{{"apiVersion":"{EXEC}/v1","kind":"ExecCredential","status":'
        '{"token":"tok-1","expirationTimestamp":"EARLY"}}\n'
    ),
}
NAMES = [module.name for module in pkgutil.iter_modules(protocols.__path__)]


def test_no_protocol_is_without_a_transcript() -> None:
    """A new protocol comes with its transcript."""
    assert sorted({line.split()[0] for line in TRANSCRIPTS}) == sorted(NAMES)


@pytest.mark.parametrize("line", TRANSCRIPTS)
def test_transcript(box: Box, tokens: TokenServer, line: str) -> None:
    """The first answer, from the server, is the second, from the cache, and is as written here."""
    tokens.token = "tok-{n}"
    box.itwin(tokens.url)
    cold, warm = box.run("as", *line.split()), box.run("as", *line.split())
    assert (cold.status, cold.stderr) == (0, "")
    assert warm == cold
    assert tokens.count == 1
    expires = json.loads(box.run("get").stdout)["Expiration"]
    expected = TRANSCRIPTS[line].replace("EXPIRES", expires)
    if "EARLY" in expected:
        early = json.loads(cold.stdout)["status"]["expirationTimestamp"]
        assert early < expires
        expected = expected.replace("EARLY", early)
    assert cold.stdout == expected


@pytest.mark.parametrize("name", NAMES)
def test_a_hit_imports_only_its_protocol(box: Box, tokens: TokenServer, name: str) -> None:
    """The fast door serves every protocol: the package and its module more, and nobody else's."""
    box.itwin(tokens.url)
    box.run("get").token()
    bare = modules(box, "import os, sys; os.write(2, ' '.join(sys.modules).encode())")
    more = modules(box, SPY.format(arguments=["as", name])) - bare - ALLOWED
    assert more == {"credhelper.protocols", f"credhelper.protocols.{name}"}


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_leaves_stdout_empty(box: Box, name: str) -> None:
    """A refused request prints one line on stderr, and its status is its class."""
    box.itwin("http://127.0.0.1:9/token")
    box.environ["CREDHELPER_DEADLINE"] = "1s"
    box.run("as", name).refused(75)


@pytest.mark.parametrize(
    ("info", "version"),
    [
        (INFO % f"{EXEC}/v1", "v1"),
        (INFO % f"{EXEC}/v1beta1", "v1beta1"),
        ((INFO % f"{EXEC}/v1").replace("false", NESTED), "v1"),
    ],
)
def test_kubernetes_versions(box: Box, tokens: TokenServer, info: str, version: str) -> None:
    """The version is the one that the client names, never one of a cluster's own settings."""
    box.itwin(tokens.url)
    box.environ["KUBERNETES_EXEC_INFO"] = info
    for _ in range(2):
        answer = json.loads(box.run("as", "kubernetes").stdout)
        assert answer["apiVersion"] == f"{EXEC}/{version}"


@pytest.mark.parametrize("info", [INFO % f"{EXEC}/v1alpha1", "{}", "nonsense"])
def test_kubernetes_of_another_version_is_refused(box: Box, tokens: TokenServer, info: str) -> None:
    """An unknown version is an error, cold and warm, not a guess."""
    box.itwin(tokens.url)
    box.environ["KUBERNETES_EXEC_INFO"] = info
    for _ in range(2):
        assert "apiVersion" in box.run("as", "kubernetes").refused(76)


def test_unknown_words(box: Box, tokens: TokenServer) -> None:
    """An unknown protocol, or shell, is a usage error that names the nearest or all."""
    box.itwin(tokens.url)
    assert "did you mean `kubernetes`?" in box.run("as", "kubernets").refused(64)
    for _ in range(2):
        assert "known: sh, fish, powershell" in box.run("as", "env", "env", "csh").refused(64)
    box.run("as").refused(64)
    box.run("as", "../token").refused(64)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_takes_the_assignments(box: Box, tokens: TokenServer, shell: str) -> None:
    """A real shell has the token in its environment afterwards."""
    box.itwin(tokens.url)
    script = 'eval "$(credhelper as env)"; printf %s "$ACCESS_TOKEN"'
    done = subprocess.run(
        [shell, "-c", script], env=box.environ, capture_output=True, text=True, check=True
    )
    assert done.stdout == "canary-token-1"


def test_options_go_before_the_words(box: Box, tokens: TokenServer) -> None:
    """`as` takes the options of `get`."""
    box.itwin(tokens.url)
    assert box.run("as", "token").stdout == "canary-token-1\n"
    assert box.run("as", "--fresh", "token", "env").stdout == "canary-token-2\n"
    assert box.run("as", "token", "env", "--min-ttl", "2h").stdout == "canary-token-3\n"


def test_a_third_partys_protocol(box: Box, tokens: TokenServer) -> None:
    """A module that an entry point names is a protocol like ours, cold and warm."""
    box.itwin(tokens.url)
    package = box.home / "package"
    information = package / "shout-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: shout\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[credhelper.protocols]\nshout = shout\n")
    (package / "shout.py").write_text(
        "def reply(token, asked):\n    return f'{token.access_token}! {list(asked.words)}\\n'\n"
    )
    box.environ["PYTHONPATH"] = str(package)
    for _ in range(2):
        assert box.run("as", "shout", "env", "x").stdout == "canary-token-1! ['x']\n"
    assert tokens.count == 1
