"""One alarm ends the run, whatever library is at work."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from credhelper import cache
from credhelper.system import deadline, watchdog


@pytest.fixture(autouse=True)
def _same_signals() -> Iterator[None]:
    """Put the handlers back."""
    numbers = (signal.SIGALRM, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    deadline.stop()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_alarm_ends_a_wait() -> None:
    """A blocking call in the main thread is left at the deadline."""
    begun = time.monotonic()
    deadline.start(time.monotonic() + 0.05)
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

    deadline.start(time.monotonic() + 0.05)
    with pytest.raises(deadline.DeadlineExceeded):
        stubborn()


def test_what_is_left_is_told() -> None:
    """A whole run's time without an alarm, and less and less with one."""
    assert deadline.remaining_s() == cache.BUDGET_S
    deadline.start(time.monotonic() + 5)
    assert 4 < deadline.remaining_s() <= 5
    deadline.stop()
    assert deadline.remaining_s() == cache.BUDGET_S


def test_a_time_that_is_over_ends_the_run_at_once() -> None:
    """As after a long wait at the fast door."""
    with pytest.raises(deadline.DeadlineExceeded):  # noqa: PT012 - it may strike in either
        deadline.start(time.monotonic() - 5)
        threading.Event().wait(10)


def test_a_time_that_is_over_long_since_ends_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes to set the second limit: a time before now is no fault of a file."""
    start = watchdog.start

    def slow(until: float) -> None:
        start(until)
        time.sleep(0.01)

    monkeypatch.setattr(watchdog, "start", slow)
    with pytest.raises(deadline.DeadlineExceeded):  # noqa: PT012 - it may strike in either
        deadline.start(time.monotonic() - 60)
        threading.Event().wait(10)


def test_a_lost_alarm_comes_again() -> None:
    """One that strikes in a destructor is lost; the next one is not."""

    class Odd:
        def __del__(self) -> None:
            threading.Event().wait(0.3)

    with pytest.MonkeyPatch.context() as patched, pytest.raises(deadline.DeadlineExceeded):  # noqa: PT012
        patched.setattr(sys, "unraisablehook", lambda _lost: None)
        patched.setattr(deadline, "AGAIN_S", 0.1)
        deadline.start(time.monotonic() + 0.05)
        odd = Odd()
        del odd
        threading.Event().wait(10)


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "ctypes.PyDLL(None).sleep(30)",  # keeps the interpreter's lock
        "ctypes.CDLL(None).sleep(30)",
        "stubborn()",
    ],
)
def test_the_second_limit_needs_no_bytecode(code: str) -> None:
    """It ends what no handler of Python's can interrupt, with one line and status 75."""
    program = f"""
import ctypes, time, signal
from credhelper.system import deadline
deadline.AGAIN_S = 0.3
def stubborn():
    while True:
        try:
            time.sleep(30)
        except BaseException:
            pass
signal.signal(signal.SIGALRM, signal.SIG_IGN)
deadline.start(time.monotonic() + 0.3)
if "ctypes" in {code!r}:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
{code}
"""
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 75
    assert done.stderr == b"credhelper: temporary: no answer in time; try again later\n"
    assert time.monotonic() - started < 5


@pytest.mark.slow
@pytest.mark.parametrize(("waits_s", "claimed"), [(0.0, "True"), (0.6, "False")])
def test_the_last_line_is_written_once(waits_s: float, claimed: str) -> None:
    """By whoever claims it in time, or else by the second limit, which ends us in either case."""
    program = f"""
import signal, threading, time
from credhelper.system import deadline
from credhelper.system import watchdog
deadline.HARD_S, watchdog._PAUSE_S = 0.3, 1.0
signal.signal(signal.SIGALRM, signal.SIG_IGN)
deadline.start(time.monotonic() + 0.1)
signal.setitimer(signal.ITIMER_REAL, 0)
time.sleep({waits_s})
print(deadline.claim_line(), deadline.claim_line(), flush=True)
time.sleep(30)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stdout.decode().split()) == (75, [claimed] * 2)
    line = (
        "" if claimed == "True" else "credhelper: temporary: no answer in time; try again later\n"
    )
    assert done.stderr.decode() == line


def test_a_stopped_alarm_does_not_ring() -> None:
    """After `stop` nothing interrupts the run."""
    deadline.start(time.monotonic() + 0.05)
    deadline.stop()
    assert not threading.Event().wait(0.1)


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
