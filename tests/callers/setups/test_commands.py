"""Callers that write their settings themselves: the real tool has the setting afterwards."""

import json
import stat

import pytest

from tests.conftest import COMMAND, Box
from tests.support.servers.counting import TokenServer
from tests.support.setup_tools import FOLDER, NOTHING, files, home_with, need, remove, tool, write

HELPER = f"{FOLDER}/git-credential-credhelper"
KEY = "credential.https://api.example.com.helper"


@pytest.fixture
def home(box: Box) -> Box:
    """Return a home with a profile."""
    return home_with(box)


def test_git_asks_the_helper_for_its_host_alone(box: Box, tokens: TokenServer) -> None:
    """After `setup git --write` git fills in the token; a storing helper is not told of it."""
    home_with(box, tokens.url)
    tool(box, "git", "config", "--global", "credential.helper", "store")
    before = (box.home / ".gitconfig").read_text()
    assert f"copy: {box.home}/.gitconfig to " in write(box, "git", "itwin")
    question = "protocol=https\nhost=api.example.com\n\n"
    filled = tool(box, "git", "credential", "fill", stdin=question)
    assert "password=canary-token-1\n" in filled
    tool(box, "git", "credential", "approve", stdin=filled)
    assert not (box.home / ".git-credentials").exists()
    helpers = tool(box, "git", "config", "--global", "--get-all", KEY)
    assert helpers == f"\n{HELPER} itwin\n"
    assert tool(box, "git", "config", "--global", "credential.helper") == "store\n"
    copy = box.home / ".gitconfig.credhelper-backup"
    assert copy.read_text() == before
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_git_twice_and_a_backup_twice(home: Box) -> None:
    """The second run changes nothing; a later change keeps the older backup."""
    write(home, "git")
    before = files(home)
    assert write(home, "git") == NOTHING
    assert files(home) == before
    tool(home, "git", "config", "--global", "--unset-all", KEY)
    write(home, "git")
    tool(home, "git", "config", "--global", "--unset-all", KEY)
    write(home, "git")
    copies = sorted(path.name for path in home.home.glob(".gitconfig.*"))
    assert copies == [".gitconfig.credhelper-backup", ".gitconfig.credhelper-backup-2"]


def test_git_mends_a_half_written_section(home: Box) -> None:
    """A run that was killed after the empty helper is completed by the next."""
    tool(home, "git", "config", "--global", "--add", KEY, "")
    write(home, "git")
    assert tool(home, "git", "config", "--global", "--get-all", KEY) == f"\n{HELPER}\n"


def test_git_reads_what_is_printed(home: Box) -> None:
    """The printed section is the written one."""
    (home.home / ".gitconfig").write_text(home.run("setup", "git", "itwin").stdout)
    assert write(home, "git", "itwin") == NOTHING


def test_a_foreign_helper_of_git_is_kept(home: Box) -> None:
    """Another helper for the host is neither replaced nor shadowed."""
    tool(home, "git", "config", "--global", KEY, "mine")
    before = files(home)
    line = home.run("setup", "git", "--write").refused(78)
    assert "--unset-all" in line
    assert files(home) == before


def test_kubectl(home: Box) -> None:
    """Kubectl has the user, with arguments and version; others and their secrets stay."""
    need(home, "kubectl")
    tool(home, "kubectl", "config", "set-credentials", "other", "--token=canary-kube")
    assert "canary-kube" not in write(home, "kubernetes", "itwin")
    before = files(home)
    assert write(home, "kubernetes", "itwin") == NOTHING
    assert files(home) == before
    config = json.loads(tool(home, "kubectl", "config", "view", "--raw", "-o", "json"))
    users = {user["name"]: user["user"] for user in config["users"]}
    assert users["other"] == {"token": "canary-kube"}
    plugin = users["itwin"]["exec"]
    assert plugin["command"] == COMMAND
    assert plugin["args"] == ["as", "kubernetes", "itwin"]
    assert plugin["interactiveMode"] == "Never"
    assert plugin["apiVersion"] == "client.authentication.k8s.io/v1"
    copy = (home.home / ".kube" / "config.credhelper-backup").read_text()
    assert "canary-kube" in copy
    assert "exec" not in copy


