"""What the README says of names and numbers is what the code has."""

import re
import tomllib
from pathlib import Path

from credhelper import __version__, protocols
from credhelper.errors import CredhelperError
from credhelper.secrets import backends
from credhelper.system import registry
from tests.support.docs.page import paths
from tests.support.paths import ROOT

README_PATH = ROOT / "README.md"
README = README_PATH.read_text()
# Protocols that are no caller's own: their pages are those of programs and shells.
COMMON = {"process", "token", "header", "env"}


def test_it_is_short() -> None:
    """Nobody reads more."""
    assert len(README.splitlines()) <= 150


def test_every_backend_and_exit_status_is_there() -> None:
    """A reference of each backend, and each status that a caller may get."""
    assert all(f"`{name}:" in README for name in registry.own_names(registry.BACKENDS))
    section = README.split("## When it fails")[1].split("```")[0]
    statuses = {str(kind.status) for kind in CredhelperError.__subclasses__()}
    assert {*re.findall(r"\b[67]\d\b", section)} == statuses
    assert backends.__path__


def test_every_protocol_is_on_a_page_of_callers() -> None:
    """Whoever looks for a caller finds how it is configured."""
    text = "".join(path.read_text() for path in paths() if "callers" in path.parts)
    names = {*registry.own_names(registry.PROTOCOLS)} - COMMON
    assert [name for name in names if not re.search(rf"(as|-|setup) ?{name}\b", text)] == []
    assert protocols.__path__


def test_its_version_is_the_packages() -> None:
    """And so is the lowest Python."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"version {'.'.join(__version__.split('.')[:2])}." in README
    lowest = project["requires-python"].removeprefix(">=")
    assert f"Python {lowest} or newer" in " ".join(README.split())


def test_its_figures_are_those_of_the_measurement() -> None:
    """Each stands in the table of the page about speed, which a command makes."""
    speed = (ROOT / "docs/pages/explanation/speed.md").read_text()
    named = re.findall(r"(\d+\.\d)\sms", README.split("## Why")[1])
    assert len(named) == 3
    assert all(f" {ms} |" in speed for ms in named)


def test_every_link_of_a_page_leads_to_a_file() -> None:
    """In the repository too, where no site is built."""
    for path in [*paths(), ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]:
        assert all(target.exists() for target in links(path)), path


def test_every_page_is_found_from_the_start_page() -> None:
    """By links alone, without the site's menu; the README leads to the start page."""
    start = ROOT / "docs" / "pages" / "index.md"
    assert start in links(README_PATH)
    found, ahead = {README_PATH, start}, [start]
    while ahead:
        new = {target for target in links(ahead.pop()) if target.suffix == ".md"} - found
        found |= new
        ahead += new
    assert {*paths()} <= found


def links(page: Path) -> set[Path]:
    """Return the files that a page links."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)
    return {(page.parent / target).resolve() for target in targets}
