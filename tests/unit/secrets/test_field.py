"""One rule for `#field` and `?version=` in all backends."""

import json
import traceback

import pytest

from credhelper.errors import ConfigError
from credhelper.secrets import field
from credhelper.secrets.field import Wanted

DOCUMENT = {
    "k": "value-of-k",
    "a.b": "key-with-a-dot",
    "a": {"b": "nested", "c/d": "slash", "e~f": "tilde", "list": ["zero", {"x": "in-a-list"}]},
    "json": json.dumps({"inner": {"deep": "through-a-string"}}),
    "": "no-name",
    "a?b": "question",
    "/lead": "leading-slash",
    "bom": "\ufeffbehind-a-bom",
}
HIDDEN = "hidden-value-7d31f0"


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("p/q", "k", Wanted("p/q", "k", "")),
        ("p?version=3", "k", Wanted("p", "k", "3")),
        ("p", "k?version=3", Wanted("p", "k", "3")),
        ("p", "a?b", Wanted("p", "a?b", "")),
        ("p?x", "", Wanted("p?x", "", "")),
        ("p?versoin=1", "k", Wanted("p?versoin=1", "k", "")),
        ("p?version=1/q", "k", Wanted("p?version=1/q", "k", "")),
        ("p?a?version=AWSPENDING", "", Wanted("p?a", "", "AWSPENDING")),
        ("p", "a#b", Wanted("p", "a#b", "")),
    ],
)
def test_parts_of_a_reference(path: str, name: str, expected: Wanted) -> None:
    """The version counts at the very end alone; any other question mark is literal."""
    assert field.wanted(path, name) == expected


@pytest.mark.parametrize(
    ("path", "name"), [("p?version=", "k"), ("p?version=1", "k?version=1"), ("p", "k?version=")]
)
def test_no_one_version(path: str, name: str) -> None:
    """An empty version and two of them are refused."""
    with pytest.raises(ConfigError, match="does not name one version"):
        field.wanted(path, name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("k", "value-of-k"),
        ("a.b", "key-with-a-dot"),
        ("/a/b", "nested"),
        ("/a/c~1d", "slash"),
        ("/a/e~0f", "tilde"),
        ("a.c/d", "slash"),
        ("/a/list/1/x", "in-a-list"),
        ("a.list.0", "zero"),
        ("json.inner.deep", "through-a-string"),
        ("/json/inner/deep", "through-a-string"),
        ("/", "no-name"),
        ("a?b", "question"),
        ("/~1lead", "leading-slash"),
        ("bom", "behind-a-bom"),
    ],
)
def test_a_field_is_found(name: str, expected: str) -> None:
    """A JSON pointer, else the key itself, else a dotted path; in a document as in its text."""
    assert field.of_document(DOCUMENT, name, what="w") == expected
    assert field.of_text(json.dumps(DOCUMENT), name, what="w") == expected
    assert field.of_text("\ufeff" + json.dumps(json.dumps(DOCUMENT)), name, what="w") == expected


@pytest.mark.parametrize("name", ["x", "a.x", "k.x", "/k/x", "/a/list/01", "/a/list/2", "/lead"])
def test_a_field_that_is_not_there(name: str) -> None:
    """It is named, with those that are there beside where it should be."""
    with pytest.raises(ConfigError, match=r"^w has no field") as caught:
        field.of_document(DOCUMENT, name, what="w")
    assert name in caught.value.problem
    if name == "a.x":
        assert caught.value.hint.endswith("; there are b, c/d, list and others")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (7, "is a number"),
        (7.5, "is a number"),
        (True, "is true or false"),
        (None, "is null"),
        ([HIDDEN], "is a list"),
        ({"b": HIDDEN, "a": 1}, "is a JSON object with the fields a, b"),
        (json.dumps({"a": HIDDEN}), "is a JSON object with the fields a"),
    ],
)
def test_a_field_that_is_no_text(value: object, told: str) -> None:
    """What it is instead is told, and its value is not."""
    with pytest.raises(ConfigError, match=r"^field n of w ") as caught:
        field.of_document({"n": value}, "n", what="w")
    assert told in caught.value.problem
    assert HIDDEN not in "".join(traceback.format_exception(caught.value)) + caught.value.line()


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"user": "db", "password": HIDDEN}),
        "\ufeff " + json.dumps({"user": "db", "password": HIDDEN}),
        json.dumps(json.dumps({"user": "db", "password": HIDDEN})),
        json.dumps([HIDDEN]),
        "[" * 100000,
    ],
)
def test_json_is_never_sent_whole(text: str) -> None:
    """An object or a list holds other secrets, too: its fields are named, and one must be."""
    with pytest.raises(ConfigError, match=r"^w is a ") as caught:
        field.of_text(text, "", what="w")
    assert HIDDEN not in caught.value.line()
    if "user" in text:
        assert "with the fields password, user" in caught.value.problem


@pytest.mark.parametrize("text", ["plain", "{braces", '"quoted"', "12345", "true", "[x]", "{}}"])
def test_a_bare_text_is_the_secret(text: str) -> None:
    """What only looks like JSON is served as it is."""
    assert field.of_text(text, "", what="w") == text


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    """PowerShell and Windows' editors put it first."""
    assert field.of_text("\ufeffplain", "", what="w") == "plain"


@pytest.mark.parametrize("text", ["plain", "7", '"x"', "{", ""])
def test_a_field_of_what_is_no_json(text: str) -> None:
    """There is no field in a bare text."""
    with pytest.raises(ConfigError, match="is not JSON with fields"):
        field.of_text(text, "k", what="w")


def test_a_name_that_is_a_value_elsewhere_is_not_listed() -> None:
    """A secret may stand as a key by mistake; and of many names a few are told."""
    names = {f"n{number:02}": "x" for number in range(20)}
    with pytest.raises(ConfigError) as caught:
        field.of_document({HIDDEN: "x", "k": HIDDEN, **names}, "y", what="w")
    assert HIDDEN not in caught.value.line()
    assert "there are k, n00, n01, n02, n03, n04, n05, n06 and others" in caught.value.hint


@pytest.mark.parametrize("name", ["/a~", "/a~2b"])
def test_no_pointer(name: str) -> None:
    """RFC 6901 knows ~0 and ~1 alone."""
    with pytest.raises(ConfigError, match="no JSON pointer"):
        field.of_document(DOCUMENT, name, what="w")


def test_what_keeps_no_versions() -> None:
    """A version of it is refused, and not taken for a part of its name."""
    assert field.unversioned("/x", "a", kind="the file") == Wanted("/x", "a", "")
    with pytest.raises(ConfigError, match="the file /x keeps no versions"):
        field.unversioned("/x?version=2", "", kind="the file")
