"""Cache files: who may have written them, and what a damaged one costs."""

import os
import socket
import stat
import time
from pathlib import Path

import pytest

from credhelper import cache
from credhelper.renewal import removal, store
from credhelper.token import HARD_S, Entry, Token
from tests.conftest import Box
from tests.support.servers.counting import TokenServer
from tests.support.slots import damage, sealed, slot


def entry(*, life_s: float = 3600, stored_at: float | None = None) -> Entry:
    """Return an entry as `issue` makes it."""
    now = time.time()
    token = Token("abc", token_type="Bearer", expires_at=int(now + life_s), scope="a b")
    return Entry(
        token,
        stamp="stamp",
        identity="identity",
        stored_at=now if stored_at is None else stored_at,
        renew_at=int(now + life_s / 2),
        endpoint="https://a/token",
        conditions={"VAULT_ADDR": "https://v", "VAULT_NAMESPACE": None},
    )


ENVIRON = {"VAULT_ADDR": "https://v"}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """An entry comes back as it went in, from a file that only its owner can read."""
    before = entry()
    store.write(slot(tmp_path), before)
    after = cache.read(slot(tmp_path), ENVIRON)
    assert after
    assert after.token.access_token == before.token.access_token
    assert after.token.scope == "a b"
    assert (after.stamp, after.identity) == ("stamp", "identity")
    assert (after.stored_at, after.renew_at) == (before.stored_at, before.renew_at)
    assert after.endpoint == "https://a/token"
    assert stat.S_IMODE((tmp_path / "x-0").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["x-0"]


@pytest.mark.parametrize(
    "environ", [{}, {"VAULT_ADDR": "https://w"}, {**ENVIRON, "VAULT_NAMESPACE": ""}]
)
def test_another_variable_is_another_secret(tmp_path: Path, environ: dict[str, str]) -> None:
    """An entry serves only under the variables that its secret reference was read with."""
    store.write(slot(tmp_path), entry())
    assert cache.read(slot(tmp_path), environ) is None


def test_no_damage_of_an_entry_is_served(tmp_path: Path) -> None:
    """Every truncation, every flipped bit, every byte more or less is a miss."""
    store.write(slot(tmp_path), entry())
    path = tmp_path / "x-0"
    data = path.read_bytes()
    for place in range(len(data)):
        damaged = [
            data[:place],
            data[:place] + data[place + 1 :],
            data[:place] + b"x" + data[place:],
        ]
        damaged += [
            data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :] for bit in range(8)
        ]
        for each in damaged:
            damage(path, each)
            assert cache.read(slot(tmp_path), ENVIRON) is None
    damage(path, data)
    assert cache.read(slot(tmp_path), ENVIRON)


@pytest.mark.parametrize(
    "other", [("y", "", "0"), ("X", "", "0"), ("x", "sts", "0"), ("x", "", "1")]
)
def test_no_entry_serves_for_another(tmp_path: Path, other: tuple[str, str, str]) -> None:
    """A file under another's name is a miss, also with a checksum for that name."""
    profile, grant, key = other
    store.write(slot(tmp_path), entry())
    data = (tmp_path / "x-0").read_bytes()
    wrong = slot(tmp_path, profile, grant, key=key)
    damage(tmp_path / wrong.name, data)
    assert cache.read(wrong, ENVIRON) is None
    if (profile, grant) != ("x", ""):
        damage(tmp_path / wrong.name, sealed(wrong.name, data.partition(b"\n")[2]))
        assert cache.read(wrong, ENVIRON) is None


def test_odd_values_in_a_sound_file_are_a_miss(tmp_path: Path) -> None:
    """Garbage in any line ends in a miss, never in an exception."""
    store.write(slot(tmp_path), entry())
    lines = (tmp_path / "x-0").read_bytes().partition(b"\n")[2].split(b"\n")
    for number in range(10):
        for garbage in (b"", b"\xff\xfe", b"\x00", b"1e400", b"-1", b"nan"):
            body = b"\n".join([*lines[:number], garbage, *lines[number + 1 :]])
            damage(tmp_path / "x-0", sealed("x-0", body))
            found = cache.read(slot(tmp_path), ENVIRON)
            assert found is None or number in (2, 3, 4, 5, 6, 7, 8, 9), (number, garbage)
            assert found is None or not found.serves(float("nan"))


