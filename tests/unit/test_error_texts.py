"""The words of every error, read at a glance in `error_texts.txt`."""

import re
from pathlib import Path

from tests.support import error_texts

TEXTS = Path(__file__).with_name("error_texts.txt")


def test_the_page_of_errors_is_what_the_code_says() -> None:
    """A changed text is seen beside all others: `python -m tests.support.error_texts`."""
    assert error_texts.page() == TEXTS.read_text()


def test_an_error_is_a_sentence_for_who_must_act() -> None:
    """Plain words, no sentence's capital or full stop; and a next step."""
    for text in error_texts.texts():
        assert not re.match(r"(The|A|An|No|There|This|It|You)\b", text.line), text.line
        assert not text.line.endswith((".", ";", " ")), text.line
        assert "\n" not in text.line, text.line
