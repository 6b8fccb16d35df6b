"""A page of the documentation: the blocks in its fences; `marks` says what they need to be run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.docs.marks import MARKS, Mark
from tests.support.paths import ROOT

_FENCE = re.compile(r"( *)```([a-z]*)(.*)")
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Command:
    """What a reader types, at which line of the page, and the lines that follow."""

    line: int
    text: str
    answer: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """A fence's text at a line of its page; `reason` says why it is not run, "" if it is."""

    line: int
    language: str
    title: str
    text: str
    reason: str

    def commands(self) -> list[Command]:
        """Return the commands of a console block; `> ` continues one, as in a shell."""
        found: list[Command] = []
        for number, line in enumerate(self.text.splitlines(), self.line + 1):
            if line.startswith("$ "):
                found.append(Command(number, line[2:], ()))
                continue
            last = found.pop()
            if line.startswith("> ") and not last.answer:
                found.append(Command(last.line, f"{last.text}\n{line[2:]}", ()))
            else:
                found.append(Command(last.line, last.text, (*last.answer, line)))
        return found


@dataclass(frozen=True)
class Page:
    """A Markdown file."""

    path: Path
    needs: tuple[str, ...]
    tools: tuple[str, ...]
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        """The path as a test is named after it."""
        return named(self.path)


def paths() -> list[Path]:
    """Return every page: the README, then those of the site."""
    return [ROOT / "README.md", *sorted((ROOT / "docs" / "pages").rglob("*.md"))]


def named(path: Path) -> str:
    """Return a page's path as a test is named after it."""
    name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
    return name.removeprefix("docs/pages/")


def read(path: Path, mark: Mark | None = None) -> Page:
    """Return a page. Raises AssertionError for a fence that does not end."""
    mark = mark or MARKS.get(named(path), Mark())
    blocks: list[Block] = []
    lines = iter(enumerate(path.read_text().splitlines(), 1))
    for number, line in lines:
        if fence := _FENCE.fullmatch(line):
            text = "".join(f"{each}\n" for each in _inside(lines, fence[1]))
            title = _TITLE.search(fence[3])
            reason = next((why for part, why in mark.not_run.items() if part in text), "")
            blocks.append(Block(number, fence[2], title[1] if title else "", text, reason))
    return Page(path, mark.needs, mark.tools, tuple(blocks))


def _inside(lines: Iterator[tuple[int, str]], indent: str) -> list[str]:
    found: list[str] = []
    for _number, line in lines:
        if line == f"{indent}```":
            return found
        found.append(line.removeprefix(indent))
    raise AssertionError("a fence does not end")
