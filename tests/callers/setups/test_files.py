"""Callers whose files a format library or a link sets up: nothing of others is lost."""

import json
import stat
import tomllib
from pathlib import Path

import pytest

from tests.conftest import Box
from tests.support.setup_tools import FOLDER, NOTHING, files, home_with, need, tool, write

AUTHS = {"auths": {"r.example.com": {"auth": "canary-auth"}}, "credHelpers": {"gcr.io": "gcloud"}}


@pytest.fixture
def home(box: Box) -> Box:
    """Return a home with a profile."""
    return home_with(box)


def docker(home: Box, settings: object) -> Path:
    """Write docker's config file."""
    path = home.home / ".docker" / "config.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(settings))
    path.chmod(0o640)
    return path


def test_docker(home: Box) -> None:
    """The helpers are added; passwords of the file are not shown; its mode stays."""
    path = docker(home, AUTHS)
    before = path.read_text()
    assert "canary" not in write(home, "docker")
    settings = json.loads(path.read_text())
    assert settings["auths"] == AUTHS["auths"]
    ours = dict.fromkeys(["api.example.com", "other.example.com:8443"], "credhelper")
    assert settings["credHelpers"] == {"gcr.io": "gcloud", **ours}
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    copy = path.with_name("config.json.credhelper-backup")
    assert copy.read_text() == before
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    after = files(home)
    assert write(home, "docker").startswith(NOTHING)
    assert files(home) == after


def test_dockers_file_may_be_a_link(home: Box) -> None:
    """The file that a link names is replaced, not the link."""
    real = home.home / "dotfiles.json"
    real.write_text("{}")
    path = home.home / "d" / "config.json"
    path.parent.mkdir()
    path.symlink_to(real)
    home.environ["DOCKER_CONFIG"] = str(path.parent)
    write(home, "docker")
    assert path.is_symlink()
    assert "api.example.com" in real.read_text()


@pytest.mark.parametrize(
    "settings", [{"credHelpers": {"api.example.com": "canary"}}, {"credHelpers": []}, []]
)
def test_dockers_foreign_settings_are_kept(home: Box, settings: object) -> None:
    """Another helper, or a file of another shape, is left alone."""
    before = docker(home, settings).read_text()
    assert "canary" not in home.run("setup", "docker", "--write").refused(78)
    assert files(home) == {".docker/config.json": before}


def test_dockers_helper_gets_onto_the_path(home: Box) -> None:
    """A helper in a virtual environment is linked to where the PATH leads."""
    link = home.home / ".local" / "bin"
    home.environ["PATH"] = "/usr/bin"
    assert "is not on the PATH" in home.run("setup", "docker", "--write").refused(78)
    home.environ["PATH"] = str(link)
    assert f"link: {link}/docker-credential-credhelper" in write(home, "docker")
    assert str((link / "docker-credential-credhelper").readlink()).startswith(FOLDER)
    assert write(home, "docker").startswith(NOTHING)


def test_a_disk_that_refuses_is_told(home: Box) -> None:
    """A file where the folder should be: an io error, without a traceback."""
    (home.home / ".terraform.d").write_text("")
    ran = home.run("setup", "terraform", "--write")
    assert ran.status == 74
    assert ran.stderr.startswith("credhelper: io: the disk refused it")


CARGO = """\
# mine
[registries.corp]
index = "sparse+https://api.example.com/index/"  # theirs
token = "canary-cargo"

[registry]
global-credential-providers = ["cargo:token", "mine"]
"""


def test_cargo(home: Box) -> None:
    """Ours becomes the first provider that cargo asks; comments and others stay."""
    path = home.home / ".cargo" / "config.toml"
    path.parent.mkdir()
    path.write_text(CARGO)
    assert "canary" not in write(home, "cargo", "itwin")
    text = path.read_text()
    assert text.startswith(CARGO.partition("[registry]")[0])
    settings = tomllib.loads(text)
    providers = ["cargo:token", "mine", "credhelper"]
    assert settings["registry"]["global-credential-providers"] == providers
    alias = [f"{FOLDER}/credhelper-cargo", "itwin"]
    assert settings["credential-alias"] == {"credhelper": alias}
    assert path.with_name("config.toml.credhelper-backup").read_text() == CARGO
    assert write(home, "cargo", "itwin") == NOTHING
    assert "write: credential-alias" in write(home, "cargo")
    path.write_text(path.read_text().replace(f"{FOLDER}/credhelper-cargo", "/theirs/other"))
    assert "another provider" in home.run("setup", "cargo", "--write").refused(78)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_cargos_file_had_is_there_again(home: Box, end: str) -> None:
    """Byte by byte, with the line ends of its editor."""
    path = home.home / ".cargo" / "config.toml"
    path.parent.mkdir()
    before = f"# mine{end}[net]{end}offline = true  # always{end}".encode()
    path.write_bytes(before)
    write(home, "cargo", "itwin")
    assert path.read_bytes().startswith(before)
    assert home.run("setup", "cargo", "itwin", "--remove").status == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "text", ["[", "registry = 1", "[registry]\nglobal-credential-providers = 'x'"]
)
def test_a_broken_file_of_cargo_is_left_alone(home: Box, text: str) -> None:
    """What cargo could not read is not written either."""
    path = home.home / ".cargo" / "config"
    path.parent.mkdir()
    path.write_text(text)
    assert home.run("setup", "cargo", "--write").refused(78)
    assert files(home) == {".cargo/config": text}


def test_terraform(home: Box) -> None:
    """The link is made, the block is printed, and Terraform accepts it without a warning."""
    said = write(home, "terraform", "itwin")
    link = home.home / ".terraform.d" / "plugins" / "terraform-credentials-credhelper"
    assert str(link.readlink()) == f"{FOLDER}/terraform-credentials-credhelper"
    assert write(home, "terraform", "itwin").startswith(NOTHING)
    block = said.partition("put it into ~/.terraformrc:\n")[2]
    assert 'args = ["itwin"]' in block
    need(home, "terraform")
    (home.home / ".terraformrc").write_text(home.run("setup", "terraform", "itwin").stdout)
    # A wrong file is a warning on stderr, or an error; `tool` asserts the one, this the other.
    assert tool(home, "sh", "-c", "terraform version 2>&1 >/dev/null") == ""
    link.unlink()
    link.write_text("theirs")
    assert home.run("setup", "terraform", "--write").refused(78)
    assert link.read_text() == "theirs"
