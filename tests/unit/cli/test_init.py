"""`init`: a config file that works, and no byte of another profile lost."""

import os
import stat
import sys
import tomllib
from pathlib import Path

import pytest

from credhelper import caller
from credhelper.config import load, new_profile
from credhelper.config.new_profile import Draft
from credhelper.errors import ConfigError, TemporaryError
from tests.conftest import Box
from tests.support.canary import leaks
from tests.support.first_config import FLAGS, path_of
from tests.support.servers.counting import TokenServer

EXISTING = (
    b"# mine\r\ndefault_profile = 'a'  # and why\r\n\r\n[profiles.a]\n"
    b'client_secret="env:A"\nprovider  =  "itwin"\nclient_id = """x"""\n'
    b"[profiles.a.parameters]\n# end"
)


def known(box: Box) -> load.Profiles:
    """Return what the config file says, read as every command reads it."""
    return load.profiles({"HOME": str(box.home)})


def test_a_whole_chain_works_at_once(box: Box, tokens: TokenServer) -> None:
    """Where the secret is there already, the status is 0 and the next step is the caller's."""
    box.environ["S"] = "canary-secret-value"
    flags = ["--token-url", tokens.url, "--client-id", "x", "--secret-reference", "env:S"]
    hosts = ["--hosts", "api.example.com, *.corp.example"]
    ran = box.run("init", "p", *flags, *hosts, "--caller", "git")
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.endswith("Next: credhelper setup git p --write\n")
    assert known(box).get("p").hosts == ("api.example.com:443", "*.corp.example:443")
    assert box.run("get").token() == "canary-token-2"
    assert not leaks(path_of(box).read_bytes() + ran.stdout.encode(), "canary-secret-value")


@pytest.mark.parametrize("flag", [0, 2, 4])
def test_a_missing_flag_is_named(box: Box, flag: int) -> None:
    """Nothing is asked where a flag answers, or where nobody could."""
    line = box.run("init", *FLAGS[:flag], *FLAGS[flag + 2 :]).refused(64)
    assert f"{FLAGS[flag]} " in line
    assert "--provider" in box.run("init").refused(64)
    assert not path_of(box).exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "status", "said"),
    [
        (("--secret-reference", "hunter2"), 78, "is not a secret reference"),
        (("--secret-reference", "vualt:a/b#c"), 78, "known: aws, env, file, vault"),
        (("--provider", "itwn"), 78, "did you mean `itwin`?"),
        (("--token-url", "http://idp.example/t"), 78, "does not start with https://"),
        (("--token-url", "https://a.example/t", "--issuer", "https://a.example"), 78, "both set"),
        (("--client-id", "a\nclient_secret = 'x'"), 78, "is not a printable string"),
        (("--scope", "\x1b[31m"), 78, "is not a printable string"),
        (("--hosts", "*.com"), 78, "is no host"),
        (("--caller", "gti"), 64, "did you mean `git`?"),
        (("../p",), 78, "is not a plain word"),
        (('p"]\nx',), 78, "is not a printable string"),
    ],
)
def test_a_wrong_answer_writes_nothing(
    box: Box, flags: tuple[str, ...], status: int, said: str
) -> None:
    """The key is named, or the nearest right word; the value is not repeated."""
    line = box.run("init", *FLAGS, *flags).refused(status)
    assert said in line
    assert "hunter2" not in line
    assert not (box.home / ".config").exists()


def test_a_profile_is_appended(box: Box) -> None:
    """All bytes that were there stay; the file stays one with the mode that it had."""
    path = box.config("")
    path.write_bytes(EXISTING)
    path.chmod(0o640)
    before = known(box)
    ran = box.run("init", "new.1", *FLAGS)
    assert ran.status == 0
    table = b'[profiles."new.1"]\nprovider = "itwin"\nclient_id = "x"\nclient_secret = "env:S"\n'
    assert path.read_bytes() == EXISTING + b"\n\n" + table
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert known(box).default == "a"
    assert known(box).get("a") == before.get("a")
    assert "Note" not in ran.stdout
    assert [each.name for each in path.parent.iterdir()] == ["config.toml"]


def test_a_second_profile_ends_the_default_of_the_only_one(box: Box) -> None:
    """So it says what to write, if calls without a name are to go on."""
    assert "Note" not in box.run("init", *FLAGS).stdout
    assert '`default_profile = "itwin"`' in box.run("init", "b", *FLAGS).stdout


