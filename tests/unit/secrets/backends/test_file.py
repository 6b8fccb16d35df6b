"""Secrets in files."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError, DeniedError
from credhelper.secrets import secret
from credhelper.secrets.backends import file
from tests.unit.secrets.backends import contract

SECRET = "made-up-in-a-file"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file that holds the secret."""
    path = tmp_path / "secret"
    path.write_text(SECRET)
    return path


@pytest.mark.parametrize("check", contract.CHECKS)
def test_contract(check: Callable[[contract.Case], None], path: Path) -> None:
    """A file keeps the contract of all backends."""
    check(contract.Case(f"file:{path}", f"file:{path}-not", SECRET, (f"file:{path}#x",)))


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_one_line_end_is_dropped(path: Path, end: str) -> None:
    """The line end that editors and `echo` add is no part of the secret."""
    path.write_bytes((SECRET + end).encode())
    assert contract.read(f"file:{path}") == SECRET


@pytest.mark.parametrize("text", ["\n", f"{SECRET}\n\n", f"\n{SECRET}", f"{SECRET}\nmore\n", ""])
def test_only_one_line(path: Path, text: str) -> None:
    """A file that is not exactly one line is refused: which part is the secret is not guessed."""
    path.write_text(text)
    contract.refused(ConfigError, f"file:{path}", secrets=(SECRET,))


def test_byte_order_mark(path: Path) -> None:
    """Windows' editors put one first; in UTF-16, as PowerShell writes, it is told what to do."""
    path.write_text(f"{SECRET}\r\n", encoding="utf-8-sig", newline="")
    assert contract.read(f"file:{path}") == SECRET
    path.write_text(SECRET, encoding="utf-16")
    error = contract.refused(ConfigError, f"file:{path}", secrets=(SECRET,))
    assert (error.problem, error.hint) == (f"{path} is UTF-16, not UTF-8 text", "store it as UTF-8")


def test_json(path: Path) -> None:
    """Of JSON, on however many lines, one field is the secret; without it, all of it never is."""
    path.write_text(json.dumps({"user": "db", "a": {"b": SECRET}}, indent=2))
    assert contract.read(f"file:{path}#/a/b") == SECRET
    error = contract.refused(ConfigError, f"file:{path}", secrets=(SECRET,))
    assert error.problem == f"{path} is a JSON object with the fields a, user"


def test_unseen_character(path: Path) -> None:
    """It is called by its name, with the file that has it."""
    path.write_text(f"{SECRET}\u2060")
    error = contract.refused(ConfigError, f"file:{path}", secrets=(SECRET,))
    assert error.problem.endswith(f"file:{path} ends in the character WORD JOINER (U+2060)")


def test_check_of_a_missing_file(path: Path) -> None:
    """What is told of a file that is not there is our own error, too."""
    reference = SecretRef.parse(f"file:{path}-not", "k")
    told = secret.describe(reference, {}, key="k")
    assert next(told)[0].startswith("user ")
    with pytest.raises(ConfigError, match="is no file"):
        next(told)


def test_spaces_stay(path: Path) -> None:
    """Nothing but the line end is dropped."""
    path.write_text(f" {SECRET} \n")
    assert contract.read(f"file:{path}") == f" {SECRET} "


def test_symbolic_link(path: Path) -> None:
    """Kubernetes mounts secrets as symbolic links, so links are followed."""
    link = path.with_name("link")
    link.symlink_to(path)
    assert contract.read(f"file:{link}") == SECRET


def test_fifo(tmp_path: Path) -> None:
    """A fifo is refused at once, although nobody ever writes to it."""
    os.mkfifo(tmp_path / "fifo")
    contract.refused(ConfigError, f"file:{tmp_path}/fifo")


def test_no_regular_file(tmp_path: Path) -> None:
    """A directory, a device and a socket are refused."""
    with socket.socket(socket.AF_UNIX) as listener:
        # A relative name: a socket's path may have about a hundred characters only.
        before = Path.cwd()
        os.chdir(tmp_path)
        listener.bind("socket")
        os.chdir(before)
        for path in (str(tmp_path), "/dev/zero", f"{tmp_path}/socket"):
            contract.refused(ConfigError, f"file:{path}")


def test_unreadable(path: Path) -> None:
    """A file of somebody else's is a matter of permission."""
    path.chmod(0)
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)  # root may read everything, nobody may not
    try:
        error = contract.refused(DeniedError, f"file:{path}")
    finally:
        os.seteuid(own)
    assert str(path) in error.problem


def test_relative(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path would depend on where the caller stands, and is refused."""
    monkeypatch.chdir(path.parent)
    contract.refused(ConfigError, f"file:{path.name}")


def test_not_text(path: Path) -> None:
    """Bytes that are not UTF-8 are refused and not shown."""
    path.write_bytes(SECRET.encode() + b"\xff")
    contract.refused(ConfigError, f"file:{path}", secrets=(SECRET,))


def test_size(path: Path) -> None:
    """Up to the limit a file is read whole; past it it is refused, never cut."""
    path.write_text("x" * file.SIZE_LIMIT)
    assert len(contract.read(f"file:{path}")) == file.SIZE_LIMIT
    path.write_text("x" * (file.SIZE_LIMIT + 1))
    contract.refused(ConfigError, f"file:{path}")
