"""The ways to a token, each from a home of its own: what is there, and what is asked."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from credhelper import cache
from tests.conftest import Box
from tests.support import slots
from tests.support.servers.counting import TokenServer
from tests.support.servers.openbao import Asked, Reply
from tests.support.slots import plant

QUESTION = b"protocol=https\nhost=api.example.com\n\n"
SECRET = "a-client-secret-3d1c"


@dataclass(frozen=True)
class Scenario:
    """One scenario: it prepares a box, then this is asked.

    `deadline_s` is its time limit, `ample_s` one within which it gets to its last call.
    """

    prepare: Callable[[Box, TokenServer, str], int | None]
    words: Sequence[str] = ("get",)
    stdin: bytes = b""
    deadline_s: float = 1.0
    ample_s: float = 20.0


def _env(box: Box, tokens: TokenServer, _manager: str) -> None:
    box.itwin(tokens.url.replace("127.0.0.1", "localhost"), SECRET)
    box.environ["CREDHELPER_HOSTS"] = "api.example.com"


def _hit(box: Box, tokens: TokenServer, manager: str) -> None:
    _env(box, tokens, manager)
    plant(box, life_s=3600, renew_in_s=3000)


def _soft(box: Box, tokens: TokenServer, manager: str) -> None:
    _env(box, tokens, manager)
    plant(box, life_s=200, renew_in_s=-1)


def _waiter(box: Box, tokens: TokenServer, manager: str) -> int:
    """Wait behind a holder that is stopped; return its descriptor."""
    _hit(box, tokens, manager)
    source = cache.source(box.environ)
    (box.cache / slots.name(source)).unlink()
    path = box.cache / f"{slots.name(source)}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _configured(box: Box, tokens: TokenServer, reference: str, more: str = "") -> None:
    lines = [
        "[profiles.p]",
        f'token_url = "{tokens.url}"',
        'client_id = "x"',
        f'deadline = "{box.environ.pop("CREDHELPER_DEADLINE")}"',
        f'client_secret = "{reference}"',
        more,
    ]
    box.config("\n".join(lines))


def _file(box: Box, tokens: TokenServer, _manager: str) -> None:
    path = box.home / "secret"
    path.write_text(SECRET)
    path.chmod(0o600)
    _configured(box, tokens, f"file:{path}")


def _vault(box: Box, tokens: TokenServer, manager: str) -> None:
    _configured(box, tokens, "vault:secret/p#s", f'[profiles.p.vault]\naddress = "{manager}/vault"')
    token = box.home / ".vault-token"
    token.write_text("a-vault-token-81f0")
    token.chmod(0o600)


def _aws(box: Box, tokens: TokenServer, manager: str) -> None:
    """Let a process say who we are."""
    more = f'[profiles.p.aws]\nregion = "eu-west-1"\nendpoint_url = "{manager}"'
    _configured(box, tokens, "aws:prod/p", more)
    keys = {"Version": 1, "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "k" * 40}
    script = box.home / "who"
    script.write_text(f"#!/bin/sh\necho '{json.dumps(keys)}'\n")
    script.chmod(0o700)
    (box.home / ".aws").mkdir()
    (box.home / ".aws/config").write_text(f"[default]\ncredential_process = {script}\n")
    box.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def manager(asked: Asked) -> Reply:
    """Answer as Vault's KV 2 below /vault, and as AWS Secrets Manager."""
    if asked.path.startswith("/vault/v1/sys/internal/ui/mounts"):
        found: object = {"path": "secret/", "type": "kv", "options": {"version": "2"}}
        return Reply(200, json.dumps({"data": found}))
    if asked.path.startswith("/vault/"):
        data = {"data": {"s": SECRET}, "metadata": {"version": 1}}
        return Reply(200, json.dumps({"data": data}))
    return Reply(200, json.dumps({"Name": "prod/p", "SecretString": SECRET}))


SCENARIOS = {
    "hit": Scenario(_hit),
    "git": Scenario(_hit, words=("as", "git", "get"), stdin=QUESTION),
    "waiter": Scenario(_waiter, deadline_s=2.0, ample_s=8.0),
    "soft": Scenario(_soft, deadline_s=2.0),
    "env": Scenario(_env),
    "file": Scenario(_file),
    "vault": Scenario(_vault, deadline_s=2.0),
    "aws": Scenario(_aws, deadline_s=3.0),
}


@contextmanager
def at(
    scenario: Scenario, home: Path, tokens: TokenServer, address: str, *, deadline_s: float
) -> Iterator[Box]:
    """Yield a new home that is prepared for a scenario."""
    home.mkdir()
    box = Box(home, {"HOME": str(home), "PATH": os.environ["PATH"]})
    box.environ["CREDHELPER_DEADLINE"] = f"{deadline_s:g}s"
    holder = scenario.prepare(box, tokens, address)
    try:
        yield box
    finally:
        if holder is not None:
            os.close(holder)
