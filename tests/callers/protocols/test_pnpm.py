"""The real pnpm, whose `tokenHelper` is `credhelper-pnpm`, against a registry of one package.

https://pnpm.io/npmrc#urltokenhelper
"""

import base64
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box
from tests.support.servers.counting import TokenServer
from tests.support.servers.http import Reply
from tests.support.servers.resource import ResourceServer

PACKAGE = {"name": "tiny", "version": "1.0.0"}

pytestmark = [pytest.mark.toolchain, pytest.mark.xdist_group("pnpm")]  # one installation of each


@pytest.fixture(scope="module", params=["pnpm@10", "pnpm@12"])
def pnpm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a pnpm of the npm registry: 10 takes our output as it is, 12 looks for the scheme."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("pnpm")
    words = ["install", "--no-save", "--no-audit", "--no-fund", "--silent", request.param]
    subprocess.run(["npm", *words, "--prefix", str(folder)], check=True)
    return str(folder / "node_modules" / ".bin" / "pnpm")


@pytest.fixture
def registry(box: Box, tokens: TokenServer, resource: ResourceServer) -> ResourceServer:
    """Return a registry; the box's user and an empty project are set up for it."""
    archive = tarball()
    digest = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    dist = {"tarball": f"http://{resource.host}/tiny.tgz", "integrity": f"sha512-{digest}"}
    document = {
        "name": "tiny",
        "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": PACKAGE | {"dist": dist}},
    }
    served = {"/tiny": json.dumps(document).encode(), "/tiny.tgz": archive}
    resource.answer = lambda asked: Reply(body=served[asked.path])
    box.itwin(tokens.url)
    executable = Path(COMMAND).with_name("credhelper-pnpm")
    (box.home / ".npmrc").write_text(
        f"registry=http://{resource.host}/\n//{resource.host}/:tokenHelper={executable}\n"
        "fetch-retries=0\n"
    )
    return resource


def tarball() -> bytes:
    """Return a package of nothing but its name and version."""
    manifest = json.dumps(PACKAGE).encode()
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        entry = tarfile.TarInfo("package/package.json")
        entry.size = len(manifest)
        archive.addfile(entry, io.BytesIO(manifest))
    return file.getvalue()


def add(box: Box, pnpm: str, project: str) -> subprocess.CompletedProcess[str]:
    """Let pnpm add the package to a new project, with a store of its own."""
    folder = box.home / project
    folder.mkdir()
    (folder / "package.json").write_text("{}")
    state = {f"XDG_{name}_HOME": str(folder / name) for name in ("DATA", "CONFIG", "STATE")}
    return subprocess.run(
        [pnpm, "add", "tiny"],
        env=box.environ | state | {"CI": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_pnpm_sends_the_token(
    box: Box, tokens: TokenServer, registry: ResourceServer, pnpm: str
) -> None:
    """The metadata and the package are fetched with the token, which the cache keeps."""
    for project in ("first", "second"):
        done = add(box, pnpm, project)
        assert done.returncode == 0, done.stdout + done.stderr
        manifest = box.home / project / "node_modules" / "tiny" / "package.json"
        assert json.loads(manifest.read_text()) == PACKAGE
    assert set(registry.seen) == {"Bearer canary-token-1"}
    assert tokens.count == 1


def test_a_stale_token_is_forgotten_by_hand(
    box: Box, tokens: TokenServer, registry: ResourceServer, pnpm: str
) -> None:
    """A 401 fails the command; pnpm tells us nothing of it."""
    registry.accepted = {"Bearer canary-token-2"}
    refused = add(box, pnpm, "first")
    assert refused.returncode != 0
    assert "401" in refused.stdout + refused.stderr
    assert "canary" not in refused.stdout + refused.stderr
    assert box.run("forget").status == 0
    assert add(box, pnpm, "second").returncode == 0
    assert tokens.count == 2
