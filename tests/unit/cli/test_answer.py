"""A caller's question answered in this process: which profile, which token, what else is said."""

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from credhelper import cache, caller
from credhelper.caller import Answer, Asked, Listing, Rejected
from credhelper.cli import answer
from credhelper.config import load
from credhelper.errors import ConfigError, CredhelperError, UsageError
from credhelper.renewal import store
from credhelper.system import redaction
from credhelper.token import Entry, Token
from tests.support.slots import index_name, of

CONFIG = """
[profiles.p]
token_url = "https://login.example/token"
client_id = "id-p"
client_secret = "env:NOT_SET_AT_ALL"
hosts = ["a.example", "*.wide.example"]
username = "u"

[profiles.q]
token_url = "https://login.example/token"
client_id = "id-q"
client_secret = "env:NOT_SET_AT_ALL"
hosts = ["b.example"]
"""
# What the protocol heard last, and what it answers.
OURS = SimpleNamespace(
    reply=lambda token, asked: f"{token.access_token} for {asked.profile} as {asked.username}",
    listing=lambda rules: " ".join(rule.pattern for rule in rules),
)
URL = "https://a.example/x"


@pytest.fixture(autouse=True)
def _two_profiles(clean_environ: Callable[[str, str], None], tmp_path: Path) -> None:
    """Two profiles, each with a token in the cache, and no secret to get another one."""
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "config.toml").chmod(0o600)
    clean_environ("CREDHELPER_CONFIG", str(tmp_path / "config.toml"))
    clean_environ("CREDHELPER_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("p", "q"):
        keep(name)


def where() -> tuple[str, cache.Source]:
    """Return the cache directory and the source of the settings."""
    return cache.directory(os.environ), cache.source(os.environ)


def keep(name: str, *, renew_in_s: int = 1000) -> None:
    """Store a token of a minute ago."""
    folder, source = where()
    now = int(time.time())
    entry = Entry(
        Token(f"tok-{name}", token_type="Bearer", expires_at=now + 2000, scope=""),
        stamp=source.stamp,
        identity=load.profiles(os.environ).get(name).identity(),
        stored_at=now - 60,
        renew_at=now + renew_in_s,
        conditions={},
    )
    store.write(of(folder, source, name), entry)


def has(name: str) -> bool:
    """Return whether the cache has a token of the profile."""
    folder, source = where()
    return (Path(folder) / of(folder, source, name).name).exists()


def respond(asked: Any, protocol: SimpleNamespace = OURS, **options: Any) -> int:  # noqa: ANN401 - any kind of question, of option
    """Answer as `cli` has it answered."""
    plain = {"config": "", "fresh": False, "min_ttl_s": 0.0, "verbose": False, **options}
    plain["started"] = time.monotonic()
    question = caller.Question(protocol, words=["w"], asked=asked)
    return answer.respond(SimpleNamespace(**plain), question, None)


def wish(name: str = "", **more: Any) -> Asked:  # noqa: ANN401 - as many kinds as the fields have
    """Return what a caller asks for."""
    return Asked(name, environ=os.environ, **more)


def said(capfd: pytest.CaptureFixture[str]) -> str:
    """Return stdout; stderr must be empty."""
    told = capfd.readouterr()
    assert told.err == ""
    return told.out


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"url": URL}, "tok-p for p as u"),
        ({"url": "https://x.wide.example"}, "tok-p for p as u"),
        ({"url": "https://b.example"}, "tok-q for q as "),
        ({"url": URL, "name": "p"}, "tok-p for p as u"),
        ({"name": "q"}, "tok-q for q as "),
    ],
)
def test_the_url_chooses_the_profile(
    capfd: pytest.CaptureFixture[str], asked: dict[str, Any], answer: str
) -> None:
    """And its user name; without one the caller does."""
    assert respond(wish(**asked)) == 0
    assert said(capfd) == answer


