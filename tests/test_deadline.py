"""One alarm ends the run, whatever library is at work."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from credhelper import deadline


@pytest.fixture(autouse=True)
def _same_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the handlers back, and the variable that `start` sets."""
    numbers = (signal.SIGALRM, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    monkeypatch.setenv("RES_OPTIONS", "")
    yield
    deadline.stop()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_alarm_ends_a_wait() -> None:
    """A blocking call in the main thread is left at the deadline."""
    begun = time.monotonic()
    deadline.start(0.05)
    with pytest.raises(deadline.DeadlineExceeded):
        threading.Event().wait(10)
    assert 0.04 < time.monotonic() - begun < 3


def test_no_retry_loop_swallows_the_alarm() -> None:
    """It passes every `except Exception`."""

    def stubborn() -> None:
        while True:
            try:
                threading.Event().wait(10)
            except Exception:  # noqa: BLE001 - what libraries do
                continue

    deadline.start(0.05)
    with pytest.raises(deadline.DeadlineExceeded):
        stubborn()


def test_what_is_left_is_told() -> None:
    """The whole budget without an alarm, and less and less with one."""
    assert deadline.remaining_s() == deadline.BUDGET_S
    deadline.start(5)
    assert 4 < deadline.remaining_s() <= 5
    deadline.stop()
    assert deadline.remaining_s() == deadline.BUDGET_S


def test_a_stopped_alarm_does_not_ring() -> None:
    """After `stop` nothing interrupts the run."""
    deadline.start(0.05)
    deadline.stop()
    assert not threading.Event().wait(0.1)


def test_the_resolver_gets_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """`getaddrinfo` cannot be interrupted; what the user has set stays."""
    monkeypatch.delenv("RES_OPTIONS")
    deadline.start(5)
    assert os.environ["RES_OPTIONS"] == "timeout:2 attempts:2"
    monkeypatch.setenv("RES_OPTIONS", "timeout:1")
    deadline.start(5)
    assert os.environ["RES_OPTIONS"] == "timeout:1"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_becomes_an_exception_with_its_number(number: signal.Signals) -> None:
    """So that locks are released and the exit status is 128 and the number."""
    signal.signal(number, signal.SIG_DFL)
    deadline.watch_signals()
    with pytest.raises(deadline.Signalled) as caught:
        signal.raise_signal(number)
    assert caught.value.number == number
    assert not isinstance(caught.value, Exception)


def test_an_ignored_signal_stays_ignored() -> None:
    """A run under `nohup` outlives its terminal."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    deadline.watch_signals()
    signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