def test_a_foreign_user_of_kubectl_is_kept(home: Box) -> None:
    """A user of that name that is not ours stays as it is."""
    need(home, "kubectl")
    home.environ["KUBECONFIG"] = str(home.home / "kubeconfig")
    tool(home, "kubectl", "config", "set-credentials", "credhelper", "--token=canary-kube")
    before = files(home)
    assert "canary" not in home.run("setup", "kubernetes", "--write").refused(78)
    assert files(home) == before


def test_go_merges(home: Box) -> None:
    """Our entry comes before those that are there; `off` is not overruled."""
    need(home, "go")
    tool(home, "go", "env", "-w", "GOAUTH=git /src;netrc")
    write(home, "goauth", "itwin")
    expected = f"{COMMAND} as goauth itwin;git /src;netrc\n"
    assert tool(home, "go", "env", "GOAUTH") == expected
    assert write(home, "goauth", "itwin") == NOTHING
    copy = home.home / ".config" / "go" / "env.credhelper-backup"
    assert copy.read_text() == "GOAUTH=git /src;netrc\n"
    tool(home, "go", "env", "-w", "GOAUTH=off")
    assert "off" in home.run("setup", "goauth", "--write").refused(78)
    assert tool(home, "go", "env", "GOAUTH") == "off\n"


def test_a_change_without_effect_is_told(home: Box) -> None:
    """The variable overrides what `go env -w` writes: that is no success."""
    need(home, "go")
    home.environ["GOAUTH"] = "netrc"
    ran = home.run("setup", "goauth", "--write")
    assert ran.status == 78
    assert "no effect" in ran.stderr


@pytest.mark.slow
def test_pip_and_the_keyring_link(home: Box) -> None:
    """Pip has the provider, and `keyring` on the PATH is ours; a foreign one stays."""
    tools = home.home / "tools"  # without the real `keyring`, which lies beside pip
    tools.mkdir()
    (tools / "pip").symlink_to(f"{FOLDER}/pip")
    home.environ["PATH"] = f"{home.home}/.local/bin:{tools}:/usr/bin:/bin"
    assert 'keyring-provider = "subprocess"' in write(home, "keyring")
    provider = tool(home, "pip", "config", "--user", "get", "global.keyring-provider")
    assert provider == "subprocess\n"
    link = home.home / ".local" / "bin" / "keyring"
    assert str(link.readlink()) == COMMAND
    assert write(home, "keyring").startswith(NOTHING)
    link.unlink()
    link.write_text("theirs")
    assert home.run("setup", "keyring", "--write").refused(78)
    assert link.read_text() == "theirs"
    link.unlink()
    tool(home, "pip", "config", "--user", "set", "global.keyring-provider", "disabled")
    assert "pip" in home.run("setup", "keyring", "--write").refused(78)


@pytest.mark.slow
def test_aws(home: Box) -> None:
    """The AWS profile has the process; a foreign one stays."""
    need(home, "aws")
    config = home.home / ".aws" / "config"
    config.parent.mkdir()
    config.write_text("[profile other]\nregion = eu-west-1\n[profile credhelper]\n"
                      "credential_process = mine\n")  # fmt: skip
    home.environ["AWS_CONFIG_FILE"] = str(config)
    write(home, "aws", "itwin")
    process = tool(home, "aws", "configure", "get", "credential_process", "--profile", "itwin")
    assert process == f"{COMMAND} as aws itwin\n"
    assert write(home, "aws", "itwin") == NOTHING
    assert "region = eu-west-1" in config.read_text()
    assert home.run("setup", "aws", "--write").refused(78)


