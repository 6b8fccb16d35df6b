"""`setup … --remove`: what `--write` did is undone, and nothing else."""

import json
from collections.abc import Callable

import pytest

from tests.conftest import Box
from tests.support.setup_tools import (
    FOLDER,
    NOTHING,
    files,
    home_with,
    links,
    need,
    remove,
    tool,
    write,
)

pytestmark = pytest.mark.slow

KEY = "credential.https://api.example.com.helper"
DOCKER = {"auths": {"r.example.com": {}}, "credHelpers": {"gcr.io": "gcloud"}}


@pytest.fixture
def home(box: Box) -> Box:
    """Return a home with a profile."""
    return home_with(box)


def settings(home: Box) -> dict[str, str]:
    """Return the settings files of the home, without copies, empty ones and blank lines."""
    found = {path: text.rstrip() for path, text in files(home).items() if "backup" not in path}
    return {path: text for path, text in found.items() if text and "tools/" not in path}


def git(home: Box) -> None:
    """Give git settings of its own, one of them for our host."""
    tool(home, "git", "config", "--global", "credential.helper", "store")
    tool(home, "git", "config", "--global", "credential.https://api.example.com.username", "me")
    tool(home, "git", "config", "--global", "credential.https://mine.example.com.helper", "mine")


def docker(home: Box) -> None:
    """Give docker a login and a helper."""
    path = home.home / ".docker" / "config.json"
    path.parent.mkdir()
    path.write_text(json.dumps(DOCKER, indent="\t"))


def cargo(home: Box) -> None:
    """Give cargo a registry, with a comment."""
    path = home.home / ".cargo" / "config.toml"
    path.parent.mkdir()
    path.write_text('# mine\n[registries.corp]\nindex = "sparse+https://api.example.com/"\n')


def kubernetes(home: Box) -> None:
    """Give kubectl a user."""
    need(home, "kubectl")
    tool(home, "kubectl", "config", "set-credentials", "other", "--token=canary-kube")


def goauth(home: Box) -> None:
    """Give go an entry."""
    need(home, "go")
    tool(home, "go", "env", "-w", "GOAUTH=git /src;netrc")


def terraform(_home: Box) -> None:
    """Leave the home as it is."""


OWNERS: dict[str, Callable[[Box], None]] = {
    each.__name__: each for each in (git, docker, cargo, kubernetes, goauth, terraform)
}


@pytest.mark.parametrize("caller", OWNERS)
def test_all_is_as_before(home: Box, caller: str) -> None:
    """The files have the text from before; twice changes nothing; and it can be written again."""
    home.environ["PATH"] = home.environ["PATH"].replace(f"{FOLDER}:", "", 1)
    OWNERS[caller](home)
    before = settings(home), links(home)
    assert remove(home, caller, "itwin").startswith(NOTHING)
    write(home, caller, "itwin")
    written = settings(home), links(home)
    assert written != before
    assert "canary" not in remove(home, caller, "itwin")
    assert (settings(home), links(home)) == before
    assert remove(home, caller, "itwin").startswith(NOTHING)
    write(home, caller, "itwin")
    assert (settings(home), links(home)) == written


def only_pip(home: Box) -> None:
    """Leave pip of our own tools on the PATH: there is a real `keyring` beside it."""
    tools = home.home / "tools"
    tools.mkdir()
    (tools / "pip").symlink_to(f"{FOLDER}/pip")
    home.environ["PATH"] = f"{home.home}/.local/bin:{tools}:/usr/bin:/bin"


def test_keyring(home: Box) -> None:
    """The link goes, and pip's setting with it; another program of that name stays."""
    only_pip(home)
    before = links(home)
    write(home, "keyring")
    assert 'keyring-provider = "subprocess"' in remove(home, "keyring")
    assert (settings(home), links(home)) == ({}, before)
    write(home, "keyring")
    link = home.home / ".local" / "bin" / "keyring"
    link.unlink()
    link.write_text("theirs")
    assert remove(home, "keyring").startswith(NOTHING)
    assert link.read_text() == "theirs"


def test_pnpm(home: Box) -> None:
    """The registries have no helper any more, and the link is gone."""
    need(home, "pnpm")
    if int(tool(home, "pnpm", "--version").split(".")[0]) < 11:
        assert remove(home, "pnpm") == NOTHING
        return
    write(home, "pnpm", "itwin")
    remove(home, "pnpm", "itwin")
    key = "//other.example.com:8443/:tokenHelper"
    assert tool(home, "pnpm", "config", "get", key) == "undefined\n"
    assert links(home) == {}


