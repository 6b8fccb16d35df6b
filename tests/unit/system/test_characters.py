"""Characters that nobody sees are dropped where nobody meant them, else called by their name."""

import pytest

from credhelper.system import characters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", ""),
        ("grün", ""),
        ("x\n", "ends in a line break"),
        ("x\r\n", "ends in a line break"),
        ("x\r\n\r\n", "ends in a line break"),
        ("x\r", "ends in a carriage return"),
        ("x\ny", "has a line break in it"),
        ("\tx", "begins with a tab"),
        ("x\0y", "has a NUL in it"),
        ("x\xa0", "ends in the character NO-BREAK SPACE (U+00A0)"),
        ("\u200bx", "begins with the character ZERO WIDTH SPACE (U+200B)"),
        ("x\u2060y", "has the character WORD JOINER (U+2060) in it"),
        ("x\ufeffy", "has the character ZERO WIDTH NO-BREAK SPACE (U+FEFF) in it"),
        ("x\x1b[31m", "has the character U+001B in it"),
        ("x\udcff", "ends in a byte that is not UTF-8"),
        ("\n", "ends in a line break"),
    ],
)
def test_the_first_unfit_character(text: str, expected: str) -> None:
    """Its place and its name are told, and nothing else of the text."""
    assert characters.fault(text) == expected


def test_what_is_dropped() -> None:
    """One mark at the start, one line end at the end."""
    assert characters.without_bom("\ufeffx\ufeff") == "x\ufeff"
    ends = [characters.without_line_end(f"x{end}") for end in ("", "\n", "\r\n", "\r", "\n\n")]
    assert ends == ["x", "x", "x", "x", "x\n"]
