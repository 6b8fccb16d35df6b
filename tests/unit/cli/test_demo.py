"""The platform of `demo --serve`: its API takes its own tokens, and nothing else."""

import re
import signal
from collections.abc import Iterator

import pytest
import requests

from tests.conftest import Box
from tests.support import canary


@pytest.fixture
def platform(box: Box) -> Iterator[str]:
    """Return the address of a running platform; its settings are the box's."""
    process = box.start("demo", "--serve")
    assert process.stderr
    lines = [process.stderr.readline() for _ in range(6)]
    box.environ |= dict(re.findall(r"export (\w+)=(\S+)", "".join(lines)))
    canary.permit(box.environ["ITWIN_CLIENT_SECRET"])  # which anyone may read in the source
    yield box.environ["ITWIN_API"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 128 + signal.SIGTERM
    process.stderr.close()
    if process.stdout:
        process.stdout.close()


def test_the_api_takes_the_token_of_the_token_endpoint(box: Box, platform: str) -> None:
    """With it there is a page of iTwins, without it a challenge; elsewhere there is nothing."""
    header = {"Authorization": f"Bearer {box.run('get').token()}"}
    for path in ("itwins", "itwins/", "itwins/?$top=5"):
        page = requests.get(f"{platform}/{path}", headers=header, timeout=10)
        assert page.status_code == 200
        names = [each["displayName"] for each in page.json()["iTwins"]]
        assert names == ["Demo bridge", "Demo tunnel"]
    for wrong in (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": header["Authorization"][7:]},
    ):
        answer = requests.get(f"{platform}/itwins/", headers=wrong, timeout=10)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert requests.get(f"{platform}/other", headers=header, timeout=10).status_code == 404


def test_each_of_its_tokens_is_taken(box: Box, platform: str) -> None:
    """A renewal makes no earlier token bad."""
    tokens = [box.run("get", *arguments).token() for arguments in ([], ["--fresh"], ["--fresh"])]
    assert len(set(tokens)) == 3
    for token in tokens:
        header = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{platform}/itwins/", headers=header, timeout=10).ok


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_either_client_authentication_will_do(box: Box, platform: str, method: str) -> None:
    """As at iTwin's own; a wrong secret is refused by both."""
    box.environ["CREDHELPER_CLIENT_AUTH"] = method
    assert box.run("get").token().startswith("eyJ")
    box.environ["ITWIN_CLIENT_SECRET"] = "wrong-secret-é"
    assert "invalid_client" in box.run("get", "--fresh").refused(77)


def test_a_restart_takes_the_same_settings(box: Box, platform: str) -> None:
    """At a port of one's choice, the secret is the same; a port that is taken is an io error."""
    port = platform.rpartition(":")[2]
    line = box.run("demo", "--serve", "--port", port).refused(74)
    assert f"cannot listen at port {port}" in line
    assert "--port" in line
    assert "cannot listen" in box.run("demo", "--serve", "--port", "99999").refused(74)
    assert "--port" in box.run("demo", "--serve", "--port", "x").refused(64)
    process = box.start("demo", "--serve")
    assert process.stderr
    lines = "".join(process.stderr.readline() for _ in range(6))
    assert f"export ITWIN_CLIENT_SECRET={box.environ['ITWIN_CLIENT_SECRET']}\n" in lines
    process.terminate()
    process.communicate()


def test_a_profile_beside_others_works(box: Box, platform: str) -> None:
    """By the line that it prints for who has a config file."""
    words = ["init", "demo", "--token-url", box.environ["CREDHELPER_TOKEN_URL"]]
    words += ["--scope", "itwin-platform", "--client-id", box.environ["ITWIN_CLIENT_ID"]]
    assert box.run(*words, "--secret-reference", "env:ITWIN_CLIENT_SECRET").status == 0
    header = {"Authorization": f"Bearer {box.run('get', 'demo').token()}"}
    assert requests.get(f"{platform}/itwins/", headers=header, timeout=10).ok


def test_a_port_needs_a_server(box: Box) -> None:
    """Else it would be ignored."""
    assert "add --serve" in box.run("demo", "--port", "1").refused(64)
