"""A page of the documentation: the blocks in its fences, and what they need to be run.

Comments say what the reader brings along: `<!-- needs: … -->` servers (see `needs`), and
`<!-- tools: … -->` other programs. `<!-- not run: REASON -->` stands right before a block that
cannot be run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_FENCE = re.compile(r"( *)```([a-z]*)(.*)")
_TITLE = re.compile(r'title="([^"]+)"')
_COMMENT = re.compile(r" *<!-- (needs|tools|not run): (.+) -->")
_SNIPPET = re.compile(r'--8<-- "([^"]+)"')


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
    snippets: tuple[str, ...] = ()

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
        return str(self.path.relative_to(ROOT)).removeprefix("docs/pages/")


def paths() -> list[Path]:
    """Return every page: the README, then those of the site."""
    return [ROOT / "README.md", *sorted((ROOT / "docs" / "pages").rglob("*.md"))]


def read(path: Path) -> Page:
    """Return a page. Raises AssertionError for a fence that does not end."""
    said: dict[str, tuple[str, ...]] = {}
    blocks: list[Block] = []
    reason = ""
    lines = iter(enumerate(path.read_text().splitlines(), 1))
    for number, line in lines:
        if comment := _COMMENT.fullmatch(line):
            if comment[1] == "not run":
                reason = comment[2]
            else:
                said[comment[1]] = tuple(comment[2].split(", "))
        elif fence := _FENCE.fullmatch(line):
            blocks.append(_block(number, fence, reason, _inside(lines, fence[1])))
            reason = ""
        elif line.strip():
            assert not reason, f"{path}:{number}: no block follows the comment"
    return Page(path, said.get("needs", ()), said.get("tools", ()), tuple(blocks))


def _inside(lines: Iterator[tuple[int, str]], indent: str) -> list[str]:
    found: list[str] = []
    for _number, line in lines:
        if line == f"{indent}```":
            return found
        found.append(line.removeprefix(indent))
    raise AssertionError("a fence does not end")


def _block(number: int, fence: re.Match[str], reason: str, lines: list[str]) -> Block:
    title = _TITLE.search(fence[3])
    snippets: list[str] = []
    text = ""
    for line in lines:
        if snippet := _SNIPPET.fullmatch(line):
            snippets.append(snippet[1])
            text += (ROOT / snippet[1]).read_text()
        else:
            text += f"{line}\n"
    return Block(number, fence[2], title[1] if title else "", text, reason, tuple(snippets))