def test_a_name_that_is_taken(box: Box) -> None:
    """Nothing is written, not even the same."""
    assert box.run("init", *FLAGS).status == 0
    before = path_of(box).read_bytes(), path_of(box).stat().st_ino
    assert "has a profile `itwin` already" in box.run("init", *FLAGS).refused(64)
    assert (path_of(box).read_bytes(), path_of(box).stat().st_ino) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('profiles = { a = { provider = "itwin" } }\n', "in a form that is not edited"),
        ("profiles = 1\n", "in a form that is not edited"),
        ("[profiles\n", "is not TOML at line 1"),
        ("defualt_profile = 'a'\n", "did you mean `default_profile`?"),
        ("a = '''\n", "is not TOML"),
    ],
)
def test_a_file_that_cannot_be_added_to(box: Box, text: str, said: str) -> None:
    """It is said why, and the file is as it was."""
    path = box.config(text)
    assert said in box.run("init", *FLAGS).refused(78)
    assert path.read_text() == text


OTHERS = (
    "# first\n[profiles.a]  # mine\nclient_id = 'x' # old\nprovider = 'itwin'\n"
    "client_secret = 'env:A'\n[profiles.a.parameters]\nb = 'c'\n\n# of the next\n"
    '[profiles.b]\nprovider="itwin"\r\nclient_id="y"\nclient_secret="env:B"\n'
)


IN_A_TEXT = (
    "[profiles.a]\nprovider = 'itwin'\nclient_id = 'x'\nclient_secret = 'env:A'\n"
    "parameters = { x = '''\n[profiles.b]\n''' }\n"
)


def test_a_profile_is_replaced(box: Box) -> None:
    """It stands where the old one stood; all else stays, and a copy of the old file."""
    path = box.config(OTHERS)
    path.chmod(0o640)
    assert "give `--replace`" in box.run("init", "a", *FLAGS).refused(64)
    copy = path.with_name("config.toml.credhelper-backup")
    for name in (copy, path.with_name("config.toml.credhelper-backup-2")):
        ran = box.run("init", "a", *FLAGS, "--set", "parameters.d=e", "--replace")
        assert f"copy: {path} to {name}\n" in ran.stdout
        assert path.read_bytes().decode() == (
            '# first\n[profiles.a]\nprovider = "itwin"\nclient_id = "x"\nclient_secret = "env:S"\n'
            'parameters.d = "e"\n\n' + OTHERS[OTHERS.index("# of the next") :]
        )
    assert copy.read_bytes().decode() == OTHERS
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert known(box).get("b").client_id == "y"


def test_a_profile_that_is_not_there_yet_is_added(box: Box) -> None:
    """With `--replace`, too; there is nothing to copy then."""
    path = box.config(OTHERS)
    assert "copy" not in box.run("init", "c", *FLAGS, "--replace").stdout
    assert path.read_bytes().decode().startswith(OTHERS)


@pytest.mark.parametrize(
    "text",
    [
        "profiles.a = { provider = 'itwin', client_id = 'x', client_secret = 'env:A' }\n",
        "[profiles]\na.provider = 'itwin'\na.client_id = 'x'\na.client_secret = 'env:A'\n",
        IN_A_TEXT,
    ],
    ids=["inline", "dotted", "text like a table"],
)
def test_a_profile_in_another_form_is_left_alone(box: Box, text: str) -> None:
    """What cannot be replaced safely is not touched."""
    path = box.config(text)
    assert "in a form that is not edited" in box.run("init", "a", *FLAGS, "--replace").refused(78)
    assert path.read_text() == text
    assert [each.name for each in path.parent.iterdir()] == ["config.toml"]


def test_an_empty_file_or_one_of_comments_is_a_start(box: Box) -> None:
    """The comments stay."""
    path = box.config("# later\n")
    assert box.run("init", *FLAGS).status == 0
    assert path.read_text().startswith("# later\n\n[profiles.itwin]\n")


def test_a_file_that_others_may_write_is_not_blessed(box: Box) -> None:
    """Else what they wrote would be ours from then on."""
    path = box.config("# theirs\n")
    path.chmod(0o666)
    assert "others may write" in box.run("init", *FLAGS).refused(78)
    assert path.read_text() == "# theirs\n"


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stays_a_link(box: Box, *, is_there: bool) -> None:
    """The file that it leads to is written, in a folder that may have to be made."""
    target = box.home / "dotfiles" / "credhelper.toml"
    if is_there:
        target.parent.mkdir()
        target.write_text("# kept elsewhere\n")
        target.chmod(0o600)
    path_of(box).parent.mkdir(parents=True)
    path_of(box).symlink_to(target)
    assert box.run("init", *FLAGS).status == 0
    assert path_of(box).is_symlink()
    assert target.read_text().startswith("# kept" if is_there else "[profiles.itwin]")
    assert known(box).get("itwin")