def test_other_forms_are_a_miss_and_are_replaced(tmp_path: Path) -> None:
    """Older versions wrote other headers, and none for the index; newer ones may, too."""
    for old in (b"credhelper-entry 1\nstamp\n", b"credhelper 4 ab\nentry\n"):
        damage(tmp_path / "x-0", old)
        assert cache.read(slot(tmp_path), ENVIRON) is None
        store.write(slot(tmp_path), entry())
        assert cache.read(slot(tmp_path), ENVIRON)
    settings = cache.Source("/a", stamp="stamp")
    damage(tmp_path / "@index-2f61", b"/a 1 2 3\np\np\nend\n")
    assert cache.read_index(cache.Folder(str(tmp_path)), settings) is None
    store.write_index(cache.Folder(str(tmp_path)), settings, cache.Index("p", {"p": 1.0}, []))
    assert cache.read_index(cache.Folder(str(tmp_path)), settings)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610])
def test_bits_for_others_are_not_trusted(tmp_path: Path, mode: int) -> None:
    """A file that others may touch is neither read nor replaced nor repaired."""
    store.write(slot(tmp_path), entry())
    (tmp_path / "x-0").chmod(mode)
    assert cache.read(slot(tmp_path), ENVIRON) is None
    with pytest.raises(PermissionError):
        store.write(slot(tmp_path), entry())
    assert stat.S_IMODE((tmp_path / "x-0").stat().st_mode) == mode


@pytest.mark.parametrize("kind", ["link", "hard", "fifo", "folder", "socket", "dangling"])
def test_odd_files_are_left_alone(tmp_path: Path, kind: str) -> None:
    """What we did not write is not opened for long, followed, deleted or replaced."""
    where = tmp_path / "c"
    where.mkdir(mode=0o700)
    store.write(slot(where, "real"), entry())
    path = where / "x-0"
    if kind == "link":
        path.symlink_to(where / "real-0")
    elif kind == "dangling":
        path.symlink_to(tmp_path / "nowhere")
    elif kind == "hard":
        path.hardlink_to(where / "real-0")
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "folder":
        path.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    before = path.lstat()
    assert cache.read(slot(where), ENVIRON) is None
    with pytest.raises(OSError, match="no entry"):
        store.write(slot(where), entry())
    assert not removal.forget(slot(where))
    removal.forget_all(cache.Folder(str(where)))
    assert path.lstat().st_ino == before.st_ino
    assert not (tmp_path / "nowhere").exists()


def test_a_file_without_our_header_is_not_deleted(tmp_path: Path) -> None:
    """By no kind of `forget`; a new entry replaces it, for it may be a damaged one of that name."""
    damage(tmp_path / "x-0", b"precious")
    assert not removal.forget(slot(tmp_path))
    removal.forget_all(cache.Folder(str(tmp_path)))
    assert (tmp_path / "x-0").read_bytes() == b"precious"
    store.write(slot(tmp_path), entry())
    assert cache.read(slot(tmp_path), ENVIRON)


def test_another_owners_files_are_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory or a file of another user is a miss, and nothing is written there."""
    store.write(slot(tmp_path), entry())
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache.read(slot(tmp_path), ENVIRON) is None
    with pytest.raises(PermissionError):
        store.write(slot(tmp_path), entry())


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_link_in_place_of_the_folder_counts_if_it_is_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slash: str
) -> None:
    """As with sudo and gpg: the user's own link, or root's; nobody else's leads anywhere."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir(mode=0o700)
    link.symlink_to(real)
    store.write(slot(f"{link}{slash}"), entry())
    assert cache.read(slot(f"{link}{slash}"), ENVIRON)
    if os.geteuid() == 0:
        os.chown(link, 54322, 54322, follow_symlinks=False)
    else:
        monkeypatch.setattr(os, "lstat", lambda _path: os.stat("/proc/1/root"))
    assert cache.read(slot(f"{link}{slash}"), ENVIRON) is None
    with pytest.raises(OSError, match=r"link|irectory"):
        store.write(slot(f"{link}{slash}"), entry())


