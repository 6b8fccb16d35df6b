"""What each protocol says, byte for byte, cold and warm; and that a hit of it imports little."""

import json
import pkgutil
from datetime import UTC, datetime

import pytest

from credhelper import protocols
from credhelper.protocols import google, kubernetes
from tests.conftest import Box
from tests.support import transcript
from tests.support.imports import ALLOWED, SPY, modules
from tests.support.servers.counting import TokenServer
from tests.support.transcript import HOSTS, Transcript, converse

EXEC = "client.authentication.k8s.io"
INFO = '{"kind":"ExecCredential","apiVersion":"%s","spec":{"interactive":false}}'
NESTED = f'false,"config":{{"apiVersion":"{EXEC}/v1beta1"}}'
NAMES = [module.name for module in pkgutil.iter_modules(protocols.__path__)]
ALL = {name: transcript.read(name) for name in transcript.names()}
# The first conversation of each protocol gives the token out, and is for every day.
FIRST = {name: scripts[0] for name, scripts in ALL.items()}
TRANSCRIPTS = [
    pytest.param(each, marks=[pytest.mark.slow] if number else [], id=str(each))
    for scripts in ALL.values()
    for number, each in enumerate(scripts)
]


def prepare(box: Box, tokens: TokenServer) -> None:
    """Give the box one profile, whose token may go to the hosts of the transcripts."""
    tokens.token = "tok-{n}"
    box.itwin(tokens.url)
    box.environ["CREDHELPER_HOSTS"] = HOSTS
    box.environ["CREDHELPER_STS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/r"
    box.environ["AWS_ENDPOINT_URL_STS"] = tokens.url


def test_no_protocol_is_without_a_transcript() -> None:
    """A new protocol comes with its transcript, and the first conversation is a good one."""
    assert transcript.names() == sorted(NAMES)
    for name, script in FIRST.items():
        assert script.has_token, name


@pytest.mark.parametrize("script", TRANSCRIPTS)
def test_transcript(box: Box, tokens: TokenServer, script: Transcript) -> None:
    """The first answer, from the server, is the second, from the cache, and is as written."""
    prepare(box, tokens)
    cold, warm = converse(box, script), converse(box, script)
    assert warm == cold
    assert tokens.count == (1 if script.has_token else 0)
    stdout = script.stdout
    if script.has_token:
        environ = {k: v for k, v in script.environ.items() if k.startswith("CREDHELPER_")}
        box.environ |= environ
        expires = json.loads(box.run("get").stdout)["Expiration"]
        seconds = int(datetime.fromisoformat(expires).timestamp())
        early_unix = str(seconds - google.MARGIN_S)
        early = datetime.fromtimestamp(seconds - kubernetes.MARGIN_S, tz=UTC)
        stdout = (
            stdout.replace("EXPIRES_UNIX", str(seconds))
            .replace("EXPIRES_DATE", f"{datetime.fromisoformat(expires):%a %b %e %H:%M:%S %Z %Y}")
            .replace("EXPIRES", expires)
            .replace("EARLY_UNIX", early_unix)
            .replace("EARLY", early.strftime("%Y-%m-%dT%H:%M:%SZ"))
        )
        assert tokens.count == 1
    assert cold == (script.status, stdout, script.stderr)


@pytest.mark.parametrize("name", FIRST)
def test_a_hit_imports_only_its_protocol(box: Box, tokens: TokenServer, name: str) -> None:
    """The fast door serves every protocol: the package and its module more, and nobody else's."""
    prepare(box, tokens)
    script = FIRST[name]
    assert converse(box, script)[0] == 0
    box.environ |= script.environ
    bare = "import os, sys; os.write(2, ' '.join(sys.modules).encode())"
    permitted = modules(box, "".join(f"import {each}\n" for each in script.also) + bare) | ALLOWED
    permitted |= {f"credhelper.{each}" for each in ("caller", "protocols", f"protocols.{name}")}
    if script.stdin or name in ("terraform", "keyring", "goauth", "google"):
        permitted.add("credhelper.hosts")
    assert modules(box, SPY.format(arguments=script.command), script.stdin.encode()) <= permitted
    assert tokens.count == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", FIRST)
def test_a_failure_prints_no_token(box: Box, tokens: TokenServer, name: str) -> None:
    """A refused request ends at once, in the caller's own shape for it, without a leak."""
    prepare(box, tokens)
    tokens.status = 400
    tokens.document = {"error": "invalid_client", "access_token": "tok-9"}
    status, stdout, stderr = converse(box, FIRST[name])
    if (status, stdout) != (77, ""):
        assert name in ("cargo", "docker", "google"), (status, stdout, stderr)
    assert "canary" not in stdout + stderr
    assert "tok-" not in stdout + stderr


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
    assert tokens.count == 0


def test_unknown_words(box: Box, tokens: TokenServer) -> None:
    """An unknown protocol, or shell, is a usage error that names the nearest or all."""
    box.itwin(tokens.url)
    assert "did you mean `kubernetes`?" in box.run("as", "kubernets").refused(64)
    for _ in range(2):
        assert "known: sh, fish, powershell" in box.run("as", "env", "env", "csh").refused(64)
    box.run("as").refused(64)
    box.run("as", "../token").refused(64)


def test_options_go_before_the_words(box: Box, tokens: TokenServer) -> None:
    """`as` takes the options of `get`."""
    box.itwin(tokens.url)
    assert box.run("as", "token").stdout == "canary-token-1\n"
    assert box.run("as", "--fresh", "token", "env").stdout == "canary-token-2\n"
    assert box.run("as", "token", "env", "--min-ttl", "2h").stdout == "canary-token-3\n"


def test_a_third_partys_protocol(box: Box, tokens: TokenServer) -> None:
    """A module that an entry point names is a protocol like ours; what it prints goes nowhere."""
    box.itwin(tokens.url)
    package = box.home / "package"
    information = package / "shout-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: shout\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[credhelper.protocols]\nshout = shout\n")
    (package / "shout.py").write_text(
        "import sys\nprint('loading')\n"
        "def reply(token, asked):\n    print('out')\n    print('err', file=sys.stderr)\n"
        "    return f'{token.access_token}! {list(asked.words)}\\n'\n"
    )
    box.install(package)
    for _ in range(2):
        ran = box.run("as", "shout", "env", "x")
        assert (ran.stdout, ran.stderr) == ("canary-token-1! ['x']\n", "")
    assert tokens.count == 1
