"""What callers say to each protocol: words, variables, stdin; the cached token is the canary."""

import json
import os
import time
from types import SimpleNamespace
from typing import NoReturn
from unittest import mock

from credhelper import __main__ as door
from credhelper import caller
from credhelper.caller import Asked
from credhelper.cli import answer
from credhelper.errors import CredhelperError
from tests.long.fuzz import cached_home, checks, isolated
from tests.long.fuzz.targets.addresses import allows
from tests.support import transcript


class Left(BaseException):
    """The fast door has answered; the argument is the exit status."""


def options() -> SimpleNamespace:
    """Return the options of a plain call that begins now."""
    begun = time.monotonic()
    return SimpleNamespace(config="", fresh=False, min_ttl_s=0.0, verbose=False, started=begun)


def lines_of(name: str) -> set[int]:
    """Return how many lines a protocol's answers with a token have in its transcripts."""
    scripts = transcript.read(name)
    return {script.stdout.count("\n") for script in scripts if script.has_token}


def names_a_url(name: str) -> bool:
    """Return whether the protocol's caller says where the token goes."""
    first = transcript.read(name)[0]
    said = first.stdin + " ".join([*first.command, *first.environ.values()])
    return "example.com" in said


def converse(name: str, data: bytes) -> None:
    """One caller's words, variables and stdin: first by `cli`'s way, then by the fast door's."""
    words_data, environ_data, stdin = checks.parts(data, 3)
    words = checks.word(words_data).split("\n") if words_data else []
    pairs = (line.partition("=") for line in checks.word(environ_data).split("\n"))
    given = {key: value for key, equals, value in pairs if key and equals}
    token = checks.canary(data, "token").replace("+", "-")
    with cached_home.lived_in(given) as environ:
        cached_home.keep(environ, token)
        told = _told(name, words, environ, stdin, token)
        _check_door(name, words, environ, stdin, told)


def _told(
    name: str, words: list[str], environ: dict[str, str], stdin: bytes, token: str
) -> tuple[int, bytes]:
    """Return the status and the answer, which is judged."""
    module = caller.load(name)
    assert module
    with isolated.around(environ, stdin=stdin) as around:
        question = caller.hear(module, words)
        try:
            status = answer.respond(options(), question, None)
        except CredhelperError as error:
            checks.check(error, token)
            assert token.encode() not in around.stdout + around.stderr
            return error.status, b""
    assert status in {0, 1} | checks.STATUSES
    text = around.stdout.decode()
    assert all(c.isprintable() or c == "\n" for c in text)
    assert token.encode() not in around.stderr
    if token in text:
        asked = question.asked
        if isinstance(asked, Asked):
            _check_answer(name, text, asked)
        else:
            assert name == "goauth"  # it asks for all that is cached, before any URL
    else:
        assert len(text) <= 2 * 2048
    if text[:1] == "{":
        for line in text.splitlines():
            json.loads(line)
    return status, around.stdout


def _check_answer(name: str, text: str, asked: Asked) -> None:
    """Assert that an answer with a token has as many lines as ever, and goes where it may."""
    assert text.count("\n") in lines_of(name)
    if names_a_url(name):
        assert any(allows(pattern, asked.url) for pattern in transcript.HOSTS.split(",")), asked.url


def _check_door(
    name: str, words: list[str], environ: dict[str, str], stdin: bytes, told: tuple[int, bytes]
) -> None:
    """Assert that the fast door says the same, or hands over."""

    def leave(status: int) -> NoReturn:
        raise Left(status)

    module = caller.load(name)
    assert module
    with isolated.around(environ, stdin=stdin) as around, mock.patch.object(os, "_exit", leave):
        try:
            question = caller.hear(module, words)
            held, _ = door._reply_to(question, time.monotonic())  # noqa: SLF001 - the door itself
        except Left as left:
            said = (left.args[0], around.stdout)
            assert said == told
            return
    if held:
        held.release()
    assert name == "cargo" or not around.stdout
