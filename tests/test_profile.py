"""Config in, profiles or a sentence out that names the key."""

from pathlib import Path

import pytest

from credhelper import profile
from credhelper.errors import ConfigError
from tests.conftest import Box

GOOD = 'token_url = "https://a/t"\nclient_id = "x"\nclient_secret = "env:X"\n'


def load(tmp_path: Path, text: str) -> profile.Profiles:
    """Return the profiles of a config file with this text."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return profile.load({"CREDHELPER_CONFIG": str(path)})


def test_the_designs_example_is_understood(tmp_path: Path) -> None:
    """Every key of the config table is known."""
    profiles = load(
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
        (GOOD + 'issuer = "https://a"', ["exactly one of token_url and issuer"]),
        (GOOD + 'client_auth = "basic"', ["client_auth", "client_secret_basic"]),
        (GOOD + 'provider = "itwn"', ["provider", "did you mean `itwin`?"]),
        (GOOD + 'parameters = { scope = "x" }', ["parameters.scope", "twice"]),
        (GOOD + "parameters = 3", ["parameters", "table"]),
        (GOOD + 'hosts = [""]', ["hosts"]),
        (GOOD + 'ca = "/nowhere/at/all"', ["ca names nothing"]),
        (GOOD + 'deadline = "soon"', ["deadline", "duration"]),
        (GOOD + 'deadline = "0s"', ["deadline", "range"]),
        (GOOD + 'ephemeral = "maybe"', ["ephemeral", "true or false"]),
        (GOOD + 'audience = "a\\u001bb"', ["audience", "printable"]),
        (GOOD + 'name = "q"', ["profiles.p.name"]),
        (GOOD + "env = 3", ["profiles.p.env", "table"]),
    ],
)
def test_every_mistake_names_its_key(tmp_path: Path, text: str, words: list[str]) -> None:
    """A config error names the key and the next step, and never quotes what may be a secret."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"[profiles.p]\n{text}\n").get("p")
    line = caught.value.line()
    assert all(word in line for word in words), line
    assert "S3cretValue" not in line


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
        profile.load({"CREDHELPER_CONFIG": str(path)})
    assert words in caught.value.line()
    assert "S3cretValue" not in caught.value.line()


def test_a_config_that_others_may_write_is_refused(box: Box) -> None:
    """Whoever can write the config can send the secret anywhere."""
    path = box.config(f"[profiles.p]\n{GOOD}")
    path.chmod(0o620)
    assert "others may write" in box.run("get").refused(78)


def test_choosing_a_profile(tmp_path: Path) -> None:
    """The name, else default_profile, else the only one; else the names are listed."""
    two = f"[profiles.a]\n{GOOD}[profiles.b]\n{GOOD}"
    assert load(tmp_path, f"[profiles.a]\n{GOOD}").choose("") == "a"
    assert load(tmp_path, f'default_profile = "b"\n{two}').choose("") == "b"
    assert load(tmp_path, two).choose("b") == "b"
    with pytest.raises(ConfigError, match="several profiles"):
        load(tmp_path, two).choose("")
    with pytest.raises(ConfigError, match="no profile `c`"):
        load(tmp_path, two).choose("c")


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
    seen = {load(tmp_path, f"[profiles.p]\n{text}\n").get("p").identity() for text in variants}
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
    assert profile.load(box.environ).get("").token_url == "https://a/t"


def test_itwin_needs_two_variables(box: Box) -> None:
    """With the two ITWIN variables alone the preset does the rest."""
    environ = {"HOME": str(box.home), "ITWIN_CLIENT_ID": "i", "ITWIN_CLIENT_SECRET": "s"}
    item = profile.load(environ).get("")
    assert item.token_url == "https://ims.bentley.com/connect/token"
    assert (item.scope, item.client_auth) == ("itwin-platform", "client_secret_post")
    assert str(item.client_secret) == "env:ITWIN_CLIENT_SECRET"


def test_a_mistyped_variable_is_an_error(box: Box) -> None:
    """Without a config file an unknown CREDHELPER_ variable is a mistake, not noise."""
    box.itwin("https://a/t")
    box.environ["CREDHELPER_SCOPES"] = "x"
    assert "did you mean `scope`?" in box.run("get").refused(78)


def test_nothing_configured_says_both_ways(box: Box) -> None:
    """A new user's first call says what to do."""
    line = box.run("get").refused(78)
    assert "ITWIN_CLIENT_ID" in line
    assert "config.toml" in line
    box.environ["CREDHELPER_CONFIG"] = str(box.home / "absent.toml")
    assert "there is no config file" in box.run("get").refused(78)
