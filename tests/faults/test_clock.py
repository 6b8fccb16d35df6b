"""Rows of what the clock does to an entry, and an entry that has ended.

A clock that is set would be everybody's: an entry that is as much younger or older is the same.
"""

import json
import signal
import socket
import time

import pytest

from credhelper import cache
from credhelper.token import HARD_S
from tests.conftest import Box
from tests.support import slots
from tests.support.broken_profiles import free_port
from tests.support.outcomes import failed
from tests.support.servers.counting import TokenServer
from tests.support.servers.scripted import Script, Scripted, answer, grant, reset, silence
from tests.support.slots import plant

pytestmark = pytest.mark.slow

DAY_S = 24 * 3600


def shift(box: Box, seconds: float) -> None:
    """Let the box's entry have been written so much earlier, as if the clock had gone on."""
    source = cache.source(box.environ)
    path = box.cache / slots.name(source)
    lines = path.read_text().split("\n")[1:]
    lines[5:8] = [str(float(lines[5]) - seconds), *(str(int(n) - int(seconds)) for n in lines[6:8])]
    path.write_bytes(slots.sealed(path.name, "\n".join(lines).encode()))


@pytest.mark.parametrize("seconds", [-60, -DAY_S, -3650 * DAY_S, 3580, 3600, DAY_S, 3650 * DAY_S])
def test_a_clock_that_jumps(box: Box, tokens: TokenServer, seconds: float) -> None:
    """Back (an entry of the future) or forward (an ended one): fetched once, then a hit again."""
    box.itwin(tokens.url)
    box.run("get").token()
    shift(box, seconds)
    assert box.run("get").token() == "canary-token-2"
    assert [box.run("get").token() for _ in range(3)] == ["canary-token-2"] * 3
    assert tokens.count == 2


def test_a_clock_that_jumps_within_the_life(box: Box, tokens: TokenServer) -> None:
    """Not yet in the soft window: nothing to do."""
    box.itwin(tokens.url)
    box.run("get").token()
    shift(box, 3000)
    assert box.run("get").token() == "canary-token-1"
    assert tokens.count == 1


@pytest.mark.parametrize(
    ("fault", "life_s"),
    [("refused", HARD_S - 1), ("reset", 0), ("503", -1), ("silence", -DAY_S)],
)
def test_an_ended_token_and_no_source(
    box: Box, scripted: Script, fault: str, life_s: float
) -> None:
    """Temporary: below the hard window it is never served, whatever else fails."""
    faults = {"reset": reset, "503": answer(503, Retry_After="9"), "silence": silence}
    server = scripted(faults.get(fault, reset), kind="")
    box.itwin(f"http://127.0.0.1:{free_port()}/" if fault == "refused" else server.url)
    box.environ["CREDHELPER_DEADLINE"] = "1s"
    plant(box, life_s=life_s, renew_in_s=-1)
    assert "planted" not in box.run("get").refused(75)


def test_an_ended_token_and_no_manager(box: Box, tokens: TokenServer) -> None:
    """Nor when it is the secret that cannot be read."""
    box.config(
        f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "x"\ndeadline = "1s"\n'
        f'client_secret = "vault:a/b#c"\n[profiles.p.vault]\n'
        f'address = "http://127.0.0.1:{free_port()}"\n'
    )
    box.environ["VAULT_TOKEN"] = "canary-secret-value"
    plant(box, life_s=HARD_S - 1, renew_in_s=-1)
    assert "planted" not in box.run("get").refused(75)
    assert tokens.count == 0


def test_a_token_that_ends_while_it_is_renewed(box: Box, tokens: TokenServer) -> None:
    """Good when the call began, and not any more when the renewal has failed: it is not served."""
    box.itwin(tokens.url)
    plant(box, life_s=HARD_S + 2, renew_in_s=-1)
    tokens.status = 500
    tokens.gate.clear()
    process = box.start("get")
    assert tokens.arrived.wait(30)
    time.sleep(3)
    tokens.gate.set()
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (75, "")
    assert "500" in stderr


def test_a_token_that_ended_while_we_slept(box: Box, tokens: TokenServer) -> None:
    """A machine that sleeps between request and answer wakes with a dead token: it is fetched anew.

    Monotonic time stops in suspend, so the deadline does not tell; SIGSTOP is as good a sleep.
    """
    box.itwin(tokens.url)
    tokens.document["expires_in"] = 2
    tokens.gate.clear()
    process = box.start("get")
    assert tokens.arrived.wait(30)
    process.send_signal(signal.SIGSTOP)
    tokens.gate.set()
    time.sleep(2.2)
    process.send_signal(signal.SIGCONT)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (0, "")
    assert json.loads(stdout)["AccessToken"] == "canary-token-2"


def test_a_dead_token_is_not_printed(box: Box, scripted: Script) -> None:
    """A server that is slower than its tokens live is temporary trouble."""

    def late(connection: socket.socket, server: Scripted) -> None:
        server.stopping.wait(1.2)
        grant(expires_in=1, access_token="canary-scripted-token")(connection, server)

    box.itwin(scripted(late, kind="").url)
    box.environ["CREDHELPER_DEADLINE"] = "2s"
    failed(box, 75)