def test_pnpm(home: Box) -> None:
    """The registry has a helper: a link whose name says the profile. pnpm 10 cannot be told."""
    need(home, "pnpm")
    if int(tool(home, "pnpm", "--version").split(".")[0]) < 11:
        assert "no effect" in home.run("setup", "pnpm", "--write").stderr
        return
    write(home, "pnpm", "itwin")
    link = home.home / ".local" / "bin" / "credhelper-pnpm@itwin"
    key = "//other.example.com:8443/:tokenHelper"
    assert tool(home, "pnpm", "config", "get", key) == f"{link}\n"
    assert str(link.readlink()) == f"{FOLDER}/credhelper-pnpm"
    assert write(home, "pnpm", "itwin") == NOTHING
    assert "another helper" in home.run("setup", "pnpm", "--write").refused(78)


def test_git_takes_another_profile(home: Box) -> None:
    """Our own helper is replaced, with or without a profile, and never taken for another's."""
    for words in ([], ["itwin"], []):
        write(home, "git", *words)
        found = tool(home, "git", "config", "--global", "--get-all", KEY).split("\n")
        assert found == ["", f"{HELPER}{' itwin' * len(words)}", ""]
    write(home, "git", "itwin")
    remove(home, "git")
    assert KEY.removesuffix(".helper") not in (home.home / ".gitconfig").read_text()


def test_kubectl_names_the_contexts_that_stay(home: Box) -> None:
    """And without a profile every user that runs us goes, but no other."""
    need(home, "kubectl")
    write(home, "kubernetes", "itwin")
    tool(home, "kubectl", "config", "set-context", "prod", "--user=itwin", "--cluster=c")
    tool(home, "kubectl", "config", "set-credentials", "theirs", "--exec-command=other")
    assert "# of the contexts prod, which stay" in remove(home, "kubectl")
    assert tool(home, "kubectl", "config", "get-users").split() == ["NAME", "theirs"]


STORE = "\n[credential]\n\thelper = store\n"


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "again"])
def test_git_would_store_the_token(home: Box, *, is_first: bool) -> None:
    """A helper below our section gets the token, whatever ours says: nothing is written then."""
    path = home.home / ".gitconfig"
    if is_first:
        path.write_text('[credential "https://api.example.com"]\n\tusername = me\n')
    else:
        write(home, "git")
    path.write_text(path.read_text() + STORE)
    before = files(home)
    line = home.run("setup", "git", "--write").refused(78)
    assert "credential.helper stands below the section of https://api.example.com" in line
    assert f"in {path} move the section [credential] above it" in line
    assert files(home) == before


def test_git_stores_nothing_above(home: Box) -> None:
    """With that section above ours, git's own command keeps no token."""
    path = home.home / ".gitconfig"
    path.write_text(STORE.lstrip())
    write(home, "git")
    approved = "protocol=https\nhost=api.example.com\nusername=u\npassword=canary-token\n\n"
    tool(home, "git", "credential", "approve", stdin=approved)
    assert not (home.home / ".git-credentials").exists()
    path.write_text(path.read_text() + STORE)
    tool(home, "git", "credential", "approve", stdin=approved)
    assert (home.home / ".git-credentials").exists()  # what the refusal is for


@pytest.mark.parametrize(
    ("caller", "path"), [("git", ".gitconfig"), ("kubernetes", ".kube/config")]
)
@pytest.mark.parametrize("option", ["--write", "--remove"])
def test_a_broken_file_of_the_caller(home: Box, caller: str, path: str, option: str) -> None:
    """It is no file without our entries: the tool's failure is told, and what to run."""
    name = {"kubernetes": "kubectl"}.get(caller, caller)
    need(home, name)
    write(home, caller, "itwin")
    file = home.home / path
    file.write_text(file.read_text() + "\n[oops\n- { bad\n")
    before = files(home)
    ran = home.run("setup", caller, "itwin", option)
    assert (ran.status, ran.stdout) == (78, "")
    assert f"`{name} config` failed with status " in ran.stderr
    assert f"run `{name} config " in ran.stderr
    assert files(home) == before