def test_a_disk_that_refuses(box: Box) -> None:
    """It is told with the disk's own reason; root, whom no mode stops, is stopped by /proc."""
    folder = box.home / "read-only"
    folder.mkdir(mode=0o500)
    where = "/proc/credhelper" if os.geteuid() == 0 else str(folder)
    line = box.run("init", *FLAGS, "--config", f"{where}/config.toml").refused(74)
    assert "cannot be written (" in line
    assert not list(folder.iterdir())


def test_another_file_is_named_in_the_next_step(box: Box) -> None:
    """`--config` says where, though the folder is not there yet."""
    ran = box.run("init", *FLAGS, "--config", "new/my config.toml")
    assert ran.stdout.endswith("Next: credhelper get itwin --config 'new/my config.toml'\n")
    assert (box.home / "new" / "my config.toml").exists()


def test_a_file_that_changes_meanwhile_is_left_alone(tmp_path: Path) -> None:
    """An edit between question and answer is not lost."""
    path = tmp_path / "config.toml"
    before = new_profile.read(str(path))
    path.write_text("# by an editor\n")
    path.chmod(0o600)
    made = Draft("p", {"provider": "itwin", "client_id": "x", "client_secret": "env:S"})
    with pytest.raises(TemporaryError):
        new_profile.add(before, made)
    assert path.read_text() == "# by an editor\n"
    new_profile.add(new_profile.read(str(path)), made)


def test_what_does_not_say_the_same_is_not_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Were a value written wrongly, it would be seen before the file is."""
    monkeypatch.setattr(caller, "quote", lambda _text: '"env:OTHER"')
    made = Draft(
        "p", {"token_url": "https://a.example", "client_id": "x", "client_secret": "env:S"}
    )
    monkeypatch.setattr(Draft, "check", lambda _draft: None)
    with pytest.raises(ConfigError, match="in a form that is not edited"):
        new_profile.add(new_profile.read(str(tmp_path / "config.toml")), made)
    assert not list(tmp_path.iterdir())


def test_every_text_survives() -> None:
    """Each character that a key may hold, alone and in what looks like TOML, is read back."""
    characters = "".join(filter(str.isprintable, map(chr, range(sys.maxunicode + 1))))
    hostile = [characters, '"', '"""', "'''", "\\", '\\"', "\\\\", "\\u0041", "\\n", '"\n#'[:1]]
    hostile += ['x"\\', "# no comment", '"] [profiles.x]', "{ a = 1 }", "é☃\U0001f511", " "]
    for value in hostile:
        made = Draft("a.b", {"client_id": value, "hosts": [value, value]})
        assert tomllib.loads(made.text()) == {"profiles": {"a.b": dict(made.keys)}}
    for value in ["\n", "\r", "\t", "\x00", "\x7f", "\x85", "\u2028", "\ud800", "\u202e", ""]:
        with pytest.raises(ConfigError):
            Draft("p", {"client_id": value}).check()


def test_any_key_can_be_set(box: Box) -> None:
    """Also those of the manager's table, so that the check finds the manager."""
    words = ["--set", "vault.address=https://v.example", "--set", "vault.auth.method=kubernetes"]
    words += ["--set", "vault.auth.role=build", "--set", "deadline=5s", "--no-check"]
    flags = [*FLAGS[:4], "--secret-reference", "vault:secret/x#y"]
    assert box.run("init", *flags, *words).status == 0
    made = known(box).get("itwin")
    assert made.deadline == 5
    auth = {"method": "kubernetes", "role": "build"}
    assert made.settings == {"address": "https://v.example", "auth": auth}


@pytest.mark.parametrize("word", ["x", "x=", "=x", "a b=c", "client_secert=env:X"])
def test_a_key_that_is_none_is_refused(box: Box, word: str) -> None:
    """And nothing is written."""
    assert box.run("init", *FLAGS, "--set", word).status in (64, 78)
    assert not (box.home / ".config").exists()


