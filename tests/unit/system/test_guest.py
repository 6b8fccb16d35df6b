"""Third parties' code cannot reach our stdout and stderr, and whatever it raises is one line."""

import logging
import os
import subprocess
import sys

import pytest

from credhelper.errors import ConfigError, CredhelperError, ProtocolError, TemporaryError
from credhelper.system import guest, redaction
from credhelper.system.deadline import DeadlineExceeded, Signalled

HIDDEN = "hidden-of-a-guest-41c7"


class Odd(BaseException):
    """Nothing that anybody would expect."""


class OwnError(TemporaryError):
    """A third party's own kind, with a line of its own."""

    def line(self) -> str:
        """Return what must not be shown."""
        return HIDDEN


@pytest.fixture(autouse=True)
def _hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this run know of one secret."""
    monkeypatch.setattr(redaction, "_secrets", {HIDDEN})


PROGRAM = """
import ctypes, os, subprocess, sys
from credhelper.system import guest
print("before")
with guest.visit("backend x"):
    print("out")
    print("err", file=sys.stderr)
    print("out", file=sys.__stdout__)
    os.write(1, b"raw")
    os.write(2, b"raw")
    os.write(guest.stderr(), b"ours, ")
    ctypes.CDLL(None).puts(b"from C")
    ctypes.CDLL(None).fflush(None)
    subprocess.run(["/bin/sh", "-c", "echo out; echo err >&2"], check=True)
print("after", flush=True)
os.write(guest.stderr(), b"after")
"""


def test_nothing_of_a_guest_is_printed() -> None:
    """Not by streams, descriptors, C code or children; ours work before and after."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=False)
    assert (ran.stdout, ran.stderr) == (b"before\nafter\n", b"ours, after")


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(HIDDEN),
        SystemExit(HIDDEN),
        SystemExit(0),
        KeyboardInterrupt(HIDDEN),
        GeneratorExit(HIDDEN),
        Odd(HIDDEN),
        type(HIDDEN.replace("-", "_"), (Exception,), {})(),
    ],
)
def test_whatever_it_raises_is_one_line(error: BaseException) -> None:
    """Its class is told, its text is not."""
    with pytest.raises(ProtocolError) as caught, guest.visit("backend x"):
        raise error
    assert caught.value.problem.startswith("backend x broke its contract (")
    assert "hidden" not in caught.value.line()


@pytest.mark.parametrize("error", [DeadlineExceeded(), Signalled(15)])
def test_our_time_and_our_signals_end_it(error: BaseException) -> None:
    """They are none of a guest's."""
    with pytest.raises(type(error)), guest.visit("backend x"):
        raise error


def test_an_error_of_the_contract_keeps_its_class() -> None:
    """Its sentences are shown as far as they hold no secret; no method of its own is called."""
    error = OwnError("the store is away", hint=f"ask {HIDDEN}", retry_after_s=7, code=HIDDEN)
    with pytest.raises(CredhelperError) as caught, guest.visit("backend x"):
        raise error
    told = caught.value
    assert type(told) is TemporaryError
    assert told.line() == (
        "credhelper: temporary: the store is away; see what backend x says of it"
    )
    assert (told.retry_after_s, told.code) == (7, "")
    with pytest.raises(ConfigError, match=r"^backend x refuses"), guest.visit("backend x"):
        raise ConfigError(HIDDEN, hint="x")


def test_its_stderr_is_logged_where_somebody_listens(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """With -v, line by line, and none with a secret."""
    caplog.set_level(logging.INFO, logger="credhelper")
    with guest.visit("backend x"):
        os.write(2, f"asking\n{HIDDEN}\n\x1b[31mdone\n".encode())
        os.write(1, b"out")
    assert caplog.messages == ["backend x: asking", "backend x: [31mdone"]
    assert capfd.readouterr().out == ""
