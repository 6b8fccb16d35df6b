"""What an entry is worth at which second, and where it and its settings lie."""

import os
from pathlib import Path

import pytest

from credhelper import cache
from credhelper.token import Entry, Token

NOW = 1_000_000.0


def entry(*, life_s: int = 3600, stored_at: float = NOW, renew_at: int = 0) -> Entry:
    """Return an entry whose token lives for so long after NOW."""
    token = Token("abc", token_type="Bearer", expires_at=int(NOW) + life_s, scope="")
    return Entry(
        token,
        stamp="stamp",
        identity="identity",
        stored_at=stored_at,
        renew_at=renew_at,
        conditions={"A": "b"},
    )


@pytest.mark.parametrize(
    ("life_s", "min_ttl_s", "is_served"),
    [(30, 0, False), (31, 0, True), (31, 31, True), (31, 32, False), (29, 29, False)],
)
def test_thirty_seconds_are_too_few(life_s: int, min_ttl_s: int, is_served: bool) -> None:  # noqa: FBT001 - a row
    """More than thirty, and no fewer than the caller wants."""
    assert entry(life_s=life_s).serves(NOW, min_ttl_s) is is_served


def test_a_second_of_a_clock_turned_back_is_forgiven() -> None:
    """Clocks that are kept right go back by so much; beyond it the entry is from the future."""
    assert entry(stored_at=NOW + 1).serves(NOW)
    assert not entry(stored_at=NOW + 1.1).serves(NOW)


def test_it_is_fresh_until_it_is_to_be_renewed() -> None:
    """From that very second on it is not."""
    renewed = entry(renew_at=int(NOW))
    assert renewed.is_fresh(NOW - 1)
    assert not renewed.is_fresh(NOW)


@pytest.mark.parametrize(
    ("path", "stamp", "key"),
    [("/a", "s", "2f61"), ("", "s", "73"), ("/12345678", "s", "11323334353638b1")],
)
def test_the_key_tells_two_sources_apart(path: str, stamp: str, key: str) -> None:
    """By the path, or by the settings where there is none; it stays the same between versions."""
    assert cache.Source(path, stamp=stamp).key == key


def test_the_names_of_files() -> None:
    """One for each profile, each further exchange and the index; none leaves the directory."""
    source, folder = cache.Source("/a", stamp=""), cache.Folder("/c")
    assert source.slot(folder, "p").name == "p-2f61"
    assert source.slot(folder, "p", "sts").name == "p@sts-2f61"
    assert source.slot(folder, cache.INDEX_NAME).name == "@index-2f61"


@pytest.mark.parametrize(
    ("word", "is_name"),
    [
        *(("p", True), ("A-b_c.9", True), ("x" * 100, True)),
        *(("", False), ("x" * 101, False), (".x", False), ("-x", False), ("@index", False)),
        *(("p@sts", False), ("p/sts", False), ("../x", False), ("a b", False), ("a\nb", False)),
        *(("\x1b[31m", False), ("ä", False), ("a:b", False)),
    ],
)
def test_what_can_be_a_profiles_name(word: str, is_name: bool) -> None:  # noqa: FBT001 - a row
    """It stands in a file's name, and in no other one's."""
    assert cache.is_name(word) is is_name


HOMELESS = {"HOME": "~"}


@pytest.mark.parametrize(
    ("environ", "config", "folder"),
    [
        ({"HOME": "/h"}, "/h/.config/credhelper/config.toml", "/h/.cache/credhelper"),
        (
            {"HOME": "/h", "XDG_CONFIG_HOME": "/x", "XDG_CACHE_HOME": "/y"},
            "/x/credhelper/config.toml",
            "/y/credhelper",
        ),
        (
            {"HOME": "/h", "XDG_CONFIG_HOME": "x", "XDG_CACHE_HOME": "y"},
            "/h/.config/credhelper/config.toml",
            "/h/.cache/credhelper",
        ),
        ({**HOMELESS, "CREDHELPER_CONFIG": "c", "CREDHELPER_CACHE_DIR": "d"}, "c", "d"),
        (HOMELESS, "", ""),
    ],
)
def test_where_things_lie(environ: dict[str, str], config: str, folder: str) -> None:
    """Our own variable, an absolute XDG one, the home; a relative path is nowhere."""
    assert cache.config_path(environ) == config
    assert cache.directory(environ) == folder


def test_the_home_of_the_passwd_file_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where HOME is not set, or empty."""
    monkeypatch.setenv("HOME", "/of-the-user")
    for environ in ({}, {"HOME": ""}):
        assert cache.directory(environ) == "/of-the-user/.cache/credhelper"


def test_the_stamp_of_the_environment_has_the_settings_only() -> None:
    """References and names, as a hash; neither where things are nor a secret."""
    environ = {"CREDHELPER_SCOPE": "s", "CREDHELPER_CLIENT_ID": "c", "ITWIN_CLIENT_ID": "i"}
    others = {
        "CREDHELPER_CONFIG": "x",
        "CREDHELPER_PROFILE": "x",
        "CREDHELPER_CACHE_DIR": "x",
        "CREDHELPER_ERROR_FORMAT": "x",
        "CREDHELPER_CHAIN": "x",
        "ITWIN_CLIENT_SECRET": "x",
        "HOME": "x",
    }
    stamp = "environment c3cf8fdf664f1a01126108e21da2d148"
    assert cache.environment_stamp({**others, **environ}) == stamp
    assert cache.environment_stamp(environ) == stamp
    for name in environ:
        assert cache.environment_stamp({**environ, name: "other"}) != stamp


def test_a_named_config_file_that_is_absent_is_no_environment(tmp_path: Path) -> None:
    """The one that the user names must be there; the usual one need not."""
    named = cache.source({"CREDHELPER_CONFIG": str(tmp_path / "c"), "CREDHELPER_SCOPE": "s"})
    assert (named.path, named.stamp) == (str(tmp_path / "c"), "unreadable")
    usual = cache.source({"HOME": str(tmp_path), "CREDHELPER_SCOPE": "s"})
    assert (usual.path, usual.stamp) == ("", cache.environment_stamp({"CREDHELPER_SCOPE": "s"}))


def test_the_stamp_of_a_file_names_what_it_is(tmp_path: Path) -> None:
    """Path, device, inode, size and both times."""
    status = os.stat(tmp_path)
    numbers = (status.st_dev, status.st_ino, status.st_size)
    assert cache.file_stamp("/x", status).split(" ") == [
        "/x",
        *map(str, (*numbers, status.st_mtime_ns, status.st_ctime_ns)),
    ]
