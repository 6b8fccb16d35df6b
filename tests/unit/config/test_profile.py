"""Config in, profiles or a sentence out that names the key."""

import os
import resource
import time
from pathlib import Path

import pytest

from credhelper.config import document, load
from credhelper.errors import ConfigError
from credhelper.system import trust
from tests.conftest import Box
from tests.support import users
from tests.support.servers.counting import TokenServer

GOOD = 'token_url = "https://a/t"\nclient_id = "x"\nclient_secret = "env:X"\n'
INIT = ("--provider", "itwin", "--client-id", "x", "--secret-reference", "env:S", "--no-check")


def loaded(tmp_path: Path, text: str) -> load.Profiles:
    """Return the profiles of a config file with this text."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return load.profiles({"CREDHELPER_CONFIG": str(path)})


def test_the_designs_example_is_understood(tmp_path: Path) -> None:
    """Every key of the config table is known."""
    profiles = loaded(
        tmp_path,
        """
default_profile = "itwin"
[profiles.itwin]
provider = "itwin"
client_id = "service-AbC"
client_secret = "vault:secret/itwin#client_secret"
hosts = ["api.bentley.com"]
[profiles.itwin.vault]
address = "https://vault.example.com:8200"
namespace = "team-a"
auth = { method = "approle", role_id = "r", secret_id = "file:/run/secrets/vault-secret-id" }
[profiles.build]
token_url = "https://login.example.com/oauth2/token"
client_id = "build"
client_auth = "client_secret_basic"
client_secret = "aws:prod/build#oauth.client_secret"
scope = "read write"
audience = "https://api.example.com"
parameters = { resource = "urn:api" }
proxy = "http://proxy.example.com:3128"
deadline = "20s"
renew_before = "5m"
username = "oauth2"
ephemeral = true
[profiles.build.aws]
region = "eu-west-1"
profile = "ops"
""",
    )
    itwin, build = profiles.get(""), profiles.get("build")
    assert (itwin.name, itwin.token_url) == ("itwin", "https://ims.bentley.com/connect/token")
    assert (itwin.scope, itwin.client_auth) == ("itwin-platform", "client_secret_post")
    assert itwin.hosts == ("api.bentley.com:443",)
    assert (build.deadline, build.renew_before, build.ephemeral) == (20, 300, True)
    assert build.parameters == (("resource", "urn:api"),)
    assert build.settings == {"region": "eu-west-1", "profile": "ops"}
    assert "proxy.example" not in repr(build)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + 'scpe = "x"', ["profiles.p.scpe", "did you mean `scope`?"]),
        ('token_url = "https://a/t"\nclient_secret = "env:X"', ["profiles.p.client_id", "missing"]),
        ('token_url = "https://a/t"\nclient_id = "x"', ["profiles.p.client_secret", "missing"]),
        (GOOD.replace("env:X", "S3cretValue"), ["client_secret", "not a secret reference"]),
        (GOOD.replace("env:X", "vualt:S3cretValue"), ["client_secret", "known backend"]),
        (GOOD.replace("env:X", ""), ["client_secret", "missing"]),
        (GOOD.replace("https", "http"), ["token_url", "https://"]),
        (
            GOOD + 'issuer = "https://a"',
            ["profiles.p.token_url and profiles.p.issuer are both set"],
        ),
        (GOOD + 'client_auth = "basic"', ["client_auth", "client_secret_basic"]),
        (GOOD + 'provider = "itwn"', ["provider", "did you mean `itwin`?"]),
        (GOOD + 'parameters = { scope = "x" }', ["parameters.scope", "twice"]),
        (GOOD + "parameters = 3", ["parameters", "table"]),
        (GOOD + 'hosts = [""]', ["hosts"]),
        (GOOD + 'hosts = ["a.example", "https://b.example"]', ["entry 2 of profiles.p.hosts"]),
        (GOOD.replace("token_url", "scope"), ["profiles.p has neither token_url nor issuer"]),
        (GOOD + 'ca = "/nowhere/at/all"', ["ca: there is no file or folder /nowhere/at/all"]),
        (GOOD + 'deadline = "soon"', ["deadline", "duration"]),
        (GOOD + 'deadline = "0s"', ["deadline", "range"]),
        (GOOD + 'deadline = "0.999s"', ["deadline", '"1s" to "10m"']),
        (GOOD + 'scope = "a  b"', ["profiles.p.scope", "space too many"]),
        (GOOD + 'scope = "a "', ["profiles.p.scope", "space too many"]),
        (GOOD + "scope = 'a\"b'", ["profiles.p.scope", 'has " in it']),
        (GOOD + "scope = 'a\\b'", ["profiles.p.scope", "has \\ in it"]),
        (GOOD + 'scope = "é"', ["profiles.p.scope", "U+00E9"]),
        (GOOD.replace('"x"', '"ü"'), ["profiles.p.client_id", "U+00FC"]),
        (GOOD.replace('"x"', '"x\\n"'), ["profiles.p.client_id", "ends in a line break"]),
        (GOOD.replace('"x"', '"\ufeffx"'), ["profiles.p.client_id", "U+FEFF"]),
        (GOOD.replace('"x"', '"x\u00a0y"'), ["profiles.p.client_id", "NO-BREAK SPACE"]),
        (GOOD.replace('"x"', '""'), ["profiles.p.client_id", "empty"]),
        (GOOD + 'username = "a:b"', ["profiles.p.username", "has : in it"]),
        (GOOD + 'parameters = { "a\\nb" = "x" }', ["profiles.p.parameters", "line break"]),
        (GOOD + 'parameters = { "" = "x" }', ["profiles.p.parameters", "empty"]),
        (GOOD + 'parameters = { resource = "a\u200bb" }', ["parameters.resource", "ZERO WIDTH"]),
        (GOOD + 'proxy = "ftp://u:S3cretValue@h"', ["profiles.p.proxy", "known: http, https"]),
        (GOOD + 'proxy = "http://u:S3cretValue@"', ["profiles.p.proxy", "not the address"]),
        (GOOD + 'proxy = "http://h:port"', ["profiles.p.proxy", "not the address"]),
        (GOOD.replace("token_url", "issuer").replace("/t", "/t?a=b"), ["issuer", "query"]),
        (GOOD + 'zzzz = "q"', ["profiles.p.zzzz", "known: audience, ca, client_auth"]),
        (GOOD + 'settings = "q"', ["profiles.p.settings is not a key"]),
        (GOOD + 'ephemeral = "maybe"', ["ephemeral", "true or false"]),
        (GOOD + 'audience = "a\\u001bb"', ["audience", "printable"]),
        (GOOD + 'name = "q"', ["profiles.p.name"]),
        (GOOD + "env = 3", ["profiles.p.env", "table"]),
    ],
)
def test_every_mistake_names_its_key(tmp_path: Path, text: str, words: list[str]) -> None:
    """A config error names the key and the next step, and never quotes what may be a secret."""
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f"[profiles.p]\n{text}\n").get("p")
    line = caught.value.line()
    assert all(word in line for word in words), line
    assert "S3cretValue" not in line
    known = line.partition("known: ")[2].split(", ")
    assert not {"name", "settings"} & set(known)


@pytest.mark.parametrize(
    "proxy", ["h:3128", "http://u:p@h:1/", "socks5h://[::1]:1080", "https://h"]
)
def test_ways_to_write_a_proxy(tmp_path: Path, proxy: str) -> None:
    """As the variables are written, with or without a scheme."""
    assert loaded(tmp_path, f"[profiles.p]\n{GOOD}proxy = '{proxy}'").get("p").proxy == proxy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a =\n[profiles.p]", "is not TOML at line 1"),
        ('x = "S3cretValue', "is not TOML at end of document"),
        ("\xff", "is not TOML"),
        ("", "has no profile"),
        ('defualt_profile = "p"\n[profiles.p]\n', "did you mean `default_profile`?"),
        ('[profiles."../p"]\n', "not a plain word"),
        ('profiles = { p = "x" }', "profiles.p is not a table"),
        ("[" * 5000, "is not TOML"),
    ],
)
def test_a_broken_file_is_explained(tmp_path: Path, text: str, words: str) -> None:
    """A file that cannot be understood is named with the line, and no text of it is quoted."""
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode("latin-1"))
    path.chmod(0o600)
    with pytest.raises(ConfigError) as caught:
        load.profiles({"CREDHELPER_CONFIG": str(path)})
    assert words in caught.value.line()
    assert "S3cretValue" not in caught.value.line()


def test_a_config_that_others_may_write_is_refused(box: Box) -> None:
    """Whoever can write the config can send the secret anywhere."""
    path = box.config(f"[profiles.p]\n{GOOD}")
    path.chmod(0o602)
    line = box.run("get").refused(78)
    assert f"others may write {path}; run: chmod go-w {path}" in line


def test_a_config_in_a_folder_that_others_write_is_refused(box: Box, tokens: TokenServer) -> None:
    """They need not write the file: a link to another of ours, that they wrote, is as good.

    So nobody reaches the endpoint in it.
    """
    path = box.config(f"[profiles.p]\n{GOOD}".replace("https://a/t", tokens.url))
    box.environ["X"] = "canary-secret-value"
    assert box.run("get").token() == "canary-token-1"
    clone = box.home / "clone.toml"
    clone.write_text(path.read_text().replace('"x"', '"evil"'))
    path.unlink()
    path.symlink_to(clone)
    path.parent.chmod(0o777)
    line = box.run("get").refused(78)
    assert f"others may write {path.parent}; run: chmod go-w {path.parent}" in line
    assert f"others may write {path.parent}" in box.run("check").stdout
    assert "others may write" in box.run("init", *INIT).refused(78)
    assert tokens.count == 1
    path.parent.chmod(0o755)
    assert box.run("get").token() == "canary-token-2"


@users.two
def test_another_users_config_is_refused(box: Box) -> None:
    """With a step that this user can take: only root may give a file away."""
    path = box.config(f"[profiles.p]\n{GOOD}")
    os.chown(path, users.OTHER, users.OTHER)
    line = box.run("get").refused(78)
    assert f"{path} belongs to another user; set CREDHELPER_CONFIG to a copy of your own" in line


@users.two
def test_a_huge_file_of_another_is_not_read(box: Box) -> None:
    """It is judged before it is read, and would be too large if it were ours."""
    path = box.config("")
    os.truncate(path, 600_000_000)
    assert "too large" in box.run("get").refused(78)
    os.chown(path, users.OTHER, users.OTHER)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert "belongs to another user" in box.run("get").refused(78)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 200_000)


@pytest.mark.parametrize("kind", ["fifo", "folder", "device"])
def test_what_is_no_file_is_refused_at_once(box: Box, kind: str) -> None:
    """A fifo has no end, and may never have a beginning."""
    path = box.config("")
    path.unlink()
    {"fifo": os.mkfifo, "folder": os.mkdir}.get(kind, lambda p: p.symlink_to("/dev/null"))(path)
    started = time.monotonic()
    assert "is not a regular file" in box.run("get").refused(78)
    assert time.monotonic() - started < 5


def test_profiles_that_differ_in_case_are_refused(tmp_path: Path) -> None:
    """Where the file system does not tell them apart, one would get the token of the other."""
    with pytest.raises(ConfigError, match="the profiles Prod and prod differ in nothing but case"):
        loaded(tmp_path, f"[profiles.Prod]\n{GOOD}[profiles.other]\n{GOOD}[profiles.prod]\n{GOOD}")
    with pytest.raises(ConfigError, match=r"profile.s name"):
        loaded(tmp_path, f"[profiles.{'x' * 101}]\n{GOOD}")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[profiles.p]\nclient_id\xc2\xa0= 1", "at line 2, column 10: that line has the"),
        (b"[profiles.p]\nclient_id\xc2\xa0= 1", "NO-BREAK SPACE (U+00A0)"),
        (b"[profiles.p]\r\n\xe2\x80\x8bclient_id = 1", "at line 2, column 1: that line begins"),
        (b"[profiles.p]\r\n\xe2\x80\x8bclient_id = 1\r\n", "ZERO WIDTH SPACE (U+200B)"),
        (b"[profiles.p]\rclient_id = 1\r", "a carriage return"),
        (b"[profiles.p]\n\xff", "line 2 is not UTF-8; save it as UTF-8"),
        ("[profiles.p]\n".encode("utf-16"), "it is UTF-16; save it as UTF-8"),
        (b"a\0", "a NUL"),
    ],
)  # fmt: skip
def test_unseen_characters_are_named(tmp_path: Path, data: bytes, words: str) -> None:
    """The line looks right to everybody."""
    path = tmp_path / "config.toml"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(ConfigError) as caught:
        load.profiles({"CREDHELPER_CONFIG": str(path)})
    assert words in caught.value.line()


def test_a_byte_order_mark_and_line_ends_of_windows_are_dropped(box: Box) -> None:
    """Notepad and PowerShell put them there, and nobody else; `init` leaves them where they are."""
    path = box.config("")
    text = b"\xef\xbb\xbf" + f"[profiles.p]\n{GOOD}".replace("\n", "\r\n").encode()
    path.write_bytes(text)
    assert load.profiles(box.environ).get("").client_id == "x"
    assert box.run("init", "q", *INIT).status == 0
    assert path.read_bytes().startswith(text)
    assert load.profiles(box.environ).get("q").client_id == "x"


def test_choosing_a_profile(tmp_path: Path) -> None:
    """The name, else default_profile, else the only one; else the names are listed."""
    two = f"[profiles.a]\n{GOOD}[profiles.b]\n{GOOD}"
    assert loaded(tmp_path, f"[profiles.a]\n{GOOD}").choose("") == "a"
    assert loaded(tmp_path, f'default_profile = "b"\n{two}').choose("") == "b"
    assert loaded(tmp_path, two).choose("b") == "b"
    with pytest.raises(ConfigError, match="several profiles"):
        loaded(tmp_path, two).choose("")
    with pytest.raises(ConfigError, match="no profile `c`"):
        loaded(tmp_path, two).choose("c")


def test_the_identity_tells_every_decisive_setting_apart(tmp_path: Path) -> None:
    """Two profiles that differ in one thing that decides about the token never share one."""
    variants = [
        GOOD,
        GOOD.replace("https://a/t", "https://b/t"),
        GOOD.replace('"x"', '"y"'),
        GOOD.replace("env:X", "env:Y"),
        GOOD.replace("env:X", "file:/X"),
        GOOD + 'scope = "s"',
        GOOD + 'audience = "s"',
        GOOD + 'client_auth = "client_secret_post"',
        GOOD + 'parameters = { resource = "s" }',
        GOOD + f'ca = "{tmp_path}"',
        GOOD + '[profiles.p.env]\nname = "v"',
    ]
    seen = {loaded(tmp_path, f"[profiles.p]\n{text}\n").get("p").identity() for text in variants}
    assert len(seen) == len(variants)


def test_a_changed_config_never_serves_the_old_token(box: Box) -> None:
    """After an edit the old token is no answer; after a mere touch it still is."""
    box.environ["X"] = "secret"
    path = box.config(f"[profiles.p]\n{GOOD}".replace("https://a/t", "http://127.0.0.1:9/t"))
    assert "connection" in box.run("get").refused(75)
    path.write_text(path.read_text() + 'scope = "other"\n')
    assert "connection" in box.run("get").refused(75)


def test_the_file_goes_before_the_environment(box: Box) -> None:
    """No variable overrides a profile of the file: its secret must not go elsewhere."""
    box.itwin("http://127.0.0.1:1/evil")
    box.config(f"[profiles.p]\n{GOOD}")
    assert load.profiles(box.environ).get("").token_url == "https://a/t"


def test_what_is_read_is_what_was_judged(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is exchanged between the look at it and its reading is not believed."""
    path = box.config("a = 1")
    judge = trust.fault
    turns = iter(range(100))

    def exchange(judged: str) -> tuple[str, str]:
        path.unlink()
        box.config(f"a = {next(turns) + 2}")
        return judge(judged)

    with monkeypatch.context() as patched:
        patched.setattr(trust, "fault", exchange)
        with pytest.raises(ConfigError, match="replaced again and again"):
            document.read(str(path))
    assert document.read(str(path))[1] == b"a = 4"
