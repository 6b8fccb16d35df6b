"""The comparison of a page with what is said: it can fail."""

import time
from pathlib import Path

import pytest

from tests.conftest import Box
from tests.support.docs import page, shell


@pytest.mark.parametrize(
    ("answer", "fitting", "others"),
    [
        ((), [""], ["one\n", "\n"]),
        (("one",), ["one\n", "one"], ["", "one\ntwo\n", "ones\n"]),
        (("a…c",), ["abc\n", "ac\n"], ["a\nc\n", "abcd\n"]),
        (("…", "two"), ["two\n", "zero\none\ntwo\n"], ["two\nthree\n", "one two\n"]),
    ],
)
def test_an_ellipsis_stands_for_what_differs(
    answer: tuple[str, ...], fitting: list[str], others: list[str]
) -> None:
    """In a line for a part of it, alone for lines."""
    assert all(shell.matches(answer, text) for text in fitting)
    assert not any(shell.matches(answer, text) for text in others)


def run(box: Box, text: str) -> list[str]:
    """Return what is wrong with a page of this text."""
    path, away = box.home / "page.md", box.home / "away"
    path.write_text(text)
    away.mkdir()
    return shell.run(page.read(path), shell.Stage(box, box.home), away)


def test_each_lie_of_a_page_is_found(box: Box) -> None:
    """A wrong answer, a failure that is not told, a shell that ends early; each with its line."""
    text = (
        "# Page\n\n```console\n$ echo one\ntwo\n$ false\n$ echo good\ngood\n$ exit\n$ echo\n```\n"
    )
    found = run(box, text)
    assert [each.split(":")[0] for each in found] == ["4", "6", "9"]


def sleepers() -> list[Path]:
    """Return the processes that the page has left running."""
    found = []
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [cmdline] if cmdline.read_bytes() == b"sleep\x009.25\0" else []
        except OSError:  # it has just ended
            continue
    return found


def test_state_goes_from_block_to_block(box: Box) -> None:
    """Variables, files by their title, a status, and what another terminal gave, which is ended."""
    text = (
        '```toml title="~/a/b"\nx = 1\n```\n```console\n$ cat ~/a/b\nx = 1\n$ X=2\n```\n'
        "```console\n$ echo $X\n2\n$ (exit 3)\n$ echo $?\n3\n```\n"
        '```console title="a second terminal"\n$ echo export NEW=4; sleep 9.25\nexport NEW=…\n```\n'
        "```console\n$ export NEW=…\n$ echo $NEW \\\n> five\n4 five\n```\n"
    )
    assert run(box, text) == []
    until = time.monotonic() + 5
    while sleepers() and time.monotonic() < until:
        time.sleep(0.05)  # a killed process is gone a moment later
    assert not sleepers()
    assert Path(box.home / "a" / "b").stat().st_mode & 0o777 == 0o600