def test_another_helper_of_the_host_stays(home: Box) -> None:
    """Of several helpers ours alone goes."""
    write(home, "git", "itwin")
    tool(home, "git", "config", "--global", "--add", KEY, "mine")
    remove(home, "git", "itwin")
    assert tool(home, "git", "config", "--global", "--get-all", KEY) == "\nmine\n"
    write(home, "docker")
    path = home.home / ".docker" / "config.json"
    path.write_text(json.dumps({"credHelpers": {"api.example.com": "mine"}}))
    assert remove(home, "docker") == NOTHING
    assert "mine" in path.read_text()


def test_another_profile_stays(home: Box) -> None:
    """What was written for no profile, or by hand, is not this one's."""
    write(home, "git")
    assert remove(home, "git", "itwin") == NOTHING
    need(home, "kubectl")
    tool(home, "kubectl", "config", "set-credentials", "itwin", "--token=t")
    assert remove(home, "kubernetes", "itwin") == NOTHING


def test_an_installation_elsewhere(home: Box) -> None:
    """What an earlier installation wrote is recognised by the name of the executable."""
    tool(home, "git", "config", "--global", "--add", KEY, "")
    old = "!'/opt/my dir/git-credential-credhelper' itwin"
    tool(home, "git", "config", "--global", "--add", KEY, old)
    remove(home, "git", "itwin")
    assert settings(home) == {}


def test_a_profile_that_is_gone(home: Box) -> None:
    """It has no hosts any more: what names it is removed."""
    write(home, "git", "itwin")
    config = home.home / ".config" / "credhelper" / "config.toml"
    home.config(config.read_text().replace("profiles.itwin", "profiles.other"))
    remove(home, "git", "itwin")
    assert settings(home) == {}


@pytest.mark.parametrize("caller", ["git", "docker"])
def test_a_host_that_is_gone(home: Box, caller: str) -> None:
    """`--write` removes it, and no helper of another."""
    OWNERS[caller](home)
    before = settings(home)
    write(home, caller, "itwin")
    config = home.home / ".config" / "credhelper" / "config.toml"
    home.config(config.read_text().replace('"other.example.com:8443"', '"new.example.com"'))
    write(home, caller, "itwin")
    after = "".join(settings(home).values())
    assert "other.example.com" not in after
    assert "new.example.com" in after
    remove(home, caller, "itwin")
    assert settings(home) == before


@pytest.mark.parametrize("caller", ["git", "cargo", "goauth", "pnpm"])
def test_without_a_profile_all_of_ours_goes(home: Box, caller: str) -> None:
    """A profile's own is written over one without, and neither is left."""
    need(home, {"goauth": "go"}.get(caller, caller))
    if caller == "pnpm" and int(tool(home, "pnpm", "--version").split(".")[0]) < 11:
        pytest.skip("pnpm 10 leaves the setting to npm")
    home.environ["PATH"] = home.environ["PATH"].replace(f"{FOLDER}:", "", 1)
    before = settings(home), links(home)
    write(home, caller)
    write(home, caller, "itwin")
    remove(home, caller)
    assert (settings(home), links(home)) == before


def test_the_link_that_serves_another_profile_stays(home: Box) -> None:
    """Pip passes no profile; the last one takes the link with it."""
    config = home.home / ".config" / "credhelper" / "config.toml"
    text = config.read_text()
    other = text.replace("profiles.itwin", "profiles.other").replace("example.com", "example.org")
    home.config(text + other)
    only_pip(home)
    write(home, "keyring")
    written = settings(home), links(home)
    for profile in ("itwin", "nobody"):
        assert remove(home, "keyring", profile).startswith(NOTHING)
        assert (settings(home), links(home)) == written
    home.config(text)
    assert "delete: " in remove(home, "keyring", "itwin")


def test_dockers_entries_name_no_profile(home: Box) -> None:
    """So those of a profile that is not there cannot be told from others'."""
    write(home, "docker")
    line = home.run("setup", "docker", "nobody", "--remove").refused(78)
    assert "there is no profile nobody, and docker's entries name none" in line
    assert "hosts" not in line
