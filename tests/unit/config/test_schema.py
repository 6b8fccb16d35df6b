"""Settings tables: durations and the values of each kind."""

import pytest

from credhelper.config import schema
from credhelper.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20s", 20), ("5m", 300), ("1h", 3600), ("500ms", 0.5), ("7", 7), ("1.5s", 1.5)],
)
def test_durations(text: str, seconds: float) -> None:
    """A number and a unit are seconds."""
    assert schema.duration_s(text, key="k") == seconds


@pytest.mark.parametrize(
    "text", ["", "s", "-1s", "1e3s", "1d", "1 s", "٣s", "9" * 99, "NaN", "inf"]
)
def test_no_durations(text: str) -> None:
    """Anything else is a config error that names the key."""
    with pytest.raises(ConfigError, match="k is not a duration"):
        schema.duration_s(text, key="k")


@pytest.mark.parametrize("value", ["", "a\nb", "a\x00", "\x1b[0m", 3, None, ["x"]])
def test_strings_are_printable(value: object) -> None:
    """A control character in a setting would forge a line elsewhere."""
    with pytest.raises(ConfigError, match="k is not a printable string"):
        schema.string(value, "k")


def test_lists_and_pairs() -> None:
    """A list may come from the environment as one string; pairs are sorted, so equal is equal."""
    assert schema.strings("a,b", "k") == schema.strings(["a", "b"], "k") == ("a", "b")
    assert schema.pairs({"b": "2", "a": "1"}, "k") == (("a", "1"), ("b", "2"))
    with pytest.raises(ConfigError, match=r"k\.a is not"):
        schema.pairs({"a": 1}, "k")
