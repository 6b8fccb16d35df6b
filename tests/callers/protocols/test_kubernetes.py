"""Real clients of Kubernetes, with credhelper as exec plugin, on a TLS stub of an API server."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from credhelper import caller
from credhelper.errors import CredhelperError, ProtocolError, UsageError
from credhelper.protocols import kubernetes
from tests.conftest import COMMAND, Box
from tests.support import kubeconfig
from tests.support.callers import npm
from tests.support.servers import process
from tests.support.servers.counting import TokenServer
from tests.support.servers.http import Reply
from tests.support.servers.resource import ResourceServer

KUBECTL = str(Path(COMMAND).with_name("kubectl"))
VERSION = {"major": "1", "minor": "30", "gitVersion": "v1.30.0"}


@pytest.fixture
def api(tls_resource: ResourceServer) -> ResourceServer:
    """Return an API server that takes each token."""
    tls_resource.accepted = {f"Bearer canary-token-{n}" for n in (1, 2)}
    head = {"Content-Type": "application/json"}
    tls_resource.answer = lambda _asked: Reply(body=json.dumps(VERSION), headers=head)
    return tls_resource


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_kubectl_sends_the_token(
    box: Box, tokens: TokenServer, api: ResourceServer, version: str
) -> None:
    """Kubectl runs the plugin each time, and the cache answers from the second time on."""
    box.itwin(tokens.url)
    cluster = {"server": f"https://{api.host}", "certificate-authority": api.ca}
    kubeconfig.write(box, cluster, {"apiVersion": f"{kubernetes.GROUP}/{version}"})
    for _ in range(2):
        done = box.call(KUBECTL, "get", "--raw", "/version")
        assert (done.status, json.loads(done.stdout)) == (0, VERSION), done.stderr
    assert set(api.seen) == {"Bearer canary-token-1"}
    assert tokens.count == 1


def test_kubectl_names_its_server(box: Box, tokens: TokenServer, api: ResourceServer) -> None:
    """With `provideClusterInfo` the token goes where `hosts` say, where there are any."""
    box.itwin(tokens.url)
    cluster = {"server": f"https://{api.host}", "certificate-authority": api.ca}
    kubeconfig.write(box, cluster, {"provideClusterInfo": True})
    box.environ["CREDHELPER_HOSTS"] = "api.example.com"
    for _ in range(2):
        done = box.call(KUBECTL, "get", "--raw", "/version")
        assert f"no token may go to {api.host}" in done.stderr
    assert (api.seen, tokens.count) == ([], 0)
    for given in (f"api.example.com,{api.host}", ""):
        box.environ["CREDHELPER_HOSTS"] = given
        if not given:
            del box.environ["CREDHELPER_HOSTS"]
        for _ in range(2):
            assert box.call(KUBECTL, "get", "--raw", "/version").status == 0
    assert set(api.seen) == {"Bearer canary-token-1", "Bearer canary-token-2"}
    assert tokens.count == 2


@pytest.mark.toolchain  # the extra `witness`
@pytest.mark.parametrize("more", [{}, {"apiVersion": f"{kubernetes.GROUP}/v1beta1"},
                                  {"provideClusterInfo": True}])  # fmt: skip
def test_the_official_client_for_python(
    box: Box, tokens: TokenServer, more: dict[str, object]
) -> None:
    """It has the token, with what `setup kubernetes` prints and with more."""
    if importlib.util.find_spec("kubernetes") is None:
        pytest.skip("kubernetes is not installed")
    box.itwin(tokens.url)
    box.environ["CREDHELPER_HOSTS"] = "127.0.0.1:6443"
    printed = box.run("setup", "kubernetes").stdout
    assert f'command: "{COMMAND}"' in printed
    assert 'args: ["as", "kubernetes"]' in printed
    kubeconfig.write(box, {"server": "https://127.0.0.1:6443"}, more)
    program = npm.HERE / "kubernetes_python.py"
    box.environ["PYTHONWARNINGS"] = "ignore"  # the client's are not ours
    done = box.call(sys.executable, str(program))
    assert (done.status, done.stdout) == (0, "Bearer canary-token-1"), done.stderr
    assert tokens.count == 1


@pytest.mark.toolchain
@pytest.mark.parametrize(("client", "version"), [("24.0.0", "v1"), ("16.0.0", "v1beta1")])
def test_the_official_client_for_java(
    box: Box, tokens: TokenServer, tmp_path: Path, client: str, version: str
) -> None:
    """It says no version, and takes none but the kubeconfig's; older ones know v1beta1 alone."""
    process.need("java", "mvn")
    folder = tmp_path / "java"
    folder.mkdir()
    pom = (npm.HERE / "kubernetes.xml").read_text().replace("VERSION", client)
    (folder / "pom.xml").write_text(pom)
    fetch = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=."]
    subprocess.run(fetch, cwd=folder, check=True)
    box.itwin(tokens.url)
    args = ["as", "kubernetes", *([f"{kubernetes.GROUP}/{version}"] if version != "v1" else [])]
    api_version = f"{kubernetes.GROUP}/{version}"
    kubeconfig.write(
        box, {"server": "https://127.0.0.1:6443"}, {"apiVersion": api_version, "args": args}
    )
    program = str(npm.HERE / "Kubernetes.java")
    done = box.call("java", "-cp", f"{folder}/*", program, box.environ["KUBECONFIG"])
    assert (done.status, done.stdout) == (0, "canary-token-1\n"), done.stderr


