"""The command `setup`: what it prints, what it refuses, and how it treats files of others."""

import json
import pkgutil
import shlex
import tomllib
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from credhelper import cache, protocols
from credhelper.cli.commands import setup
from credhelper.cli.setup import callers
from tests.conftest import COMMAND, Box

PROFILE = """\
provider = "itwin"
client_id = "x"
client_secret = "env:CANARY"
"""
HOSTS = '["api.example.com", "*.corp.example", "git.example.com:8443", "//iam.example.com/p"]'
CONFIG = f"[profiles.itwin]\n{PROFILE}hosts = {HOSTS}\n[profiles.bare]\n{PROFILE}"
FOLDER = str(Path(COMMAND).parent)
CALLERS = sorted(module.name for module in pkgutil.iter_modules(callers.__path__))
# Callers for which there is neither a command, nor a library, nor a link.
PASTED = ["bazel", "google", "headers", "kubelet", "rclone"]
# Protocols without a caller of their own: a command line or a program asks where it needs one.
UNCONFIGURED = ["curl", "env", "header", "process", "token"]
# Callers that name a host; who is asked for one gives no token to a profile without hosts.
DRIVEN = ["bazel", "cargo", "docker", "git", "goauth", "google", "keyring", "kubelet", "pnpm"]
DRIVEN += ["terraform"]
EXPECTED = {
    "aws": f"[profile itwin]\ncredential_process = {COMMAND} as aws itwin\n",
    "bazel": f"common --credential_helper=api.example.com={FOLDER}/credhelper-bazel\n"
    f"common --credential_helper=*.corp.example={FOLDER}/credhelper-bazel\n"
    f"common --credential_helper=git.example.com={FOLDER}/credhelper-bazel\n",
    "goauth": f"{COMMAND} as goauth itwin\n",
    "headers": f'"headersHelper": "{COMMAND} as headers itwin"\n',
    "rclone": f"bearer_token_command = {COMMAND} as token itwin\n",
}


@pytest.fixture
def home(box: Box) -> Box:
    """Return a home with two profiles, one of which has hosts."""
    box.config(CONFIG)
    return box


def printed(box: Box, *arguments: str) -> str:
    """Return what a silent, successful run prints."""
    ran = box.run("setup", *arguments)
    assert (ran.status, ran.stderr) == (0, "")
    return ran.stdout


@pytest.mark.parametrize("gone", ["record", "all"])
def test_an_installation_without_its_record(
    home: Box, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], gone: str
) -> None:
    """Distributions remove it; the executables are where an installer puts them."""

    def files(_name: str) -> None:
        if gone == "all":
            raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "files", files)
    config = str(home.config(CONFIG))
    options = SimpleNamespace(caller="aws", profile="itwin", config=config, verbose=False)
    options.write = options.remove = False
    assert setup.run(options) == 0
    assert capfd.readouterr().out == EXPECTED["aws"]


def test_every_protocol_has_a_setup() -> None:
    """Who can be answered can be configured, or needs nothing but the command."""
    names = {module.name for module in pkgutil.iter_modules(protocols.__path__)}
    assert names - set(CALLERS) == set(UNCONFIGURED)


@pytest.mark.parametrize("protocol", UNCONFIGURED)
def test_without_a_configuration(home: Box, protocol: str) -> None:
    """It is said, with the command to run instead."""
    line = home.run("setup", protocol, "itwin").refused(64)
    assert f"run `credhelper as {protocol} PROFILE` where the token is needed" in line


@pytest.mark.parametrize("caller", EXPECTED)
def test_lines(home: Box, caller: str) -> None:
    """The lines name the installed executable, the profile where it can be passed, the hosts."""
    assert printed(home, caller, "itwin") == EXPECTED[caller]


@pytest.mark.slow
@pytest.mark.parametrize("caller", CALLERS)
def test_a_profile_that_was_not_named_is_not_passed(home: Box, caller: str) -> None:
    """The helper chooses by host, or by the default, as it does without setup."""
    home.config(f'default_profile = "bare"\n{CONFIG}')
    with_profile, without = printed(home, caller, "itwin"), printed(home, caller)
    assert "itwin" not in without
    assert FOLDER in without or caller in ("docker", "keyring")
    assert ("itwin" in with_profile) == (caller not in ("bazel", "docker", "keyring"))


