"""What README and docs say is what happens: each command is run, each answer compared."""

import json
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from credhelper.config import load, schema
from credhelper.secrets import backend
from credhelper.secrets.backends import vault
from tests.conftest import Box
from tests.support.docs import needs, shell
from tests.support.docs.marks import MARKS
from tests.support.docs.page import Page, paths, read
from tests.support.paths import ROOT

PAGES = [read(path) for path in paths()]
FIGURES = sorted((ROOT / "docs" / "pages" / "figures").iterdir())
# Languages of what stands in a page alone; every other text comes from `examples/`.
OWN = {"console", "toml", "text", "sh"}
# Specifications and vendors' own pages.
KNOWN_HOSTS = {"www.rfc-editor.org", "developer.bentley.com", "docs.aws.amazon.com"}
KNOWN_HOSTS |= {"pipx.pypa.io", "docs.astral.sh"}
# The reference links what the docstrings of the code link.
WRITTEN = [page for page in PAGES if not page.name.startswith("reference/")]
RUN = [page for page in PAGES if any(map(shell.is_run, page.blocks))]
BLOCKS = {f"{page.name}:{block.line}": block for page in PAGES for block in page.blocks}
SHOWS_CONFIG = re.compile(r"^\[profiles\.", re.MULTILINE)
CONFIGS = [
    name
    for name, block in BLOCKS.items()
    if block.language != "console" and SHOWS_CONFIG.search(block.text)
]
SHOWN = [
    name
    for name, block in BLOCKS.items()
    if block.language not in OWN and not block.reason and not name.startswith("README")
]


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_a_page_does_what_it_says(
    page: Page, box: Box, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every command of the page, from top to bottom in one shell, answers as the page has it."""
    stage = needs.stage(page, box, request.getfixturevalue)
    found = shell.run(page, stage, tmp_path_factory.mktemp("away"))
    assert not found, "\n\n".join(f"{page.name}:{each}" for each in found)


def test_what_is_not_run_is_there() -> None:
    """Each block that is left out is on its page, and is the only one that it was meant for."""
    for name, mark in MARKS.items():
        page = next(page for page in PAGES if page.name == name)
        found = [block.reason for block in page.blocks if block.reason]
        assert {*found} == {*mark.not_run.values()}, name


@pytest.mark.parametrize("name", SHOWN)
def test_a_text_that_is_not_run_comes_from_examples(name: str) -> None:
    """A program or a configuration of a caller is that of its file, or a part of it."""
    block = BLOCKS[name]
    assert block.title.startswith("examples/")
    assert block.text in (ROOT / block.title).read_text()


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_loads(name: str, tmp_path: Path) -> None:
    """Each config file is one, the table of its backend included."""
    block = BLOCKS[name]
    assert block.language == "toml"
    path, ca = tmp_path / "config.toml", tmp_path / "ca.pem"
    ca.touch()
    path.write_text(block.text.replace("/etc/ssl/private/ca.pem", str(ca)))
    path.chmod(0o600)
    loaded = load.profiles({"CREDHELPER_CONFIG": str(path)})
    for each in tomllib.loads(block.text)["profiles"]:
        found = loaded.get(each)
        kind = getattr(backend.find(found.client_secret.backend), "Settings", None)
        assert kind or not found.settings
        if kind:
            schema.parse(kind, found.settings, key=f"profiles.{each}")


def test_the_pods_config_loads(tmp_path: Path) -> None:
    """The config in the manifest of a pod is one; a mounted one may be read by everybody."""
    manifest = (ROOT / "examples" / "call-pod" / "pod.yaml").read_text()
    text = manifest.split("config.toml: |\n")[1].split("---\n")[0]
    path = tmp_path / "config.toml"
    path.write_text(textwrap.dedent(text))
    path.chmod(0o644)
    found = load.profiles({"CREDHELPER_CONFIG": str(path)}).get("")
    settings = schema.parse(vault.Settings, found.settings, key="vault")
    assert settings.auth.method == "kubernetes"


@pytest.mark.parametrize("figure", FIGURES, ids=lambda path: path.name)
def test_a_figure_can_be_read_on_a_dark_page(figure: Path) -> None:
    """It has colours for both themes and a title, and a page with a description shows it."""
    text = figure.read_text()
    assert "prefers-color-scheme: dark" in text
    assert "<title" in text
    shown = re.compile(rf"!\[[^]]+\]\([^)]*{figure.name}\)")
    assert any(shown.search(page.path.read_text()) for page in PAGES)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda p: p.name)
def test_a_link_leads_to_a_specification_or_a_vendor(page: Page) -> None:
    """No other site is needed to read the pages."""
    links = re.findall(r"(?:\]\(|<)(https?://[^)>]+)", page.path.read_text())
    assert {urlsplit(link).hostname for link in links} <= KNOWN_HOSTS


@pytest.mark.docs
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """All links and anchors lead somewhere, and no page fetches anything from elsewhere."""
    pytest.importorskip("mkdocs")
    # Not with --quiet, under which no warning is counted.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    site = tmp_path / "site"
    command += ["--config-file", str(ROOT / "docs" / "mkdocs.yml"), "--site-dir", str(site)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    fetching = re.compile(r'<(?:script|img|iframe|link)[^>]*(?:src|href)="?https?:[^" >]+')
    assert not [
        found for page in site.rglob("*.html") for found in fetching.findall(page.read_text())
    ]
    assert json.loads((site / "search" / "search_index.json").read_text())["docs"]
