"""What is forgotten stays forgotten, and what nobody asks for goes."""

import os
import time

import pytest

from tests.conftest import Box
from tests.support.servers.counting import TokenServer
from tests.support.slots import plant


def tokens_on_disk(box: Box) -> list[str]:
    """Return the files that hold a token."""
    return [path.name for path in box.cache.iterdir() if b"canary-token" in path.read_bytes()]


def config(box: Box, tokens: TokenServer, name: str, more: str = "") -> None:
    """Write a config with one profile."""
    box.config(
        f'[profiles.{name}]\ntoken_url = "{tokens.url}"\nclient_id = "x"\n'
        f'client_secret = "env:SEC"\n{more}'
    )
    box.environ["SEC"] = "some-secret-0123"


def test_a_token_goes_once_its_profile_is_never_cached(box: Box, tokens: TokenServer) -> None:
    """`ephemeral = true` takes effect for what is on the disk already."""
    config(box, tokens, "p")
    box.run("get").token()
    config(box, tokens, "p", "ephemeral = true\n")
    box.run("get").token()
    assert tokens_on_disk(box) == []


def test_the_token_of_a_renamed_profile_goes(box: Box, tokens: TokenServer) -> None:
    """With the next new token; before that `forget` takes the old name."""
    config(box, tokens, "p")
    box.run("get").token()
    config(box, tokens, "q")
    box.run("get").token()
    assert [name.split("-")[0] for name in tokens_on_disk(box)] == ["q"]
    config(box, tokens, "r")
    assert box.run("forget", "q").status == 0
    assert tokens_on_disk(box) == []
    assert "no profile `q`" in box.run("forget", "q").refused(78)


def test_forget_works_while_the_config_is_broken(box: Box, tokens: TokenServer) -> None:
    """Somebody who must get rid of a token cannot wait for a correct config."""
    config(box, tokens, "p")
    box.run("get").token()
    path = box.config("[profiles.p\n")
    assert path.exists()
    assert box.run("forget", "p").status == 0
    assert tokens_on_disk(box) == []


def test_a_failing_renewal_brings_back_no_forgotten_token(box: Box, tokens: TokenServer) -> None:
    """The old token is neither stored again nor answered."""
    box.itwin(tokens.url)
    plant(box, life_s=200, renew_in_s=-1)
    tokens.status, tokens.document = 503, {}
    tokens.gate.clear()
    renewing = box.start("get")
    assert tokens.arrived.wait(30)
    assert box.run("forget").status == 0
    tokens.gate.set()
    stdout, _stderr = renewing.communicate(timeout=30)
    assert (renewing.returncode, stdout) == (75, "")
    assert not any(b"planted" in path.read_bytes() for path in box.cache.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["HOME", "clone"])
def test_the_cache_may_lie_among_the_users_files(box: Box, tokens: TokenServer, kind: str) -> None:
    """CREDHELPER_CACHE_DIR may be any folder: nothing there but our own files is touched."""
    box.itwin(tokens.url)
    where = box.home / kind
    where.mkdir(mode=0o700)
    box.environ["CREDHELPER_CACHE_DIR"] = str(where)
    for name in (".bashrc", ".env", ".gitignore", ".netrc", "notes.lock", "keys-1a.lock", "a-1b"):
        (where / name).write_text("precious")
        (where / name).chmod(0o600)
        os.utime(where / name, (0, time.time() - 10 * 86400))
    before = {path.name: path.read_text() for path in where.iterdir()}
    box.run("get").token()
    box.run("get", "--fresh").token()
    box.run("forget")
    box.run("get").token()
    box.run("forget", "--all")
    assert {path.name: path.read_text() for path in where.iterdir()} == before


def test_a_token_of_any_size_is_kept(box: Box, tokens: TokenServer) -> None:
    """Nothing that a server may send is dropped silently."""
    box.itwin(tokens.url)
    tokens.document = {"access_token": "A" * 200_000, "token_type": "bearer", "expires_in": 3600}
    first = box.run("get").token()
    assert box.run("get").token() == first
    assert tokens.count == 1


@pytest.mark.parametrize("words", [["forget"], ["forget", "--all"]])
def test_a_cache_that_is_not_ours_alone_is_named(
    box: Box, tokens: TokenServer, words: list[str]
) -> None:
    """Nothing is deleted there, and the line says where and how to see why."""
    box.itwin(tokens.url)
    box.run("get").token()
    kept = sorted(box.cache.iterdir())
    box.cache.chmod(0o777)
    line = box.run(*words).refused(74)
    assert f"nothing can be deleted in {box.cache}" in line
    assert "credhelper check" in line
    assert sorted(box.cache.iterdir()) == kept
