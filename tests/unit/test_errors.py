"""The line that a person reads: one line, short, no terminal escapes."""

import pytest

from credhelper import errors
from credhelper.errors import CredhelperError


def test_every_class_has_its_own_status() -> None:
    """The statuses are those of the documentation, each once."""
    statuses = {kind.word: kind.status for kind in CredhelperError.__subclasses__()}
    assert statuses == {
        "usage": 64,
        "config": 78,
        "denied": 77,
        "temporary": 75,
        "protocol": 76,
        "io": 74,
        "bug": 70,
    }


@pytest.mark.parametrize("hostile", ["a\nb", "a\rb", "\x1b[31m", "\x9b31m", "\u202e", "\x00"])
def test_the_line_is_one_line_of_printable_text(hostile: str) -> None:
    """Text from a file or a server cannot forge lines, move the cursor or turn the text round."""
    line = errors.ConfigError(f"key {hostile}", hint=hostile).line()
    assert line.startswith("credhelper: config: key ")
    assert line.isprintable()


def test_the_line_fits_a_pipe() -> None:
    """A caller that reads stderr after the exit must not deadlock."""
    assert len(errors.ConfigError("x" * 99999, hint="y").line()) == errors.LINE_LIMIT
