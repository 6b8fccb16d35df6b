"""Row of a disk that is full, over quota or read-only, no home, no descriptor left.

Each fault has the same cells: a good token is printed, silently; without one a token is fetched
and printed, as silently, and only not kept. A quota is a limit of the file size here (EFBIG for
EDQUOT): few kernels have a file system with quotas that a test may mount.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box
from tests.support import mounts
from tests.support.outcomes import drop
from tests.support.servers.counting import TokenServer
from tests.support.slots import plant

pytestmark = pytest.mark.slow

FILL = "cat /dev/zero >{0}/full 2>/dev/null || true"


def kept(box: Box) -> list[str]:
    """Return the names in the cache that hold a token, or would be litter."""
    held = [path for path in box.cache.iterdir() if path.name != "full"]
    return [p.name for p in held if p.name.startswith(".") or b"canary-token" in p.read_bytes()]


def cells(box: Box, tokens: TokenServer, *within: str) -> None:
    """Check a row's cells: fresh, soft while the server is down, and none at all, twice."""
    command = (*within, COMMAND, "get")
    tokens.status = 503
    plant(box, life_s=3600, renew_in_s=3000)
    assert box.call(*command).token() == "planted"
    plant(box, life_s=200, renew_in_s=-1)
    assert box.call(*command).token() == "planted"
    drop(box)
    tokens.status, before = 200, tokens.count
    assert box.call(*command).token() == f"canary-token-{before + 1}"
    assert box.call(*command).token() == f"canary-token-{before + 2}"
    assert "could not be kept" in box.call(*command, "-v").stderr


def test_a_full_disk(box: Box, tokens: TokenServer) -> None:
    """A file system of 4 KiB beside what is there: the entry does not fit, and leaves no litter."""
    box.itwin(tokens.url)
    box.cache.mkdir(parents=True, mode=0o700)
    small = box.home / "small"
    small.mkdir()
    listing = box.home / "listing"
    box.environ["CREDHELPER_CACHE_DIR"] = str(small)
    within = mounts.within(
        f"mount -t tmpfs -o size=8k,mode=700 none {small}",
        f"cp -p {box.cache}/env-* {small} 2>/dev/null || true",
        FILL.format(small),
        f"trap 'ls -A {small} >{listing}' EXIT",
    )
    cells(box, tokens, *within)
    left = listing.read_text().split()
    assert [name for name in left if not name.endswith(".lock")] == ["full"]


def test_a_read_only_disk(box: Box, tokens: TokenServer) -> None:
    """Also without a lock: each caller fetches for itself."""
    box.itwin(tokens.url)
    box.cache.mkdir(parents=True, mode=0o700)
    within = mounts.within(
        f"mount --bind {box.cache} {box.cache}",
        f"mount -o remount,ro,bind {box.cache}",
    )
    cells(box, tokens, *within)
    assert kept(box) == []


def test_a_file_size_limit(box: Box, tokens: TokenServer) -> None:
    """A write that is refused half-way leaves neither half an entry nor a temporary file."""
    box.itwin(tokens.url)
    cells(box, tokens, "bash", "-c", 'ulimit -f 0; exec "$@"', "bash")
    assert kept(box) == []


@pytest.mark.parametrize("home", ["", "~", "relative"])
def test_no_home(box: Box, tokens: TokenServer, home: str) -> None:
    """No HOME and a user without a passwd entry: nothing appears where the caller stands."""
    nobody = ["unshare", "--user", "--map-user=54321", "--map-group=54321"]
    if shutil.which("unshare") is None or subprocess.run([*nobody, "true"], check=False).returncode:
        pytest.skip("no user may be made here")
    box.itwin(tokens.url)
    box.environ["HOME"] = home
    if not home:
        del box.environ["HOME"]
    before = sorted(os.listdir(box.home))
    assert box.call(*nobody, COMMAND, "get").token() == "canary-token-1"
    assert box.call(*nobody, COMMAND, "get").token() == "canary-token-2"
    assert sorted(os.listdir(box.home)) == before
    assert not [path for path in Path(box.home).rglob("*") if path.name == "credhelper"]


@pytest.mark.parametrize("limit", [4, 5, 6, 8])
def test_few_descriptors(box: Box, tokens: TokenServer, limit: int) -> None:
    """As soon as Python itself can start a token is served; to fetch one may need some more.

    What is not fetched for that reason alone is an error of the machine, not a bug.
    """
    box.itwin(tokens.url)
    within = ("bash", "-c", f'ulimit -n {limit}; exec "$@"', "bash")
    plant(box, life_s=3600, renew_in_s=3000)
    hit = box.call(*within, COMMAND, "get")
    if hit.status and "credhelper: " not in hit.stderr:
        assert limit < 6, "Python itself does not start"
        return
    assert hit.token() == "planted"
    tokens.status = 503
    plant(box, life_s=200, renew_in_s=-1)
    assert box.call(*within, COMMAND, "get").token() == "planted"
    drop(box)
    tokens.status = 200
    cold = box.call(*within, COMMAND, "get")
    if cold.status:
        assert "Too many open files" in cold.refused(74)
    else:
        assert cold.token() == f"canary-token-{tokens.count}"
