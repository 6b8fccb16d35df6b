"""A name look-up never holds up the end of the run."""

import os
import socket
import threading
import time

import pytest

from credhelper.system import deadline, resolver


@pytest.fixture(autouse=True)
def _same_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what is replaced for the whole process."""
    monkeypatch.setattr(socket, "getaddrinfo", socket.getaddrinfo)
    monkeypatch.setenv("RES_OPTIONS", "")


def test_a_mute_resolver_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Glibc's own call cannot be interrupted, whatever RES_OPTIONS says."""
    monkeypatch.setattr(resolver, "_look_up", lambda *_, **__: threading.Event().wait(3))
    resolver.make_interruptible()
    started = time.monotonic()
    try:
        deadline.start(started + 0.1)
        with pytest.raises(deadline.DeadlineExceeded):
            socket.getaddrinfo("a.example", 443)
    finally:
        deadline.stop()
    assert time.monotonic() - started < 2


def test_what_it_finds_and_raises_is_the_same() -> None:
    """A thread more or less changes no answer."""
    before = socket.getaddrinfo("127.0.0.1", 443, type=socket.SOCK_STREAM)
    resolver.make_interruptible()
    assert socket.getaddrinfo("127.0.0.1", 443, type=socket.SOCK_STREAM) == before
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("127.0.0.1", "no-such-service-here")


def test_a_mute_first_server_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the user has set stays."""
    monkeypatch.delenv("RES_OPTIONS")
    resolver.make_interruptible()
    assert os.environ["RES_OPTIONS"] == "timeout:2 attempts:2"
    monkeypatch.setenv("RES_OPTIONS", "timeout:1")
    resolver.make_interruptible()
    assert os.environ["RES_OPTIONS"] == "timeout:1"