def test_documents_are_what_their_readers_parse(home: Box) -> None:
    """JSON and TOML parse, and hold hosts in the spelling of that caller."""
    assert json.loads(printed(home, "docker")) == {
        "credHelpers": {"api.example.com": "credhelper", "git.example.com:8443": "credhelper"}
    }
    account = json.loads(printed(home, "google", "itwin"))
    assert account["audience"] == "//iam.example.com/p"
    command = account["credential_source"]["executable"]["command"]
    assert command.split() == [COMMAND, "as", "google", "itwin"]
    comment, _newline, document = printed(home, "kubelet", "itwin").partition("\n")
    assert comment.endswith(f"--image-credential-provider-bin-dir={FOLDER}")
    provider = json.loads(document)["providers"][0]
    assert provider["args"] == ["itwin"]
    assert provider["matchImages"][:2] == ["api.example.com", "*.corp.example"]
    assert "args" not in json.loads(printed(home, "kubelet").partition("\n")[2])["providers"][0]
    cargo = tomllib.loads(printed(home, "cargo", "itwin"))
    alias = [f"{FOLDER}/credhelper-cargo", "itwin"]
    assert cargo["credential-alias"] == {"credhelper": alias}


@pytest.mark.slow
@pytest.mark.parametrize("caller", DRIVEN)
def test_a_caller_that_names_hosts_needs_hosts(home: Box, caller: str) -> None:
    """A profile without hosts serves none of them, and the line says what to add."""
    line = home.run("setup", caller, "bare").refused(78)
    assert "hosts" in line
    assert "`bare`" in line


@pytest.mark.parametrize("caller", sorted(set(DRIVEN) - set(PASTED)))
def test_nothing_is_written_without_hosts(home: Box, caller: str) -> None:
    """With --write the refusal is the same, and comes first."""
    home.environ["PATH"] = f"{home.home}/.local/bin:{home.environ['PATH']}"
    before = sorted(home.home.rglob("*"))
    assert "hosts" in home.run("setup", caller, "bare", "--write").refused(78)
    assert sorted(home.home.rglob("*")) == before


@pytest.mark.parametrize("caller", PASTED)
def test_what_cannot_be_written_is_not(home: Box, caller: str) -> None:
    """Without a command of the caller the line says where to paste."""
    before = sorted(home.home.rglob("*"))
    assert home.run("setup", caller, "--write").refused(64)
    assert sorted(home.home.rglob("*")) == before


@pytest.mark.parametrize("caller", [*PASTED, "aws"])
def test_what_cannot_be_removed_is_said(home: Box, caller: str) -> None:
    """The line says to delete by hand what `setup` prints."""
    assert "delete by hand" in home.run("setup", caller, "itwin", "--remove").refused(64)


def test_write_or_remove(home: Box) -> None:
    """Not both."""
    assert home.run("setup", "git", "--write", "--remove").refused(64)


def test_wrong_names(home: Box) -> None:
    """An unknown caller, profile, or config is told with the nearest right one."""
    assert "did you mean `goauth`?" in home.run("setup", "goauht").refused(64)
    assert "did you mean `itwin`?" in home.run("setup", "git", "itwn").refused(78)
    assert home.run("setup", "git", "--config", "/nowhere").refused(78)
    assert home.run("setup", "../setup").refused(64)


@pytest.mark.parametrize(
    ("program", "protocol"),
    [("kubectl", "kubernetes"), ("pip", "keyring"), ("go", "goauth"), ("Podman", "docker")],
)
def test_a_program_is_known_by_its_own_name(home: Box, program: str, protocol: str) -> None:
    """It is set up as the protocol that it speaks; for `as` the line names that."""
    assert home.run("setup", program, "itwin") == home.run("setup", protocol, "itwin")
    line = home.run("as", program, "itwin").refused(64)
    assert f"{program.lower()} speaks `{protocol}`; write `{protocol}`" in line
    assert "`token` needs no configuration" in home.run("setup", "ansible").refused(64)


