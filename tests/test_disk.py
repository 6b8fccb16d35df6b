"""What cannot be read or deleted: the caller gets a token or one line, never a traceback."""

from pathlib import Path

import pytest

from credhelper import cache
from tests.conftest import Box
from tests.servers.counting import TokenServer
from tests.sweep.scenario import soft


def break_module(box: Box, name: str, error: str = "ImportError") -> None:
    """Let a module be one that cannot be loaded."""
    folder = box.home / "broken"
    folder.mkdir()
    (folder / f"{name}.py").write_text(f"raise {error}('canary-text')\n")
    box.environ["PYTHONPATH"] = str(folder)


@pytest.mark.parametrize("error", ["ImportError", "OSError"])
@pytest.mark.parametrize("module", ["logging", "requests"])
def test_a_module_that_cannot_be_read_is_one_line(
    box: Box, tokens: TokenServer, module: str, error: str
) -> None:
    """The class is io, whether it is missing at the start or under the lock."""
    box.itwin(tokens.url)
    break_module(box, module, error)
    line = box.run("get").refused(74)
    assert line.startswith("credhelper: io: ")
    assert error in line
    assert "canary" not in line


def test_a_renewal_that_cannot_load_its_modules_serves_the_old_token(
    box: Box, tokens: TokenServer
) -> None:
    """A good token is never lost to a broken installation."""
    box.config(
        '[profiles.itwin]\nprovider = "itwin"\nclient_id = "x"\nclient_secret = "env:S"\n'
        f'token_url = "{tokens.url}"\n'
    )
    box.environ["S"] = "canary-secret-value"
    first = box.run("get").token()
    soft(box.cache)
    break_module(box, "requests")
    assert box.run("get").token() == first
    assert tokens.count == 1


def test_what_libraries_log_is_not_shown(box: Box, tokens: TokenServer) -> None:
    """Where a hash cannot be loaded hashlib logs a traceback, which callers would read."""
    box.itwin(tokens.url)
    break_module(box, "_blake2")
    box.run("get").token()


def test_an_entry_that_cannot_be_deleted_is_an_io_error(box: Box, tokens: TokenServer) -> None:
    """`forget` says so; it does not call it a bug."""
    box.itwin(tokens.url)
    box.run("get").token()
    entry = next(path for path in box.cache.glob("env-*") if path.suffix != ".lock")
    entry.unlink()
    entry.mkdir()
    assert box.run("forget").refused(74).startswith("credhelper: io: ")


def test_a_config_that_cannot_be_looked_at_is_in_force(box: Box, tokens: TokenServer) -> None:
    """The environment's profile never stands in for it, though its token is cached."""
    box.itwin(tokens.url)
    box.run("get").token()
    path = Path(cache.config_path(box.environ))
    path.parent.mkdir(parents=True)
    path.symlink_to(path)
    assert str(path) in box.run("get").refused(78)
