"""The manual page: that it is up to date, whole, and reads well."""

import re
import sys
from pathlib import Path

import pytest

from credhelper.cli import parser
from credhelper.cli.commands import help as command
from tests.conftest import Box
from tests.support import shells
from tests.support.command_line import TOPICS, grammar, options, text
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "credhelper.1"
LINTS = {
    "mandoc": ["mandoc", "-T", "lint", "-W", "style"],
    "groff": ["groff", "-ww", "-b", "-man", "-Tascii", "-z"],
    "man": ["man", "--warnings", "-l"],
}


def test_the_page_is_up_to_date(box: Box) -> None:
    """After `credhelper help --man >docs/credhelper.1` it is; every word of it is ASCII."""
    ran = box.run("help", "--man")
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout == PAGE.read_text(encoding="ascii")
    assert ran.stdout == command.page(parser.build())


@pytest.mark.parametrize("lint", LINTS)
def test_it_has_no_warning(box: Box, lint: str) -> None:
    """By the formatters that Linux and the BSDs have."""
    shells.require(lint)
    box.environ["MANWIDTH"] = "80"
    ran = box.call(*LINTS[lint], str(PAGE))
    assert (ran.status, ran.stderr) == (0, "")
    assert lint == "man" or ran.stdout == ""


def test_it_is_whole(box: Box) -> None:
    """Every command, option and topic stands in the page as it is formatted."""
    shells.require("mandoc")
    ran = box.call("mandoc", "-T", "ascii", "-O", "width=200", str(PAGE))
    said = re.sub(".\b", "", ran.stdout)
    for name, parsed in grammar().items():
        assert f"credhelper {name}".rstrip() in said
        for flag in options(parsed):
            assert flag in said
    for topic in TOPICS:
        for line in text(topic).splitlines():
            assert all(word.strip("`") in said for word in line.replace("…", "...").split()
                       if "`" not in word.strip("`")), line  # fmt: skip


def test_man_finds_it(box: Box) -> None:
    """It is installed where `man` looks for what belongs to a virtual environment."""
    shells.require("man")
    share = Path(sys.prefix) / "share" / "man"
    assert (share / "man1" / "credhelper.1").read_text() == PAGE.read_text()
    box.environ |= {"MANPATH": str(share), "MANPAGER": "cat"}
    assert "CREDHELPER(1)" in box.call("man", "credhelper").stdout