def test_config_option(home: Box) -> None:
    """`--config` says where the hosts are read."""
    other = home.home / "other.toml"
    other.write_text(f'[profiles.p]\n{PROFILE}hosts = ["other.example.com"]\n')
    other.chmod(0o600)
    assert "other.example.com=" in printed(home, "bazel", "--config", str(other))


def test_verbose_says_where_it_belongs(home: Box) -> None:
    """With -v (or at a terminal) stderr says it; stdout stays what can be pasted."""
    ran = home.run("setup", "bazel", "-v")
    assert ran.stderr == "credhelper: put it into ~/.bazelrc\n"
    assert ran.stdout == EXPECTED["bazel"]


@pytest.mark.slow
def test_a_missing_tool_is_told(home: Box) -> None:
    """Nothing is written where the caller's own command is not installed."""
    home.environ["PATH"] = "/nowhere"
    home.config(f'default_profile = "bare"\n{CONFIG}')
    for caller in ("git", "kubernetes", "goauth", "aws", "pnpm"):
        assert "is not on the PATH" in home.run("setup", caller, "--write").refused(64)


def test_a_path_with_spaces_is_quoted_for_each_reader() -> None:
    """Each caller splits the line in its own way, and finds the path whole."""
    from credhelper.cli.setup.callers import aws, bazel, git, goauth, google, rclone
    from credhelper.cli.setup.target import Target
    from credhelper.config import load

    text = b'[profiles.p]\nprovider = "itwin"\nclient_id = "x"\nclient_secret = "env:X"\n'
    text += b'hosts = ["a.example.com", "//iam/p"]\n'
    profiles = load.parse(cache.Source("", stamp=""), text)
    rules = tuple(profiles.rules())
    target = Target("p", profiles, rules, "/opt/my dir", {"HOME": "/h"})
    assert shlex.split(aws.text(target).split(" = ")[1])[0] == "/opt/my dir/credhelper"
    assert "\"!'/opt/my dir/git-credential-credhelper' p\"" in git.text(target)
    assert goauth.text(target) == "'/opt/my dir/credhelper' as goauth p\n"
    assert '= "/opt/my dir/credhelper" as token p' in rclone.text(target)
    assert shlex.split(bazel.text(target))[1].endswith("=/opt/my dir/credhelper-bazel")
    with pytest.raises(Exception, match="space"):
        google.text(target)


TIE = f"[profiles.a]\n{PROFILE}hosts = ['api.example.com']\n"
TIE += f"[profiles.b]\n{PROFILE}hosts = ['b.example', 'api.example.com']\n"


@pytest.mark.parametrize("caller", DRIVEN)
def test_a_host_of_two_profiles(home: Box, caller: str) -> None:
    """Nothing is printed that gets no answer; a caller that can name a profile may."""
    home.config(TIE.replace("api.example.com", "//iam/p") if caller == "google" else TIE)
    line = home.run("setup", caller).refused(78)
    assert "the profiles a and b have" in line
    assert "so callers get no token for it" in line
    named = home.run("setup", caller, "a")
    assert (named.status == 0) == (caller not in ("docker", "keyring")), named.stderr


@pytest.mark.parametrize("caller", ["aws", "kubernetes", "rclone", "reclient"])
def test_no_profile_where_there_is_no_default(home: Box, caller: str) -> None:
    """A caller that names no host would get no token."""
    line = home.run("setup", caller).refused(78)
    assert line.endswith("has several profiles and no default_profile; name one of: bare, itwin")


def test_a_program_that_speaks_two_protocols(home: Box) -> None:
    """Helm asks for a cluster and for a registry."""
    line = home.run("setup", "Helm").refused(64)
    assert line.endswith("helm speaks docker and kubernetes; write one of docker, kubernetes")
    assert "write `docker` or `kubernetes`" in home.run("as", "helm").refused(64)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("kubctl", "kubectl"), ("gti", "git"), ("twin", "twine"), ("dcoker", "docker")],
)
def test_a_program_that_is_mistyped(home: Box, typed: str, meant: str) -> None:
    """Programs' own names are near as well, and are in the help."""
    assert f"did you mean `{meant}`?" in home.run("setup", typed).refused(64)
    assert meant in home.run("setup", "--help").stdout
