"""Rows of what a caller does to our descriptors, and signals at each stage of a call.

All ways to close descriptors 0, 1 and 2, a full device, and a reader that left a hit:
`tests/unit/test_main.py`. Signals during the exchange: `tests/unit/renewal/test_issue.py`.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from credhelper import cache
from tests.conftest import COMMAND, Box
from tests.support.outcomes import drop
from tests.support.servers.counting import TokenServer
from tests.support.servers.scripted import Script, silence
from tests.support.slots import of, plant

pytestmark = pytest.mark.slow

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def test_a_reader_that_left_loses_no_token(box: Box, tokens: TokenServer) -> None:
    """The token that nobody read stays cached; 141 and no word, as SIGPIPE would end it."""
    box.itwin(tokens.url)
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [COMMAND, "get"], env=box.environ, stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    assert process.communicate(timeout=30)[1] == b""
    assert process.returncode == 141
    assert box.run("get").token() == "canary-token-1"
    assert tokens.count == 1


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-"])
def test_a_stderr_that_takes_nothing(
    box: Box, tokens: TokenServer, stderr: str, *, warm: bool
) -> None:
    """The status tells it all the same, with the answer on stdout or without."""
    box.itwin(tokens.url)
    if not warm:
        tokens.status, tokens.document = 400, {"error": "invalid_scope"}
    script = f'({COMMAND} get; echo "status $?" >&3) {stderr}'
    ran = box.call("sh", "-c", f"{{ {script}; }} 3>&1 >/dev/null")
    assert f"status {0 if warm else 78}\n" in ran.stdout


def ended(process: subprocess.Popen[str], number: int) -> None:
    """Check that a process ends by a signal within a second, without a word."""
    started = time.monotonic()
    process.send_signal(number)
    assert process.communicate(timeout=30) == ("", "")
    assert time.monotonic() - started < 1
    # A process that has not yet changed what Python does by default is ended by the kernel, and
    # a shell calls that 128 + n, too.
    assert process.returncode in (128 + number, -number)


def opened(process: subprocess.Popen[str], ending: str) -> bool:
    """Return whether the process has a file of such a name open, once it has."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for link in Path(f"/proc/{process.pid}/fd").iterdir():
            try:
                if os.readlink(link).endswith(ending):
                    return True
            except OSError:
                continue
        time.sleep(0.001)
    return False


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_in_the_wait_for_the_lock(
    box: Box, tokens: TokenServer, number: signal.Signals
) -> None:
    """The waiter leaves; the holder goes on and stores."""
    box.itwin(tokens.url)
    tokens.gate.clear()
    holder = box.start("get")
    assert tokens.arrived.wait(30)
    waiter = box.start("get")
    time.sleep(0.4)  # several reads of the cache by now
    assert waiter.poll() is None
    ended(waiter, number)
    tokens.gate.set()
    assert "canary-token-1" in holder.communicate(timeout=30)[0]
    assert box.run("get").token() == "canary-token-1"
    assert tokens.count == 1


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_the_secret_is_read(
    box: Box, tokens: TokenServer, scripted: Script, number: signal.Signals
) -> None:
    """The lock is free at once, and nothing is left behind."""
    vault = scripted(silence, kind="")
    box.config(
        f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "x"\n'
        'client_secret = "vault:a/b#c"\n'
        f'[profiles.p.vault]\naddress = "http://127.0.0.1:{vault.port}"\n'
    )
    box.environ["VAULT_TOKEN"] = "canary-secret-value"
    process = box.start("get")
    until = time.monotonic() + 20
    while not vault.requests and time.monotonic() < until:
        time.sleep(0.005)
    assert vault.requests
    ended(process, number)
    assert [name for name in os.listdir(box.cache) if name.startswith(".")] == []
    plant(box, life_s=3600, renew_in_s=3000)
    assert box.run("get").token() == "planted"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_with_a_token_in_hand(
    box: Box, tokens: TokenServer, number: signal.Signals
) -> None:
    """A renewal in the soft window leaves, too; the old token stays for the next."""
    box.itwin(tokens.url)
    plant(box, life_s=200, renew_in_s=-1)
    tokens.gate.clear()
    process = box.start("get")
    assert tokens.arrived.wait(30)
    ended(process, number)
    tokens.gate.set()
    assert cache.read(of(box.cache, cache.source(box.environ)), {})


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_at_any_moment(box: Box, tokens: TokenServer, number: signal.Signals) -> None:
    """From the lock on: the token or nothing, 0 or the signal, and no trace of where we were."""
    box.itwin(tokens.url)
    del box.environ["PYTHONWARNINGS"]  # what a signal leaves open is worth one
    for step in range(8):
        process = box.start("get")
        assert opened(process, ".lock") or process.poll() is not None
        time.sleep(step * 0.006)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
        assert stderr == ""
        assert process.returncode in (0, 128 + number, -number)
        assert (stdout == "") == (process.returncode != 0)
        drop(box)
    assert box.run("get").status == 0
