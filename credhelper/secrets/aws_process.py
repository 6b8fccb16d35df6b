"""The `credential_process` of an AWS profile: run without a terminal, bounded, and ended with us.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html. botocore would
wait for it as long as it likes, read all of it, and leave it behind when our time is over.
"""

import functools
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from botocore import credentials

from credhelper.errors import ConfigError, CredhelperError, DeniedError, TemporaryError, word_for
from credhelper.system import deadline, redaction

OUTPUT_LIMIT = 64 * 1024
# Our own sentence, looked for in what the process said: it may be credhelper, behind a shell.
CIRCLE = "AWS's credential_process calls credhelper, which asks the same AWS profile again"
CIRCLE_HINT = "give this profile AWS credentials of its own ([…aws] profile)"
_BY_HAND = "run it by hand to see what it says"
_Provider = credentials.ProcessProvider


@dataclass(frozen=True)
class Ended:
    """A process that has ended well, with what botocore asks a Popen for."""

    stdout: bytes
    returncode: int = 0

    def communicate(self) -> tuple[bytes, bytes]:
        """Return stdout and an empty stderr."""
        return self.stdout, b""


def provider(
    profile_name: str, load_config: Callable[[], Mapping[str, object]]
) -> credentials.ProcessProvider:
    """Return botocore's provider of this method, with our way to run the process."""
    return _Provider(profile_name, load_config, popen=functools.partial(run, profile_name))


def run(profile: str, words: list[str], **_pipes: int) -> Ended:
    """Return what the process gave. Raises ConfigError, DeniedError, TemporaryError."""
    what = f"credential_process of the AWS profile {redaction.name(profile)}".rstrip()
    process = _start(words, what)
    left_s = deadline.remaining_s()
    limit_s = left_s - min(0.5, left_s / 4)  # so that it is named, and not the run's deadline alone
    ends_at = time.monotonic() + limit_s
    try:
        stdout, stderr = _collect(process, what, ends_at=ends_at)
        status = process.wait(max(0.0, ends_at - time.monotonic()))
    except subprocess.TimeoutExpired:
        _end(process)
        hint = "run it by hand, or raise the profile's deadline"
        raise TemporaryError(f"{what} did not end within {limit_s:.1f} s", hint=hint) from None
    except BaseException:
        _end(process)
        raise
    finally:
        for pipe in (process.stdout, process.stderr):
            pipe.close()  # type: ignore[union-attr]
    if status:
        raise _failure(status, stderr, what)
    return Ended(_answer(stdout, what))


def _start(words: list[str], what: str) -> subprocess.Popen[bytes]:
    """Return the process, in a session of its own: it cannot ask at our terminal."""
    try:
        return subprocess.Popen(  # noqa: S603 - the user's own AWS profile names it
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError, IndexError) as error:
        program = redaction.name(words[0]) if words else ""
        hint = f"correct {program or 'it'} in AWS's config file"
        raise ConfigError(f"{what} cannot be run ({word_for(error)})", hint=hint) from None


def _collect(process: subprocess.Popen[bytes], what: str, *, ends_at: float) -> tuple[bytes, bytes]:
    """Return stdout and the start of stderr, once both are closed. Raises TimeoutExpired."""
    read = {process.stdout: b"", process.stderr: b""}
    with selectors.DefaultSelector() as open_pipes:
        for pipe in read:
            open_pipes.register(pipe, selectors.EVENT_READ)  # type: ignore[arg-type]
        while open_pipes.get_map():
            left_s = ends_at - time.monotonic()
            if left_s <= 0:
                raise subprocess.TimeoutExpired("", left_s)
            for key, _events in open_pipes.select(left_s):
                piece = os.read(key.fd, OUTPUT_LIMIT)
                if not piece:
                    open_pipes.unregister(key.fileobj)
                read[key.fileobj] = (read[key.fileobj] + piece)[: OUTPUT_LIMIT + 1]  # type: ignore[index]
            if len(read[process.stdout]) > OUTPUT_LIMIT:
                raise DeniedError(f"{what} wrote more than {OUTPUT_LIMIT} bytes", hint=_BY_HAND)
    return read[process.stdout], read[process.stderr]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and what it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        process.kill()  # it has not made its session yet, or nothing is left of it
    process.wait()


def _failure(status: int, stderr: bytes, what: str) -> CredhelperError:
    """Return the error for a status; what the process said is never shown."""
    if CIRCLE.encode() in stderr:
        return ConfigError(CIRCLE, hint=CIRCLE_HINT)
    msg = f"{what} failed with status {status}"
    if status < 0:
        return TemporaryError(f"{what} was ended by signal {-status}", hint=_BY_HAND)
    if status == TemporaryError.status:
        return TemporaryError(msg, hint="try again later, or run it by hand")
    if status in (ConfigError.status, 126, 127):
        return ConfigError(msg, hint=_BY_HAND)
    return DeniedError(msg, hint=_BY_HAND)


def _answer(stdout: bytes, what: str) -> bytes:
    """Return JSON that has keys, written anew. Raises DeniedError."""
    try:
        found = json.loads(stdout)
    except (ValueError, RecursionError):
        found = None
    keys = ("AccessKeyId", "SecretAccessKey")
    if not isinstance(found, dict) or not all(
        isinstance(found.get(key), str) and found[key] for key in keys
    ):
        raise DeniedError(f"{what} gave no AWS credentials", hint=_BY_HAND)
    return json.dumps(found).encode()


credentials.ProcessProvider = provider