GOES = f'{{"kind":"ExecCredential","apiVersion":"{kubernetes.GROUP}/v1","spec":{{%s}}}}'
CLUSTER = '"cluster":{"server":"https://a.example:6443","config":null}'
NOWHERE = caller.NOWHERE


@pytest.mark.parametrize(
    ("info", "version", "server"),
    [
        (GOES % '"interactive":false', "v1", ""),
        (GOES % f'{CLUSTER},"interactive":false', "v1", "https://a.example:6443"),
        (GOES % '"cluster":{"server":"https://a/\\u0026"}', "v1", "https://a/&"),
        (GOES % '"cluster":{"server":""}', "v1", NOWHERE),
        (GOES % '"cluster":{}', "v1", NOWHERE),
        (GOES % '"cluster":7', "v1", NOWHERE),
        (GOES % '"cluster":null', "v1", ""),
        ((GOES % CLUSTER).replace('":', '"\t:').replace('Version"\t', 'Version"'), "v1",
         "https://a.example:6443"),
        # The last of two is the one that counts, whoever reads it.
        (GOES % '"cluster":{"server":"https://a","server":"https://b"}', "v1", "https://b"),
        (GOES % '"cluster":{"server":"https://a"},"cluster":{"server":"https://b"}', "v1",
         "https://b"),
        (GOES % '"cluster":{"config":{"server":"https://a"},"server":"https://b"}', "v1",
         "https://b"),
        (GOES % '"clust\\u0065r":{"server":"https://b"}', "v1", "https://b"),
        (GOES % '"interactive":false,"response":{"apiVersion":"x"}', "v1", ""),
        ((GOES % "").replace("v1", "v1beta1"), "v1beta1", ""),
        ((GOES % CLUSTER).replace("v1", "v1beta1"), "v1beta1", "https://a.example:6443"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "spaces", [("", "", ""), ("", " ", ""), ("", " ", " "), ("", "\n\t", "\n "), (" ", " ", "\n")]
)
def test_what_a_client_says(
    info: str, version: str, server: str, spaces: tuple[str, str, str]
) -> None:
    """JSON, in whatever order and with whatever blanks; its version goes before the one we name."""
    before, colon, comma = spaces
    info = info.replace('":', f'"{before}:{colon}').replace(',"', f',{comma}"')
    for words in ([], ["p", "v1"], [f"{kubernetes.GROUP}/v1beta1"]):
        asked = kubernetes.ask(words, {"KUBERNETES_EXEC_INFO": info})
        assert (list(asked.words), asked.server, asked.url) == ([version], server, "")


@pytest.mark.parametrize(
    ("words", "profile", "version"),
    [
        ([], "e", "v1"),
        (["p"], "p", "v1"),
        (["p", "v1beta1"], "p", "v1beta1"),
        (["p", f"{kubernetes.GROUP}/v1beta1"], "p", "v1beta1"),
        ([f"{kubernetes.GROUP}/v1beta1"], "e", "v1beta1"),
        (["v1beta1"], "v1beta1", "v1"),
    ],
)
def test_a_client_that_says_nothing(words: list[str], profile: str, version: str) -> None:
    """The word after the profile names the version, for the clients that do not."""
    asked = kubernetes.ask(words, {"CREDHELPER_PROFILE": "e", "KUBERNETES_EXEC_INFO": ""})
    assert (asked.profile, asked.words, asked.server) == (profile, [version], "")


@pytest.mark.parametrize(
    ("words", "info", "kind"),
    [
        (["p", "v2"], "", UsageError),
        (["p", "v1", "x"], "", UsageError),
        ([f"{kubernetes.GROUP}/v1alpha1"], "", UsageError),
        ([], "{}", ProtocolError),
        ([], "[]", ProtocolError),
        ([], "nonsense", ProtocolError),
        ([], "[" * 100_000, ProtocolError),
        ([], (GOES % "").replace("/v1", "/v1alpha1"), ProtocolError),
        ([], (GOES % "").replace("client.", "evil."), ProtocolError),
        ([], f'{{"spec":{{"apiVersion":"{kubernetes.GROUP}/v1"}}}}', ProtocolError),
    ],
)
def test_what_no_client_says(words: list[str], info: str, kind: type[CredhelperError]) -> None:
    """Is refused before any token is asked for."""
    with pytest.raises(kind):
        kubernetes.ask(words, {"KUBERNETES_EXEC_INFO": info})