def test_a_link_that_is_exchanged_while_it_is_read_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user may put one in the place of ours, where the folder above is shared."""
    link, read = tmp_path / "link", os.readlink
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "precious").mkdir(mode=0o700)
    link.symlink_to(tmp_path / "real")
    assert cache.Folder(str(link)).descriptor() >= 0

    def exchange(path: str) -> str:
        link.rename(tmp_path / "ours")
        link.symlink_to(tmp_path / "precious")
        found = read(path)
        (tmp_path / "ours").rename(link)
        return found

    monkeypatch.setattr(os, "readlink", exchange)
    with pytest.raises(OSError, match="link"):
        cache.Folder(str(link)).descriptor()


def test_a_link_to_a_link_counts_if_each_is_ours(tmp_path: Path) -> None:
    """And a circle ends."""
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "second").symlink_to("real")
    (tmp_path / "first").symlink_to(tmp_path / "second")
    assert cache.Folder(str(tmp_path / "first")).descriptor() >= 0
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OSError, match="circle"):
        cache.Folder(str(tmp_path / "circle")).descriptor()


def test_a_folder_put_in_its_place_is_not_used(tmp_path: Path) -> None:
    """Everything happens below the directory that was looked at first."""
    where = tmp_path / "c"
    one = slot(where)
    store.write(one, entry())
    where.rename(tmp_path / "moved")
    where.mkdir()
    damage(where / "x-0", b"precious")
    store.write(one, entry())
    removal.forget(one)
    assert os.listdir(tmp_path / "moved") == []
    assert (where / "x-0").read_bytes() == b"precious"


@pytest.mark.slow
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720, 0o702])
def test_a_directory_for_others_keeps_nothing(box: Box, tokens: TokenServer, mode: int) -> None:
    """Where others may write no token is kept, and the answer comes all the same, silently."""
    box.itwin(tokens.url)
    box.cache.mkdir(parents=True)
    box.cache.chmod(mode)
    assert box.run("get").token() == "canary-token-1"
    assert box.run("get").token() == "canary-token-2"
    assert list(box.cache.iterdir()) == []
    assert "could not be kept" in box.run("get", "-v").stderr


def test_a_clock_turned_back_makes_a_miss() -> None:
    """An entry from the future does not serve: its expiry cannot be believed either."""
    now = time.time()
    assert entry().serves(now)
    assert not entry(stored_at=now + 60).serves(now)
    assert not entry().serves(now - 60)


def test_nothing_near_its_end_serves() -> None:
    """Below the hard window, or the caller's own minimum, a token is not given out."""
    now = time.time()
    assert not entry(life_s=HARD_S - 1).serves(now)
    assert entry(life_s=HARD_S + 2).serves(now)
    assert not entry(life_s=100).serves(now, min_ttl_s=101)


def test_a_line_break_is_never_written(tmp_path: Path) -> None:
    """A value with a line break would forge lines of the entry."""
    forged = entry()
    forged.stamp = "a\nb"
    with pytest.raises(ValueError, match="line break"):
        store.write(slot(tmp_path), forged)
    assert os.listdir(tmp_path) == []


def test_without_a_home_nothing_lands_in_the_current_directory(
    box: Box, tokens: TokenServer
) -> None:
    """No HOME and no passwd entry: the token is printed, and no folder named `~` appears."""
    box.itwin(tokens.url)
    assert cache.directory({"HOME": "~nobody-at-all"}) == ""
    box.environ["HOME"] = "~"
    before = sorted(box.home.iterdir())
    box.run("get").token()
    assert sorted(box.home.iterdir()) == before


@pytest.mark.parametrize("name", ["CREDHELPER_PROXY", "CREDHELPER_VAULT_PROXY"])
def test_a_proxys_password_is_in_no_stamp(name: str) -> None:
    """The proxy decides about no token."""
    environ = {"CREDHELPER_CLIENT_ID": "x"}
    proxied = {**environ, name: "http://user:canary-password@proxy.example"}
    assert cache.environment_stamp(proxied) == cache.environment_stamp(environ)


def test_a_secret_in_place_of_a_reference_reaches_no_disk(box: Box) -> None:
    """Neither as it is nor as a number that could be turned back into it."""
    literal = "\tcanary-literal-secret"
    box.environ |= {"CREDHELPER_CLIENT_ID": "x", "CREDHELPER_CLIENT_SECRET": literal}
    box.run("get").refused(78)
    box.run("completion", "profiles")
    box.run("list")
    for path in box.cache.glob("*"):
        assert b"canary-literal" not in path.read_bytes()
        data = int.from_bytes(literal.strip().encode(), "big")
        assert f"{data % (2**61 - 1):x}" not in path.name


def test_the_config_files_state_is_in_the_stamp(tmp_path: Path) -> None:
    """An edit, a chmod and a replacement of the config file each change the stamp."""
    path = tmp_path / "config.toml"
    environ = {"CREDHELPER_CONFIG": str(path)}
    seen = {cache.source(environ).stamp}
    for change in (
        lambda: path.write_text("a"),
        lambda: path.write_text("ab"),
        lambda: path.chmod(0o640),
        lambda: (path.rename(tmp_path / "b"), path.write_text("ab")),
    ):
        change()
        stamp = cache.source(environ).stamp
        assert stamp not in seen
        seen.add(stamp)
