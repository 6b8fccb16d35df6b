"""Inputs for hypothesis: any bytes, and examples of the corpus with a few edits."""

import json

from hypothesis import strategies as st

from tests.long.fuzz import catalogue

# What parsers stumble over; the depth is beyond Python's own limit.
WORDS = [
    *(b"\0", b"\r", b"\n", b"\n\n", b"\x1b[2K", b"\x1e", b"\xff", b"\xc2\x85", b"\xe2\x80\xa8"),
    *(b"null", b"true", b"NaN", b"-Infinity", b"1e400", b"-1", b"9" * 30, b"9" * 5000, b"\\ud800"),
    *(b'"', b"'", b"\\", b"#", b"%", b"{}", b"[]", b'""', b"=", b":", b"@", b"*.", b"//", b"../"),
    *(b"[" * 40, b"[" * 100_000, b'{"a":' * 40, b"__init__", b"__pycache__", b"-", b"--"),
    *(
        b"{secret}",
        b"{form}",
        b"{half}",
        b"{split}",
        b"{basic}",
        b"{login}",
        b"{stamp}",
        b"{sealed}\n",
        b"{now+3600}",
        b"{now-100}",
    ),
    *(b"https://evil.example", b"evil.example", b"api.example.com", b"127.0.0.1", b"\xef\xbc\x91"),
]
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["evil.example", "\ud800", "\r\n", "9" * 20, "", 10**30, -1]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)


def of(name: str) -> st.SearchStrategy[bytes]:
    """Return the inputs of a target."""
    examples = list(catalogue.corpus(name).values())
    if not examples:
        return st.binary(max_size=400)
    known = st.sampled_from(examples)
    return st.one_of(_edited(known), _with_json(known), _edited(known), st.binary(max_size=200))


@st.composite
def _edited(draw: st.DrawFn, known: st.SearchStrategy[bytes]) -> bytes:
    """Return an example of which up to three pieces are something else, or gone."""
    data = draw(known)
    for _time in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 0, 1, 2, 5, 20])))
        data = data[:start] + draw(st.sampled_from(WORDS) | st.binary(max_size=6)) + data[end:]
    return data


@st.composite
def _with_json(draw: st.DrawFn, known: st.SearchStrategy[bytes]) -> bytes:
    """Return an example in whose JSON one value is any other; as `_edited` where there is none."""
    data = draw(known)
    start = data.rfind(b"\n\n{") + 2 if b"\n\n{" in data else data.find(b"{")
    tail = data[start:].split(b"\x1e")[0]
    try:
        document = json.loads(tail) if start >= 0 else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not document:
        return draw(_edited(st.just(data)))
    place = document
    key = draw(st.sampled_from(sorted(place)))
    while isinstance(place[key], dict) and place[key] and draw(st.integers(0, 3)):
        place = place[key]
        key = draw(st.sampled_from(sorted(place)))
    place[key] = draw(_JSON)
    return data[:start] + json.dumps(document).encode() + data[start + len(tail) :]