@pytest.mark.parametrize(
    ("url", "name", "told"),
    [
        ("https://c.example/x", "", "no token may go to c.example:443"),
        ("https://a.example", "q", "no token of profile q may go to a.example:443"),
        ("http://a.example", "", "no token may go to an address that is no plain https:// one"),
    ],
)
def test_no_token_goes_anywhere_else(
    capfd: pytest.CaptureFixture[str], url: str, name: str, told: str
) -> None:
    """Whatever profile is named; the hint says which file to edit."""
    with pytest.raises(ConfigError) as caught:
        respond(wish(name, url=url))
    assert caught.value.problem == told
    assert caught.value.code == "unknown_host"
    assert os.environ["CREDHELPER_CONFIG"] in caught.value.hint
    assert said(capfd) == ""


def test_a_profile_that_there_is_not_is_told(clean_environ: Callable[[str, str], None]) -> None:
    """Before the question where its token may go; without a file the hint names the variable."""
    with pytest.raises(ConfigError, match="r"):
        respond(wish("r", url="https://c.example"))
    with pytest.raises(ConfigError) as caught:
        respond(wish("p", url="https://c.example"))
    assert "no token of profile p may go" in caught.value.problem
    os.environ.pop("CREDHELPER_CONFIG")
    clean_environ("ITWIN_CLIENT_ID", "i")
    clean_environ("ITWIN_CLIENT_SECRET", "s")
    with pytest.raises(ConfigError) as caught:
        respond(wish(url="https://c.example"))
    assert caught.value.hint.endswith("CREDHELPER_HOSTS")


@pytest.mark.parametrize(
    ("url", "name", "token", "is_gone"),
    [
        (URL, "", "tok-p", True),
        (URL, "p", "", True),
        (URL, "", "tok-q", False),
        (URL, "q", "tok-p", False),
        ("https://c.example", "", "tok-p", False),
    ],
)
def test_a_rejected_token_is_dropped(
    capfd: pytest.CaptureFixture[str],
    url: str,
    name: str,
    token: str,
    is_gone: bool,  # noqa: FBT001 - a row
) -> None:
    """If it is the one that is cached for that URL; the caller hears its text in any case."""
    assert respond(Rejected(name, url=url, access_token=token, text="gone")) == 0
    assert said(capfd) == "gone"
    assert has("p") is not is_gone
    assert has("q")


def test_what_is_no_token_is_said_as_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    """Text on stdout, a line on stderr if there is one, the status."""
    assert respond(Answer("text", status=3)) == 3
    assert said(capfd) == "text"
    assert respond(Answer(line="line")) == 0
    assert capfd.readouterr().err == "line\n"
    assert respond(Listing()) == 0
    assert said(capfd) == "a.example:443 *.wide.example:443 b.example:443"


def test_what_fails_is_told_in_the_callers_shape(capfd: pytest.CaptureFixture[str]) -> None:
    """Where it has one; what was heard counts, too."""
    error = UsageError("said nonsense", hint="say more")
    with pytest.raises(UsageError) as caught:
        respond(error)
    assert caught.value is error
    shaped = SimpleNamespace(
        refuse=lambda error, words: Answer(f"{error.problem} {words}", status=5)
    )
    assert respond(error, shaped) == 5
    assert said(capfd) == "said nonsense ['w']"


def test_only_a_token_that_is_new_enough_will_do(capfd: pytest.CaptureFixture[str]) -> None:
    """Newer than the caller says, than now, or long enough good: else a new one is wanted."""
    assert respond(wish("p", newer_than=time.time() - 100), min_ttl_s=1000.0) == 0
    assert said(capfd) == "tok-p for p as "
    for refused, options in (
        (wish("p", newer_than=time.time() - 10), {}),
        (wish("p"), {"fresh": True}),
        (wish("p"), {"min_ttl_s": 3000.0}),
    ):
        with pytest.raises(CredhelperError, match="NOT_SET_AT_ALL"):
            respond(refused, **options)
    with pytest.raises(CredhelperError):
        respond(wish("p", grant="sts"))


