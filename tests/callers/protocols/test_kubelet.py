"""What the kubelet would take: its requests as fixtures, answers held to the API's fields.

No kubelet is run. The fields are those of `k8s.io/kubelet/pkg/apis/credentialprovider`, 0.26 to
0.37, which the kubelet decodes strictly: a field too many is as bad as one too few.
"""

import json
import re
import time
from typing import Any

import pytest

from credhelper import caller
from credhelper.caller import Asked
from credhelper.errors import ProtocolError
from credhelper.protocols import kubelet
from credhelper.token import Token
from tests.conftest import Box
from tests.support.servers.counting import TokenServer
from tests.support.transcript import Transcript, converse

FIELDS = {"kind", "apiVersion", "cacheKeyType", "cacheDuration", "auth"}
# What the kubelet adds to the request with `tokenAttributes`, since 1.33.
POD = {
    "serviceAccountToken": "canary.pod.token",
    "serviceAccountAnnotations": {"example.com/a": ""},
}


def request(image: object, version: str = "v1", **more: object) -> str:
    """Return a request as the kubelet writes it: without spaces, with a line end."""
    document = {
        "kind": "CredentialProviderRequest",
        "apiVersion": f"credentialprovider.kubelet.k8s.io/{version}",
        "image": image,
        **more,
    }
    return json.dumps(document, separators=(",", ":")) + "\n"


def seconds(duration: str) -> int:
    """Return the seconds of a duration as Go parses it, of minutes and seconds."""
    found = re.fullmatch(r"(\d+)m(\d+)s", duration)
    assert found, duration
    return int(found[1]) * 60 + int(found[2])


def ask(monkeypatch: pytest.MonkeyPatch, text: str) -> Asked:
    """Return what the protocol hears in that request."""
    monkeypatch.setattr(caller, "read_input", lambda until=b"": text.encode())
    return kubelet.ask([], {})


def reply(asked: Asked, *, lives_s: int) -> Any:  # noqa: ANN401 - a JSON document
    """Return the parsed answer with a token that ends in so many seconds."""
    expires_at = int(time.time()) + lives_s
    token = Token("tok-1", token_type="Bearer", expires_at=expires_at, scope="")
    return json.loads(kubelet.reply(token, asked))


@pytest.mark.slow
@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
@pytest.mark.parametrize("more", [{}, POD], ids=["node", "pod"])
def test_an_answer_has_the_fields_of_the_api(
    box: Box, tokens: TokenServer, version: str, more: dict[str, object]
) -> None:
    """Each version gets its own back, and no field beyond the API's, with a pod's token or not."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_HOSTS"] = "registry.example.com:5000"
    text = request("registry.example.com:5000/team/app", version, **more)
    script = Transcript("kubelet", {}, ["credhelper-kubelet"], stdin=text)
    for _ in range(2):
        status, stdout, stderr = converse(box, script)
        assert (status, stderr) == (0, "")
        answer = json.loads(stdout)
        assert set(answer) == FIELDS
        assert answer["kind"] == "CredentialProviderResponse"
        assert answer["apiVersion"] == json.loads(text)["apiVersion"]
        assert answer["cacheKeyType"] == "Registry"
        login = {"username": "oauth2accesstoken", "password": "canary-token-1"}
        assert answer["auth"] == {"registry.example.com:5000": login}
        assert 3400 < seconds(answer["cacheDuration"]) < 3600
    assert tokens.count == 1


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("registry.example.com/app", "registry.example.com"),
        ("registry.example.com:5000/team/app:1", "registry.example.com:5000"),
        (f"registry.example.com/app@sha256:{'0' * 64}", "registry.example.com"),
        ("127.0.0.1:5000/app", "127.0.0.1:5000"),
        ("registry:5000/app", "registry:5000"),
        ("localhost/app", "localhost"),
        ("REGISTRY/app", "REGISTRY"),
        ("docker.io/library/app", "docker.io"),
        ("index.docker.io/team/app", "docker.io"),
        ("team/app", "docker.io"),
        ("app", "docker.io"),
        ("app:1.0", "docker.io"),
        ("registry.example.com", "docker.io"),
        ("team/registry.example.com/app", "docker.io"),
    ],
)
def test_the_registry_is_the_one_that_the_kubelet_pulls_from(
    monkeypatch: pytest.MonkeyPatch, image: str, registry: str
) -> None:
    """The password's key and the URL that `hosts` must allow are the same registry."""
    asked = ask(monkeypatch, request(image))
    assert asked.url == f"https://{registry}"
    assert list(reply(asked, lives_s=3600)["auth"]) == [registry]


@pytest.mark.parametrize("lives_s", [-5, 0, 29, 89, 95, 600, 86400])
def test_no_password_is_cached_beyond_its_token(
    monkeypatch: pytest.MonkeyPatch, lives_s: int
) -> None:
    """At least the margin is left of the token; what has not even that is not cached."""
    duration = reply(ask(monkeypatch, request("r.example/app")), lives_s=lives_s)["cacheDuration"]
    assert seconds(duration) <= max(0, lives_s - kubelet.MARGIN_S)
    assert seconds(duration) > lives_s - kubelet.MARGIN_S - 62


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "null",
        "[]",
        "{}",
        "[" * 60000,
        request(None),
        request(["r.example/app"]),
        request("r.example/app", "v2"),
        request("r.example/app", "v1/x"),
        request("r.example/app").replace("CredentialProviderRequest", "ExecCredential"),
        request("r.example/app").replace("credentialprovider.kubelet.k8s.io/v1", "v1"),
        request("r.example/app", kind=None),
        request("r.example/app", apiVersion=["v1"]),
    ],
    ids=lambda text: text[:30],
)
def test_another_question_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What is no request that we know gets no guess at an answer."""
    with pytest.raises(ProtocolError, match="the kubelet's question is"):
        ask(monkeypatch, text)
