"""The real pip and uv, with credhelper as their `keyring`, against an index that wants a login."""

import base64
import io
import os
import shutil
import sys
import zipfile
from collections.abc import Sequence

import pytest

from tests.conftest import COMMAND, Box, Ran
from tests.support.servers.counting import TokenServer
from tests.support.servers.http import Asked, Reply
from tests.support.servers.resource import ResourceServer

pytestmark = pytest.mark.toolchain

WHEEL = "demo-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
# With its metadata as a file of its own (PEP 658): no caller needs HEAD, or parts of the wheel.
PAGE = f'<!DOCTYPE html><a href="/files/{WHEEL}" data-core-metadata="true">{WHEEL}</a>'
# Without it uv runs `keyring` only for a user whom the URL names.
UV = """
[[index]]
url = "http://{user}{host}/simple/"
default = true
authenticate = "always"
"""


def wheel() -> bytes:
    """Return the smallest wheel."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("demo-1.0.dist-info/METADATA", METADATA)
        archive.writestr(
            "demo-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("demo-1.0.dist-info/RECORD", "")
    return buffer.getvalue()


def basic(name: str, password: str) -> str:
    """Return an Authorization header (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


@pytest.fixture
def index(box: Box, tokens: TokenServer, resource: ResourceServer) -> ResourceServer:
    """Return an index of one wheel, whose host is the profile's, and a `keyring` that is ours."""
    data = wheel()

    def serve(asked: Asked) -> Reply:
        if asked.path.endswith(WHEEL):
            return Reply(body=data)
        if asked.path.endswith(".metadata"):
            return Reply(body=METADATA)
        return Reply(body=PAGE, headers={"Content-Type": "text/html"})

    resource.answer = serve
    resource.challenges = ['Basic realm="index"']
    box.itwin(tokens.url)
    folder = box.home / "bin"
    folder.mkdir()
    (folder / "keyring").symlink_to(COMMAND)
    # pip and uv see to their own warnings, and to nobody's settings.
    del box.environ["PYTHONWARNINGS"]
    box.environ |= {
        "CREDHELPER_HOSTS": resource.host,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_CONFIG_FILE": str(box.home / "uv.toml"),
        "UV_KEYRING_PROVIDER": "subprocess",
    }
    return resource


def command(caller: str, box: Box, host: str, user: str = "") -> list[str]:
    """Return what fetches the wheel: pip with that keyring provider, or uv; else skip."""
    user = f"{user}@" if user else ""
    if caller == "uv":
        if (uv := shutil.which("uv")) is None:
            pytest.skip("uv is not installed")
        (box.home / "uv.toml").write_text(UV.format(user=user, host=host))
        words = [uv, "pip", "install", "--no-cache", f"--python={sys.executable}", "--target=got"]
        return [*words, "demo"]
    pytest.importorskip("pip", reason="pip is not installed")
    words = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--no-input"]
    words += ["--retries=0", f"--keyring-provider={caller}", "--dest=got"]
    return [*words, f"--index-url=http://{user}{host}/simple/", "demo"]


def run(box: Box, command: Sequence[str]) -> Ran:
    """Run a caller that has got nothing yet."""
    shutil.rmtree(box.home / "got", ignore_errors=True)
    return box.call(*command)


def succeeds(box: Box, command: Sequence[str]) -> bool:
    """Return whether a caller got the wheel, without a word about any token."""
    done = run(box, command)
    assert "canary" not in done.stdout + done.stderr
    names = {path.name for path in (box.home / "got").glob("demo*")}
    assert bool(names) == (done.status == 0), done.stderr
    return bool(names)


CALLERS = ["subprocess", "import", "uv"]
# A user whom the URL names, or none; and the name that goes with the token.
NAMES = {"": "oauth2accesstoken", "build": "build"}


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("user", NAMES)
def test_the_index_sees_the_token(
    box: Box, tokens: TokenServer, index: ResourceServer, caller: str, user: str
) -> None:
    """It is the password of the user that the URL names, else of the default one, run after run."""
    good = basic(NAMES[user], "canary-token-1")
    index.accepted = {good}
    for _ in range(2):
        index.seen.clear()
        assert succeeds(box, command(caller, box, index.host, user))
        # The page, the metadata, the wheel; before them requests without a token.
        assert index.seen[-3:] == [good] * 3
        assert set(index.seen) <= {good, "", basic(user, "")}
    assert tokens.count == 1


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("user", NAMES)
def test_another_index_gets_nothing(
    box: Box, tokens: TokenServer, index: ResourceServer, caller: str, user: str
) -> None:
    """No profile serves that host: there is no token, though one is in the cache."""
    box.environ["CREDHELPER_HOSTS"] = "pypi.example.com"
    assert box.run("get").token() == "canary-token-1"
    assert not succeeds(box, command(caller, box, index.host, user))
    assert set(index.seen) <= {"", basic(user, "")}
    assert tokens.count == 1


@pytest.mark.parametrize("caller", CALLERS)
def test_a_rejected_token_stays_until_it_is_dropped(
    box: Box, tokens: TokenServer, index: ResourceServer, caller: str
) -> None:
    """No caller tells of a 401 (`keyring` has no word for it); `credhelper forget` helps."""
    words = command(caller, box, index.host, "build")
    index.accepted = {basic("build", "canary-token-2")}
    for _ in range(2):
        assert not succeeds(box, words)
        assert index.seen[-1] == basic("build", "canary-token-1")
    assert tokens.count == 1
    assert box.run("forget").status == 0
    assert succeeds(box, words)
    assert tokens.count == 2


@pytest.mark.parametrize("caller", ["import", "uv"])
def test_a_refused_client_is_told(
    box: Box, tokens: TokenServer, index: ResourceServer, caller: str
) -> None:
    """Our line is shown; pip's `subprocess` alone swallows what `keyring` says."""
    tokens.status, tokens.document = 400, {"error": "invalid_client"}
    done = run(box, command(caller, box, index.host, "build"))
    assert done.status != 0
    assert "credhelper: denied: " in done.stderr
    assert "canary" not in done.stdout + done.stderr