def test_the_index_is_written_once_for_those_who_need_it() -> None:
    """The next caller's door finds profiles and rules there."""
    folder, source = where()
    index = Path(folder) / index_name(source)
    respond(wish(url=URL))
    lines = [rule.line() for rule in load.profiles(os.environ).rules()]
    found = cache.read_index(cache.Folder(folder), source)
    assert found
    assert (found.default, found.hosts) == ("", lines)
    assert found.profiles == {"p": 20.0, "q": 20.0}
    before = index.stat().st_ino
    respond(wish(url=URL))
    assert index.stat().st_ino == before
    index.unlink()
    with pytest.raises(ConfigError):
        respond(wish())  # which of the two?


def test_an_index_that_cannot_be_kept_costs_no_answer(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The next caller asks the config, too; -v tells why."""
    caplog.set_level(logging.INFO, "credhelper")
    folder, source = where()
    (Path(folder) / index_name(source)).mkdir()
    assert respond(wish(url=URL)) == 0
    assert said(capfd) == "tok-p for p as u"
    assert folder in caplog.text


def test_a_warning_is_for_those_who_want_it(capfd: pytest.CaptureFixture[str]) -> None:
    """An old token is answered without a word, or with one."""
    keep("p", renew_in_s=-1)
    assert respond(wish("p")) == 0
    assert said(capfd) == "tok-p for p as "
    keep("q", renew_in_s=-1)
    assert respond(wish("q"), verbose=True) == 0
    told = capfd.readouterr()
    assert told.out == "tok-q for q as "
    assert "NOT_SET_AT_ALL" in told.err


def test_a_protocol_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours, a third party's, or else the nearest is named."""
    assert answer.find("token") is caller.load("token")
    information = tmp_path / "shout-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: shout\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[credhelper.protocols]\nshout = shouting\n")
    (tmp_path / "shouting.py").write_text("def reply(token, asked):\n    return ''\n")
    monkeypatch.syspath_prepend(tmp_path)
    token = Token("tok", token_type="Bearer", expires_at=1, scope="")
    assert answer.find("shout").reply(token, wish()) == ""
    with pytest.raises(UsageError, match="there is no such protocol"):
        answer.find("shouting")
    for wrong, nearest in (("tokn", "token"), ("shot", "shout")):
        with pytest.raises(UsageError, match="there is no such protocol") as caught:
            answer.find(wrong)
        assert f"`{nearest}`" in caught.value.hint


