"""What all protocols have in common: how a caller's words and its stdin are heard."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace

import pytest

from credhelper import protocols
from credhelper.errors import ProtocolError, UsageError
from credhelper.hosts import Rule
from credhelper.protocols import Asked, token

Feed = Callable[[bytes], None]


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    """Return the way to say what is read from stdin, three bytes at a time."""

    def start(data: bytes) -> None:
        pieces = [*(data[at : at + 3] for at in range(0, len(data), 3)), b""]

        def read(descriptor: int, _limit: int) -> bytes:
            assert descriptor == 0
            return pieces.pop(0)  # nobody reads on behind the end

        monkeypatch.setattr(os, "read", read)

    return start


def test_a_rule_gives_profile_and_user_name_and_nothing_else() -> None:
    """All else that the caller said stays as it is."""
    environ = {"A": "b"}
    before = Asked(
        "p", words=["w"], environ=environ, url="https://x", username="u", grant="sts", newer_than=7
    )
    after = before.under(Rule("x:443", profile="q", username="v"))
    assert (after.profile, after.username) == ("q", "v")
    assert (after.words, after.url, after.grant, after.newer_than) == (["w"], "https://x", "sts", 7)
    assert after.environ is environ


def test_the_common_way_to_ask() -> None:
    """The profile comes first, then the protocol's words; the environment names it, too."""
    environ = {"CREDHELPER_PROFILE": "e"}
    said = protocols.ask(["p", "w", "x"], environ)
    assert (said.profile, said.words, said.environ) == ("p", ["w", "x"], environ)
    silent = protocols.ask([], environ)
    assert (silent.profile, silent.words) == ("e", [])
    bare = protocols.ask([], {})
    assert (bare.profile, bare.url, bare.username, bare.grant) == ("", "", "", "")
    assert bare.newer_than == 0


def test_what_is_said_without_a_token_is_nothing_unless_given() -> None:
    """No text, no line, status 0; a rejection names no token, and wants to read nothing."""
    answer = protocols.Answer()
    assert (answer.text, answer.line, answer.status) == ("", "", 0)
    rejected = protocols.Rejected("p", url="u")
    assert (rejected.access_token, rejected.text) == ("", "")


def test_the_protocols_own_ask_is_preferred() -> None:
    """What it raises is kept, to be explained later: stdin can be read only once."""
    own = SimpleNamespace(ask=lambda words, environ: Asked("mine", environ=environ))
    question = protocols.hear(own, ["w"])
    assert isinstance(question.asked, Asked)
    assert question.asked.profile == "mine"
    assert question.asked.environ is os.environ
    assert (question.protocol, question.words) == (own, ["w"])

    def fail(words: Sequence[str], environ: Mapping[str, str]) -> Asked:
        raise ProtocolError("said nonsense", hint="")

    question = protocols.hear(SimpleNamespace(ask=fail), ["w"])
    assert isinstance(question.asked, ProtocolError)
    assert question.words == ["w"]
    common = protocols.hear(token, ["p"]).asked
    assert isinstance(common, Asked)
    assert common.profile == "p"


def test_only_a_file_of_ours_is_a_protocol_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other name is even tried: it comes from the command line."""
    assert protocols.own("token") is token
    for name in ("nonsense", "../token", "token.reply", "", "\udcff"):
        assert protocols.own(name) is None
    monkeypatch.delitem(sys.modules, "credhelper.protocols.headers", raising=False)
    assert protocols.own("headers.reply") is None
    assert "credhelper.protocols.headers" not in sys.modules


@pytest.mark.parametrize(
    ("words", "number", "profile", "tail"),
    [
        (["p", "get"], 1, "p", ["get"]),
        (["get"], 1, "", ["get"]),
        (["p"], 0, "p", []),
        ([], 0, "", []),
        (["p", "a", "b"], 2, "p", ["a", "b"]),
    ],
)
def test_a_profile_may_stand_before_the_callers_words(
    words: list[str], number: int, profile: str, tail: list[str]
) -> None:
    """The last words are the caller's."""
    assert protocols.profile_and(words, number) == (profile, tail)


@pytest.mark.parametrize(("words", "number"), [([], 1), (["p", "q", "get"], 1), (["get"], 2)])
def test_fewer_or_more_words_are_not_the_callers(words: list[str], number: int) -> None:
    """The hint says where its configuration stands."""
    with pytest.raises(UsageError, match="not those of its protocol") as caught:
        protocols.profile_and(words, number)
    assert "credhelper setup" in caught.value.hint


def test_stdin_is_read_to_its_end_or_to_the_mark(feed: Feed) -> None:
    """However many pieces it comes in."""
    feed(b"a question\n\nmore")
    assert protocols.read_input() == b"a question\n\nmore"
    feed(b"aXXb")
    assert protocols.read_input() == b"aXXb"
    feed(b"abcdef")
    assert protocols.read_input(b"c") == b"abc"
    feed(b"")
    assert protocols.read_input(b"\n") == b""


def test_a_question_has_a_limit(feed: Feed) -> None:
    """64 KiB; a caller that never stops is told so."""
    feed(b"x" * 65536)
    assert len(protocols.read_input()) == 65536
    feed(b"x" * 65537)
    with pytest.raises(ProtocolError, match="longer than any is"):
        protocols.read_input()


def test_a_stdin_that_is_none_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed, or a directory."""
    errors = [IsADirectoryError()]

    def fail(_descriptor: int, _limit: int) -> bytes:
        raise errors.pop()

    monkeypatch.setattr(os, "read", fail)
    assert protocols.read_input() == b""


def test_a_question_is_utf_8() -> None:
    """And nothing of what is not is quoted."""
    assert protocols.text_of("\u00e9".encode()) == "\u00e9"
    with pytest.raises(ProtocolError, match="not UTF-8"):
        protocols.text_of(b"\xff")


def test_quotes_and_backslashes_are_escaped() -> None:
    """As JSON has it."""
    assert protocols.quote('a"b\\c') == '"a\\"b\\\\c"'
