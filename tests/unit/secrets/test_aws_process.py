"""The `credential_process` of an AWS profile: bounded, ended with us, and named when it fails."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from credhelper import cache
from credhelper.errors import ConfigError, CredhelperError, DeniedError, TemporaryError
from credhelper.secrets import aws_process, aws_session
from credhelper.system import deadline, redaction
from tests.support.aws_chain import failed
from tests.support.servers.aws import REGION

pytestmark = pytest.mark.slow

SetVariable = Callable[[str, str], None]
KEYS = {"Version": 1, "AccessKeyId": "akey", "SecretAccessKey": "process-canary-77"}


@pytest.fixture
def configure(clean_environ: SetVariable, tmp_path: Path) -> Callable[[str], None]:
    """Return the way to write the line of the AWS profile `ops`, which is in force."""
    clean_environ(cache.CHAIN, "")
    clean_environ("AWS_EC2_METADATA_DISABLED", "true")
    clean_environ("AWS_CONFIG_FILE", str(tmp_path / "config"))
    clean_environ("AWS_PROFILE", "ops")

    def write(command: str) -> None:
        (tmp_path / "config").write_text(f"[profile ops]\ncredential_process = {command}\n")

    return write


def has_ended(number: int) -> bool:
    """Return whether a process is gone, or will be within two seconds."""
    for _ in range(40):
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return True
        if "\nState:\tZ" in Path(f"/proc/{number}/status").read_text():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("extra", [{}, {"SessionToken": "t" * 80}, {"Expiration": None}])
def test_keys(configure: Callable[[str], None], tmp_path: Path, extra: dict[str, object]) -> None:
    """What it prints is used, also behind a byte order mark; the keys are never shown later."""
    (tmp_path / "keys").write_text(json.dumps(KEYS | extra), encoding="utf-8-sig")
    configure(f"cat {tmp_path}/keys")
    session = aws_session.open_session(profile="", region=REGION)
    assert session.get_credentials().access_key == "akey"
    assert redaction.name("x/process-canary-77") == ""


@pytest.mark.unwatched  # who watches would be what cannot be started
@pytest.mark.parametrize(
    ("command", "kind", "words"),
    [
        ("/no/such/program", ConfigError, "cannot be run (No such file or directory)"),
        ("/", ConfigError, "cannot be run (Permission denied)"),
        ("", ConfigError, "cannot be run"),
        ("echo canary", DeniedError, "gave no AWS credentials"),
        ("echo []", DeniedError, "gave no AWS credentials"),
        ("echo '{\"Version\":1}'", DeniedError, "gave no AWS credentials"),
        ("true", DeniedError, "gave no AWS credentials"),
        ("sh -c 'echo canary >&2; exit 3'", DeniedError, "failed with status 3"),
        ("sh -c 'exit 75'", TemporaryError, "failed with status 75"),
        ("sh -c 'exit 78'", ConfigError, "failed with status 78"),
        ("sh -c 'exit 127'", ConfigError, "failed with status 127"),
        ("sh -c 'kill -9 $$'", TemporaryError, "ended by signal 9"),
        ("yes canary", DeniedError, "wrote more than 65536 bytes"),
        (f"sh -c 'echo {aws_process.CIRCLE!r} >&2; exit 78'", ConfigError, "calls credhelper"),
    ],
)
def test_failures(
    configure: Callable[[str], None], command: str, kind: type[CredhelperError], words: str
) -> None:
    """Each names the AWS profile, and says who must act; what the process said is not shown."""
    configure(command.replace("AWS's", "AWS'\\''s"))
    error = failed()
    assert type(error) is kind
    assert words in error.problem
    assert "ops" in error.problem or "calls credhelper" in error.problem


def test_an_outdated_key(configure: Callable[[str], None], tmp_path: Path) -> None:
    """Keys that have ended when they come are AWS's to refuse for nobody: a human renews them."""
    (tmp_path / "keys").write_text(json.dumps(KEYS | {"Expiration": "2001-01-01T00:00:00Z"}))
    configure(f"cat {tmp_path}/keys")
    error = failed()
    assert isinstance(error, DeniedError)
    assert "have ended" in error.problem


def test_a_key_with_a_line_end(configure: Callable[[str], None], tmp_path: Path) -> None:
    """The error says which part of the keys it is, and what is wrong with it."""
    (tmp_path / "keys").write_text(json.dumps(KEYS | {"AccessKeyId": "akey\n"}))
    configure(f"cat {tmp_path}/keys")
    error = failed()
    assert isinstance(error, ConfigError)
    assert "ends in a line break" in error.problem


@pytest.mark.unwatched  # who watches would be what cannot be started
def test_of_a_source_profile(configure: Callable[[str], None], tmp_path: Path) -> None:
    """A role's source is held to the same rules."""
    (tmp_path / "config").write_text(
        "[profile ops]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = src\n"
        "[profile src]\ncredential_process = /no/such/program\n"
    )
    error = failed()
    assert isinstance(error, ConfigError)
    assert "the AWS profile src cannot be run" in error.problem


@pytest.mark.parametrize("how", ["waits", "wrote all", "hides"])
def test_one_that_hangs(
    configure: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """It is named within the deadline, and ended with what it has started."""
    last = {
        "waits": "sleep 60",
        "wrote all": "exec >&- 2>&-; sleep 60",
        "hides": 'trap "" TERM HUP; sleep 60',
    }[how]
    script = tmp_path / "process"
    script.write_text(f"#!/bin/sh\nsleep 60 &\necho $$ $! > {tmp_path}/ids\n{last}\n")
    script.chmod(0o700)
    configure(str(script))
    monkeypatch.setattr(deadline, "remaining_s", lambda: 0.8)
    begun = time.monotonic()
    error = failed()
    assert time.monotonic() - begun < 2
    assert isinstance(error, TemporaryError)
    assert "credential_process of the AWS profile ops did not end within 0.6 s" in error.problem
    for number in (tmp_path / "ids").read_text().split():
        assert has_ended(int(number))


def test_it_ends_with_us(configure: Callable[[str], None], tmp_path: Path) -> None:
    """Whatever ends the run while we wait ends it, too."""
    configure(f"sh -c 'echo $$ > {tmp_path}/id; sleep 60'")

    def leave(number: int, _frame: object) -> None:
        raise deadline.Signalled(number)

    before = signal.signal(signal.SIGUSR1, leave)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    try:
        with pytest.raises(deadline.Signalled):
            aws_session.open_session(profile="", region=REGION)
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)
    assert has_ended(int((tmp_path / "id").read_text()))


def test_it_cannot_ask(configure: Callable[[str], None], tmp_path: Path) -> None:
    """It has no terminal and no stdin: a question ends at once instead of waiting for nobody."""
    ask = "import os, sys; print(len(sys.stdin.read()), os.getsid(0) == os.getpid())"
    configure(f"sh -c '{sys.executable} -c \"{ask}\" > {tmp_path}/said; exit 1'")
    failed()
    assert (tmp_path / "said").read_text().split()[0] == "0"
