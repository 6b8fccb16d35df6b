"""The real cargo, with credhelper as its provider, fetching from a registry that wants a token."""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box, Ran
from tests.support.servers import process
from tests.support.servers.counting import TokenServer
from tests.support.servers.http import Reply
from tests.support.servers.resource import ResourceServer

PROVIDER = str(Path(COMMAND).with_name("credhelper-cargo"))
FROM_STDOUT = ["cargo:token-from-stdout", COMMAND, "as", "cargo"]
MANIFEST = '[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n'
DEPENDENCY = '[dependencies]\ndemo = { version = "0.1.0", registry = "corp" }\n'


CRATE = "/dl/demo/0.1.0/download"


def pack() -> bytes:
    """Return the file of the one crate, each time the same."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, text in (("Cargo.toml", MANIFEST.format(name="demo")), ("src/lib.rs", "")):
            member = tarfile.TarInfo(f"demo-0.1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(data.getvalue(), mtime=0)


@pytest.fixture
def registry(resource: ResourceServer) -> ResourceServer:
    """Return a sparse registry of one crate."""
    url, crate = f"http://{resource.host}", pack()
    entry = {"name": "demo", "vers": "0.1.0", "deps": [], "features": {}, "yanked": False}
    pages = {
        "/index/config.json": {"dl": f"{url}/dl", "api": url, "auth-required": True},
        "/index/de/mo/demo": entry | {"cksum": hashlib.sha256(crate).hexdigest()},
    }
    resource.challenges = ['Bearer realm="a \\"quoted\\" one"']
    resource.answer = lambda asked: Reply(
        body=crate if asked.path == CRATE else json.dumps(pages[asked.path])
    )
    return resource


@pytest.fixture
def project(box: Box, tokens: TokenServer, registry: ResourceServer) -> Box:
    """Return a box with a crate that depends on the registry's, whose host gets the token."""
    process.need("cargo")
    found = shutil.which("cargo") or ""
    # rustup looks below the home, and this test's, or its caller's, is an empty one.
    beside = Path(found).parents[2] / ".rustup"
    box.itwin(tokens.url)
    box.environ |= {
        "CREDHELPER_HOSTS": registry.host,
        "CARGO_HOME": str(box.home / "cargo"),
        "CARGO_REGISTRIES_CORP_INDEX": f"sparse+http://{registry.host}/index/",
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(beside)),
    }
    (box.home / "src").mkdir()
    (box.home / "src" / "lib.rs").touch()
    (box.home / "Cargo.toml").write_text(MANIFEST.format(name="ours") + DEPENDENCY)
    return box


def cargo(box: Box, *words: str, providers: list[list[str]]) -> Ran:
    """Run cargo, which knows nothing from before, with these providers (later ones first)."""
    home = Path(box.environ["CARGO_HOME"])
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    aliases = {f"p{number}": each for number, each in enumerate(providers)}
    lines = ["[registry]", f"global-credential-providers = {json.dumps(list(aliases))}"]
    lines += ["[credential-alias]", *(f"{key} = {json.dumps(aliases[key])}" for key in aliases)]
    (home / "config.toml").write_text("\n".join(lines))
    return box.call("cargo", *words)


@pytest.mark.parametrize(
    ("provider", "token"),
    [
        ([PROVIDER], "Bearer canary-token-1"),
        ([PROVIDER, "env", "bare"], "canary-token-1"),
        ([*FROM_STDOUT, "{index_url}"], "Bearer canary-token-1"),
        ([*FROM_STDOUT, "env", "bare", "{index_url}"], "canary-token-1"),
    ],
)
def test_cargo_sends_the_token(
    project: Box, tokens: TokenServer, registry: ResourceServer, provider: list[str], token: str
) -> None:
    """Each request but the first has it, to the index and for the crate; one token serves two."""
    registry.accepted = {token}
    for _ in range(2):
        registry.seen.clear()
        done = cargo(project, "fetch", providers=[provider])
        assert done.status == 0, done.stderr
        assert registry.seen == ["", token, token, token]
        assert "credhelper:" not in done.stderr
    assert tokens.count == 1


def test_cargo_takes_the_next_provider(
    project: Box, tokens: TokenServer, registry: ResourceServer
) -> None:
    """For a registry that is not ours cargo asks whom it has besides, and we fetch no token."""
    project.environ["CREDHELPER_HOSTS"] = "crates.example.com"
    project.environ["CARGO_REGISTRIES_CORP_TOKEN"] = "theirs"
    registry.accepted = {"theirs"}
    done = cargo(project, "fetch", providers=[["cargo:token"], [PROVIDER]])
    assert done.status == 0, done.stderr
    assert set(registry.seen) == {"", "theirs"}
    assert tokens.count == 0


@pytest.mark.parametrize("provider", [[PROVIDER], [*FROM_STDOUT, "{index_url}"]])
def test_cargo_shows_what_went_wrong(
    project: Box, tokens: TokenServer, registry: ResourceServer, provider: list[str]
) -> None:
    """Our line is in cargo's message, or beside it, and no token goes to the registry."""
    tokens.status, tokens.document = 400, {"error": "invalid_client"}
    done = cargo(project, "fetch", providers=[provider])
    assert done.status == 101
    assert done.stderr.count("credhelper: denied: ") == 1
    assert set(registry.seen) == {""}


def test_a_stale_token_is_forgotten_by_hand(
    project: Box, tokens: TokenServer, registry: ResourceServer
) -> None:
    """Cargo tells nobody that a token was rejected: it stops, and `credhelper forget` helps."""
    assert project.run("get").token() == "canary-token-1"
    registry.accepted = {"Bearer canary-token-2"}
    done = cargo(project, "fetch", providers=[[PROVIDER]])
    assert done.status == 101
    assert "token rejected" in done.stderr
    assert project.run("forget").status == 0
    assert cargo(project, "fetch", providers=[[PROVIDER]]).status == 0
    assert tokens.count == 2


def test_cargo_login_is_not_ours(project: Box) -> None:
    """There is nothing to log in to, nor out of."""
    for action in ("login", "logout"):
        done = cargo(project, action, "--registry", "corp", providers=[[PROVIDER]])
        assert done.status == 101
        assert "requested operation not supported" in done.stderr


@pytest.mark.parametrize("request_line", [b"[" * 60000 + b"\n", b'{"kind":"\xff"}\n', b"x" * 70000])
def test_a_malformed_request_is_told_in_json(box: Box, request_line: bytes) -> None:
    """Too deep, not UTF-8, too long: an error for cargo, with status 0 and nothing on stderr."""
    done = subprocess.run(
        [PROVIDER, "--cargo-plugin"],
        env=box.environ,
        input=request_line,
        capture_output=True,
        check=True,
    )
    hello, answer = done.stdout.splitlines()
    assert json.loads(hello) == {"v": [1]}
    assert json.loads(answer)["Err"]["kind"] == "other"
    assert done.stderr == b""


def test_a_full_disk_is_an_error(box: Box) -> None:
    """Half a greeting is none."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [PROVIDER, "--cargo-plugin"],
            env=box.environ,
            input=b"",
            stdout=full,
            stderr=-1,
            check=False,
        )
    assert done.returncode == 74
    assert done.stderr.startswith(b"credhelper: io: ")