HIDDEN = "hidden-of-a-guest-77ab"
GUEST = """
import os, sys
from credhelper.errors import UsageError
from credhelper.caller import Answer, Asked, Listing

def say():
    os.write(1, b"out of a guest")
    os.write(2, b"error of a guest")

say()

def ask(words, environ):
    say()
    if words == ["exit"]:
        sys.exit("text of a guest")
    if words == ["interrupt"]:
        raise KeyboardInterrupt("text of a guest")
    if words == ["usage"]:
        raise UsageError("the words are none of mine", hint="say p")
    if words == ["line"]:
        return Answer(line="\\x1b[31mline")
    if words == ["odd"]:
        return "no question"
    return Listing() if words == ["list"] else Asked(words[0], environ=environ, words=words[1:])

def reply(token, asked):
    say()
    kind = asked.words[0] if asked.words else ""
    if kind == "raise":
        raise RuntimeError(token.access_token)
    return {"bytes": b"x", "none": None, "surrogate": "\\udcff"}.get(kind, "the reply")

def listing(rules):
    say()
    return "the list"
"""


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a third party's protocol that prints whenever it can."""
    information = tmp_path / "noisy-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: noisy\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[credhelper.protocols]\nnoisy = noisy_guest\nbroken = broken_guest\n"
    )
    (tmp_path / "noisy_guest.py").write_text(GUEST)
    (tmp_path / "broken_guest.py").write_text("raise SystemExit('text of a guest')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "noisy_guest", raising=False)


def say_to_guest(*words: str) -> int:
    """Ask the third party's protocol as `cli` does."""
    plain: dict[str, object] = {"config": "", "fresh": False, "min_ttl_s": 0.0, "verbose": False}
    plain["started"] = time.monotonic()
    question = caller.hear(answer.find("noisy"), list(words))
    return answer.respond(SimpleNamespace(**plain), question, None)


@pytest.mark.usefixtures("guest")
@pytest.mark.parametrize(("words", "answer"), [(["p"], "the reply"), (["list"], "the list")])
def test_a_guest_says_what_it_returns_and_nothing_else(
    capfd: pytest.CaptureFixture[str], words: list[str], answer: str
) -> None:
    """What it prints, while it is loaded as well, reaches nobody."""
    assert say_to_guest(*words) == 0
    assert said(capfd) == answer


@pytest.mark.usefixtures("guest")
def test_a_guests_line_has_no_escape_codes(capfd: pytest.CaptureFixture[str]) -> None:
    """And is one line."""
    assert say_to_guest("line") == 0
    assert capfd.readouterr().err == "[31mline\n"


@pytest.mark.usefixtures("guest")
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["exit"], "protocol noisy broke its contract (SystemExit)"),
        (["interrupt"], "protocol noisy broke its contract (KeyboardInterrupt)"),
        (["odd"], "protocol noisy broke its contract (TypeError)"),
        (["p", "raise"], "protocol noisy broke its contract (RuntimeError)"),
        (["p", "bytes"], "protocol noisy broke its contract (TypeError)"),
        (["p", "none"], "protocol noisy broke its contract (TypeError)"),
        (["p", "surrogate"], "protocol noisy broke its contract (UnicodeEncodeError)"),
        (["usage"], "the words are none of mine"),
    ],
)
def test_whatever_a_guest_raises_is_one_line_of_ours(
    capfd: pytest.CaptureFixture[str], words: list[str], problem: str
) -> None:
    """Its class alone is told, but for what the contract lets it raise."""
    with pytest.raises(CredhelperError) as caught:
        say_to_guest(*words)
    assert caught.value.problem == problem
    assert said(capfd) == ""
    with pytest.raises(CredhelperError, match=r"protocol broken broke its contract \(SystemExit\)"):
        answer.find("broken")


def test_what_a_caller_says_is_shown_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host of its URL stands in the error, unless it is one."""
    monkeypatch.setattr(redaction, "_secrets", {HIDDEN})
    with pytest.raises(ConfigError) as caught:
        respond(wish(url=f"https://{HIDDEN}.example"))
    assert "hidden" not in caught.value.line()
    with pytest.raises(ConfigError, match=r"c\.example:443"):
        respond(wish(server="https://c.example", name="p"))


def test_a_server_is_judged_by_the_hosts_of_the_profile(capfd: pytest.CaptureFixture[str]) -> None:
    """The one that is named: a cluster that another profile serves is none of its."""
    assert respond(wish("p", server=URL)) == 0
    assert said(capfd) == "tok-p for p as u"
    for server in ("https://b.example", "https://c.example", ""):
        with pytest.raises(ConfigError, match="no token of profile p may go"):
            respond(wish("p", server=server))


def test_a_host_of_two_profiles_is_told(clean_environ: Callable[[str, str], None]) -> None:
    """Neither is chosen; the error names both, and what to do."""
    path = Path(os.environ["CREDHELPER_CONFIG"])
    path.write_text(path.read_text().replace("b.example", "a.example"))
    with pytest.raises(ConfigError) as caught:
        respond(wish(url=URL))
    told = "no token may go to a.example:443: the profiles p and q have it"
    assert caught.value.problem == told
    assert "name one of them" in caught.value.hint
    assert caught.value.code == "unknown_host"


def test_the_profile_that_has_the_host_is_named() -> None:
    """Where another one was asked for."""
    with pytest.raises(ConfigError) as caught:
        respond(wish("q", url=URL))
    assert ", or name profile p, which has it" in caught.value.hint
    assert "profiles.q.hosts in " in caught.value.hint
