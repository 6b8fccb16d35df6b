"""What authorization servers that people use have in common, and how they are run."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.support.servers import process

LIMIT_S = 30.0


@dataclass(frozen=True)
class Client:
    """A client as its server knows it."""

    client_id: str
    client_secret: str
    client_auth: str = "client_secret_basic"


@dataclass(frozen=True)
class Real:
    """A running server.

    Its log has one line that matches `login` for each token request. `register` makes a client or
    replaces it; `takes` tells whether the server takes a token for a good one of this client's.
    """

    issuer: str
    token_url: str
    log: Path
    login: str
    scope: str
    life_s: int
    register: Callable[[Client], None]
    takes: Callable[[str], bool]

    def logins(self) -> int:
        """Return how many token requests there were so far."""
        return len(re.findall(self.login, self.log.read_text()))


def ask(method: str, url: str, **more: object) -> requests.Response:
    """Return the answer to a request of an operator; proxies and .netrc play no part."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=LIMIT_S, **more)  # type: ignore[arg-type]


def is_up(url: str) -> bool:
    """Return whether the URL answers with 200 by now."""
    try:
        return ask("GET", url).status_code == 200
    except requests.ConnectionError:
        return False


@contextmanager
def running(url: str, home: Path, *command: str, **environ: str) -> Iterator[Path]:
    """Run a server until the end; its log is returned once the URL answers."""
    server = process.start(home, *command, **environ)

    def ready() -> bool:
        assert server.poll() is None, (home / "log").read_text()[-2000:]
        return is_up(url)

    try:
        process.wait(ready)
        yield home / "log"
    finally:
        process.stop(server)
