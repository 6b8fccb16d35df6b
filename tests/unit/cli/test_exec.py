"""`exec`: the token in a command's environment, and nothing else changed."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import Box
from tests.support import canary
from tests.support.servers.counting import TokenServer


def test_the_command_has_the_token_and_not_the_secret(box: Box, tokens: TokenServer) -> None:
    """Cold and warm: the variable is set, the client secret is not inherited, all else is."""
    box.itwin(tokens.url)
    box.environ["OTHER"] = "kept"
    for _ in range(2):
        ran = box.run("exec", "--", "env")
        seen = dict(line.split("=", 1) for line in ran.stdout.splitlines() if "=" in line)
        assert (ran.status, ran.stderr) == (0, "")
        assert seen["ACCESS_TOKEN"] == "canary-token-1"
        assert seen["OTHER"] == "kept"
        assert canary.CLIENT_SECRET not in ran.stdout
    assert (
        box.run("exec", "env", "--env", "TOK", "--", "printenv", "TOK").stdout == "canary-token-1\n"
    )
    assert tokens.count == 1


@pytest.mark.slow
@pytest.mark.parametrize("status", [0, 1, 64, 255])
@pytest.mark.parametrize("more", [[], ["--refresh-file", "token"]])
def test_the_exit_status_is_the_commands(
    box: Box, tokens: TokenServer, status: int, more: list[str]
) -> None:
    """Whatever it is, also with a file to watch."""
    box.itwin(tokens.url)
    assert box.run("exec", *more, "--", "sh", "-c", f"exit {status}").status == status
    assert not (box.home / "token").exists()


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--refresh-file", "token"]])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_reaches_the_command(
    box: Box, tokens: TokenServer, number: signal.Signals, more: list[str]
) -> None:
    """It gets the signal that we are sent, and we end as it does: by that signal."""
    box.itwin(tokens.url)
    box.run("get").token()
    process = box.start(
        "exec", *more, "--", "sh", "-c", "echo ready; sleep 5 >/dev/null 2>&1 & wait"
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    assert process.wait(10) == -number
    process.communicate()
    assert not (box.home / "token").exists()


def test_no_other_secret_is_handed_on(box: Box, tokens: TokenServer) -> None:
    """Neither other profiles', nor what reads them; a name that is to be kept is."""
    table = f'token_url = "{tokens.url}"\nclient_id = "x"\n'
    box.config(
        f'[profiles.a]\n{table}client_secret = "env:SECRET_A"\n'
        f'[profiles.b]\n{table}client_secret = "vault:a/b#c"\n'
        '[profiles.b.vault]\nauth = { method = "approle", role_id = "r", secret_id = "env:ID_B" }\n'
    )
    ours = {"SECRET_A", "ID_B", "VAULT_TOKEN", "BAO_TOKEN", "CREDHELPER_PROXY"}
    ours |= {"ITWIN_CLIENT_SECRET", "CREDHELPER_CLIENT_SECRET", "CREDHELPER_CLIENT_SECRET_OLD"}
    box.environ |= dict.fromkeys(ours, "public")
    for more in ([], ["--refresh-file", "token"]):
        for kept in ([], ["VAULT_TOKEN", "ID_B", "ABSENT"]):
            keep = [word for name in kept for word in ("--keep", name)]
            ran = box.run("exec", "a", *keep, *more, "--", "env")
            names = {line.partition("=")[0] for line in ran.stdout.splitlines()}
            assert (ran.status, ran.stderr) == (0, "")
            assert names & ours == set(kept) - {"ABSENT"}
            assert names >= {"HOME", "PATH", "ACCESS_TOKEN"}


def test_the_umask_and_sigpipe_are_the_callers(box: Box, tokens: TokenServer) -> None:
    """What we set for ourselves is undone."""
    box.itwin(tokens.url)
    for more in ([], ["--refresh-file", "token"]):
        script = "import signal, os; print(signal.getsignal(signal.SIGPIPE), oct(os.umask(0)))"
        command = [*more, "--", "python3", "-S", "-c", script]
        umask = subprocess.run(["sh", "-c", "umask"], capture_output=True, text=True, check=True)
        shown = box.run("exec", *command).stdout
        assert shown.split()[-1] == oct(int(umask.stdout, 8))
        grep = ["grep", "SigIgn", "/proc/self/status"]
        ours = subprocess.run(grep, capture_output=True, text=True, check=True)
        assert box.run("exec", *more, "--", *grep).stdout == ours.stdout


@pytest.mark.slow
def test_the_file_stays_fresh(box: Box, tokens: TokenServer) -> None:
    """It is owner-only, holds the first token, later the next, and is gone in the end."""
    box.itwin(tokens.url)
    tokens.document["expires_in"] = 62
    file = box.home / "token"
    script = 'cat token; while [ "$(cat token)" = "$ACCESS_TOKEN" ]; do sleep 0.1; done; cat token'
    process = box.start("exec", "--refresh-file", str(file), "--", "sh", "-c", script)
    until = time.monotonic() + 20
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert file.stat().st_mode & 0o777 == 0o600
    tokens.document["expires_in"] = 3600
    stdout, stderr = process.communicate(timeout=30)
    assert stderr == ""
    assert stdout.splitlines()[0] == "canary-token-1"
    assert stdout.splitlines()[-1] == f"canary-token-{tokens.count}" != "canary-token-1"
    assert not file.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "status"), [(["no-such-command"], 127), ([""], 127), (["/dev/null"], 126), ([], 64)]
)
def test_a_command_that_cannot_run(
    box: Box, tokens: TokenServer, command: list[str], status: int
) -> None:
    """The shells' own statuses for it, and a line that says so."""
    box.itwin(tokens.url)
    assert box.run("exec", "--", *command).refused(status)
    assert box.run("exec", "--refresh-file", "token", "--", *command).refused(status)
    assert not (box.home / "token").exists()


def test_a_token_that_cannot_be_had_runs_nothing(box: Box, tokens: TokenServer) -> None:
    """The error is ours, the command is not started."""
    box.itwin(tokens.url)
    tokens.status, tokens.document = 400, {"error": "invalid_client"}
    box.run("exec", "--", "touch", "ran").refused(77)
    assert not Path(box.home / "ran").exists()


@pytest.mark.parametrize("way", ["option", "option=", "variable", "child"])
def test_errors_for_machines(box: Box, tokens: TokenServer, way: str) -> None:
    """One line of JSON with class, code, hint and the server's name for the request."""
    box.itwin(tokens.url)
    tokens.status, tokens.document = 400, {"error": "invalid_client"}
    tokens.headers = {"X-Correlation-Id": "c-1"}
    arguments = {"option": ["--error-format", "json"], "option=": ["--error-format=json"]}
    if way == "variable":
        box.environ["CREDHELPER_ERROR_FORMAT"] = "json"
    if way == "child":
        ran = box.run("exec", "--", "echo", "--error-format=json")
        assert ran.refused(77).startswith("credhelper: denied: ")
        return
    ran = box.run("get", *arguments.get(way, []))
    error = json.loads(ran.stderr)
    assert (ran.status, ran.stdout) == (77, "")
    assert error.pop("problem").endswith("invalid_client")  # `env` has no versions to name
    assert "My Apps" in error.pop("hint")
    assert error == {
        "class": "denied",
        "status": 77,
        "code": "invalid_client",
        "retryable": False,
        "retry_after_s": None,
        "correlation_id": "c-1",
    }