def test_a_key_cannot_be_a_value_and_a_table(box: Box) -> None:
    """TOML has no spelling for both."""
    line = box.run("init", *FLAGS, "--set", "vault.auth=x", "--set", "vault.auth.role=y").refused(
        78
    )
    assert "auth is both a value and a table; set either auth or vault.auth.role" in line


def test_variables_that_the_file_replaces_are_named(box: Box) -> None:
    """Else they are ignored without a word."""
    box.environ["CREDHELPER_TOKEN_URL"] = "https://idp.example/token"
    assert "not read: CREDHELPER_TOKEN_URL\n" in box.run("init", *FLAGS).stdout


def test_a_name_that_differs_in_case_alone_is_taken(box: Box) -> None:
    """On some file systems their tokens would share a file."""
    box.run("init", "prod", *FLAGS)
    assert "has a profile `prod` already" in box.run("init", "Prod", *FLAGS).refused(64)


def test_nothing_is_written_where_others_could_exchange_it(box: Box) -> None:
    """A config in such a folder would be refused by the next command."""
    shared = box.home / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    path = shared / "new" / "config.toml"
    line = box.run("init", *FLAGS, "--config", str(path)).refused(78)
    assert f"others may write {shared}; run: chmod go-w {shared}" in line
    assert not path.parent.exists()
    shared.chmod(0o1777)
    assert box.run("init", *FLAGS, "--config", str(path)).status == 0


def test_a_secret_that_is_there_need_not_be_stored(box: Box) -> None:
    """How to store it is said of one that is not, or was not looked for."""
    flags = [*FLAGS[:4], "--secret-reference", "env:S"]
    assert "reads it unseen" in box.run("init", *flags).stdout
    assert "reads it unseen" in box.run("init", "q", *flags, "--no-check").stdout
    box.environ["S"] = "canary-secret-value"
    ran = box.run("init", "r", *flags, "--token-url", "http://127.0.0.1:1/token")
    assert "reads it unseen" not in ran.stdout
    assert "When that is repaired: credhelper check r && credhelper get r\n" in ran.stdout


def test_what_is_not_read_is_said_before_the_check(box: Box) -> None:
    """Whose failure may come from that."""
    box.environ["CREDHELPER_TOKEN_URL"] = "https://idp.example/token"
    flags = [*FLAGS[:4], "--secret-reference", "env:S"]
    told = box.run("init", *flags).stdout
    assert told.index("not read: CREDHELPER_TOKEN_URL\n") < told.index("secret ")


def test_the_only_profile_replaced_is_still_the_default(box: Box) -> None:
    """A note on the default would be wrong."""
    box.run("init", "p", *FLAGS)
    ran = box.run("init", "p", *FLAGS, "--replace")
    assert "default_profile" not in ran.stdout
    assert known(box).default == "p"


@pytest.mark.parametrize("more", [[], ["--no-check"], ["--replace", "--no-check"]])
@pytest.mark.parametrize(
    ("reference", "key", "told"),
    [
        ("vault:a/b#f", "vault.auth.secret_id=s.literal-secret", "is not a secret reference"),
        ("vault:a/b#f", "vault.auth.token=hvs.literal-secret", "is not a secret reference"),
        ("vault:a/b#f", "vault.auth.method=aprole", "did you mean `approle`?"),
        ("vault:a/b#f", "vault.addres=https://v.example", "did you mean `address`?"),
        ("aws:app", "aws.regio=eu-central-1", "did you mean `region`?"),
        ("vault:a/b", "deadline=5s", "names no field"),
        ("vault:a#f", "deadline=5s", "names no path below a mount"),
        ("file:sec", "deadline=5s", "is not an absolute path"),
        ("env:A=literal-secret", "deadline=5s", "has more than a variable's name"),
    ],
)
def test_what_its_backend_refuses_is_not_written(
    box: Box, reference: str, key: str, told: str, more: list[str]
) -> None:
    """A secret in the place of a reference reaches no disk, nor a copy."""
    if more[:1] == ["--replace"]:
        box.run("init", "p", *FLAGS)
    before = {path: path.read_bytes() for path in box.home.rglob("*") if path.is_file()}
    flags = ["--provider", "itwin", "--client-id", "x", "--secret-reference", reference]
    line = box.run("init", "p", *flags, "--set", key, *more).refused(78)
    assert told in line
    assert "literal-secret" not in line
    assert {path: path.read_bytes() for path in box.home.rglob("*") if path.is_file()} == before
