"""What all protocols have in common: how a caller's words and its stdin are heard."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from credhelper import caller, protocols
from credhelper.caller import Asked
from credhelper.errors import ConfigError, OutputError, ProtocolError, UsageError
from credhelper.hosts import Rule
from credhelper.protocols import env, token

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
    said = caller.ask(["p", "w", "x"], environ)
    assert (said.profile, said.words, said.environ) == ("p", ["w", "x"], environ)
    silent = caller.ask([], environ)
    assert (silent.profile, silent.words) == ("e", [])
    bare = caller.ask([], {})
    assert (bare.profile, bare.url, bare.username, bare.grant) == ("", "", "", "")
    assert bare.newer_than == 0


def test_what_is_said_without_a_token_is_nothing_unless_given() -> None:
    """No text, no line, status 0; a rejection names no token, and wants to read nothing."""
    answer = caller.Answer()
    assert (answer.text, answer.line, answer.status) == ("", "", 0)
    rejected = caller.Rejected("p", url="u")
    assert (rejected.access_token, rejected.text) == ("", "")


def test_the_protocols_own_ask_is_preferred() -> None:
    """What it raises is kept, to be explained later: stdin can be read only once."""
    own = SimpleNamespace(ask=lambda words, environ: Asked("mine", environ=environ))
    question = caller.hear(own, ["w"])
    assert isinstance(question.asked, Asked)
    assert question.asked.profile == "mine"
    assert question.asked.environ is os.environ
    assert (question.protocol, question.words) == (own, ["w"])

    def fail(words: Sequence[str], environ: Mapping[str, str]) -> Asked:
        raise ProtocolError("said nonsense", hint="")

    question = caller.hear(SimpleNamespace(ask=fail), ["w"])
    assert isinstance(question.asked, ProtocolError)
    assert question.words == ["w"]
    common = caller.hear(token, ["p"]).asked
    assert isinstance(common, Asked)
    assert common.profile == "p"


def test_only_a_file_of_ours_is_a_protocol_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other name is even tried: it comes from the command line."""
    assert caller.load("token") is token
    for name in ("nonsense", "../token", "token.reply", "", "\udcff"):
        assert caller.load(name) is None
    monkeypatch.delitem(sys.modules, "credhelper.protocols.headers", raising=False)
    assert caller.load("headers.reply") is None
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
    assert caller.profile_and(words, number) == (profile, tail)


@pytest.mark.parametrize(("words", "number"), [([], 1), (["p", "q", "get"], 1), (["get"], 2)])
def test_fewer_or_more_words_are_not_the_callers(words: list[str], number: int) -> None:
    """The hint says where its configuration stands."""
    with pytest.raises(UsageError, match="after a profile or none") as caught:
        caller.profile_and(words, number)
    assert "credhelper setup" in caught.value.hint


def test_stdin_is_read_to_its_end_or_to_the_mark(feed: Feed) -> None:
    """However many pieces it comes in."""
    feed(b"a question\n\nmore")
    assert caller.read_input() == b"a question\n\nmore"
    feed(b"aXXb")
    assert caller.read_input() == b"aXXb"
    feed(b"abcdef")
    assert caller.read_input(b"c") == b"abc"
    feed(b"")
    assert caller.read_input(b"\n") == b""


def test_a_question_has_a_limit(feed: Feed) -> None:
    """64 KiB; a caller that never stops is told so."""
    feed(b"x" * 65536)
    assert len(caller.read_input()) == 65536
    feed(b"x" * 65537)
    with pytest.raises(ProtocolError, match="question is too long"):
        caller.read_input()


def test_a_stdin_that_is_none_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed, or a directory."""
    errors = [IsADirectoryError()]

    def fail(_descriptor: int, _limit: int) -> bytes:
        raise errors.pop()

    monkeypatch.setattr(os, "read", fail)
    assert caller.read_input() == b""


def test_a_question_is_utf_8() -> None:
    """And nothing of what is not is quoted."""
    assert caller.text_of("\u00e9".encode()) == "\u00e9"
    with pytest.raises(ProtocolError, match="not UTF-8"):
        caller.text_of(b"\xff")


@pytest.mark.parametrize(
    "text",
    [
        *('{"uri":"https://a.example"}', ' { "uri" : "x" }\r\n', '{"a":"b","c":"d","a":"e"}'),
        *(r'{"a":"x\u003dy\u0026\u003c\u003E"}', r'{"a":"\u0022\u005cu0041"}', '{"a":""}'),
        *(r'{"a":"\\u0041"}', r'{"a":"\""}', r'{"a":"\n"}', r'{"a":"\u000a"}', r'{"a":"\ud83d"}'),
        *(r'{"a":"\u00e9"}', '{"\u00e9":"\u00e9"}', '{"a":{"b":"c"}}', '{"a":["b"]}', '{"a":1}'),
        *("{}", "[]", '"a"', "null", '["a","b"]', '{"a":"b","c":null}', '{"a":NaN}'),
    ],
)
def test_a_json_text_means_what_the_parser_says(text: str) -> None:
    """With or without it."""
    assert repr(caller.parse(text)) == repr(json.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        *("", "}", "{", '{"', '{"a"', '{"a":', '{"a":"b"', '{"a":"b",}', '{"a" "b"}', '{"a":"b"}}'),
        *('{"a","b"}', '{"a":"b":"c"}', '{:"a"}', '{"a":"b"x}', '{"a":"b""c":"d"}', '["a":"b"]'),
        *('{"a":"x\ny"}', '{"a":"\x00"}', r'{"a":"\u00"}', r'{"a":"\u+0041"}', r'{"a":"\u 041"}'),
        *(r'{"a":"\x41"}', '\ufeff{"a":"b"}', '{"a":"b"}\xa0', "{'a':'b'}"),
    ],
)
def test_what_is_no_json_is_told(text: str) -> None:
    """However near it comes."""
    with pytest.raises(ValueError, match=r"."):
        caller.parse(text)


@pytest.mark.parametrize(
    "name", ["itwin@sts", "itwin/sts", "../x", "a b", "a\x1b[0m", "a\n", "\u00e9", "a@", "@", "a~"]
)
def test_a_name_that_no_profile_can_have_is_refused_here(name: str) -> None:
    """As another entry's name, or a path, it must not even be looked for; nor is it shown."""
    for protocol, words in ((token, [name]), (env, [name, "sh"])):
        asked = caller.hear(protocol, words).asked
        assert isinstance(asked, ConfigError)
        assert name not in asked.line()
    plain = caller.hear(token, ["A-b_c.9"]).asked
    assert isinstance(plain, Asked)


@pytest.mark.parametrize(
    "text",
    [
        *("def", "import not_there_at_all", "from os import not_there", "raise OSError(5, 'x')"),
        *("\0", "raise ValueError('canary-client')"),
    ],
)
def test_a_file_of_ours_that_cannot_be_loaded_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    """Only one that is not there is an unknown protocol: what the disk did is no user's mistake."""
    monkeypatch.setattr(protocols, "__path__", [str(tmp_path)])
    (tmp_path / "broken.py").write_text(text)
    assert caller.load("gone") is None
    with pytest.raises(OutputError, match=r"protocols/broken\.py") as caught:
        caller.load("broken")
    assert "canary" not in caught.value.line()


def test_quotes_and_backslashes_are_escaped() -> None:
    """As JSON has it."""
    assert caller.quote('a"b\\c') == '"a\\"b\\\\c"'
