"""A token endpoint on loopback whose tokens are short-lived, and which fails at times."""

import base64
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = ("reset", "500", "429", "hang", "garbage")
# Longer than any caller's deadline.
HANG_S = 30


@dataclass(frozen=True)
class Asked:
    """One token request: who, when (unix seconds), and what came of it, a fault or "granted"."""

    client_id: str
    at: float
    outcome: str


@dataclass(frozen=True)
class Granted:
    """One token that was given out: to whom, when (unix seconds) and for how long."""

    client_id: str
    at: float
    life_s: int

    @property
    def expires_at(self) -> float:
        """When it ends by the server's clock."""
        return self.at + self.life_s


@dataclass
class Endpoint:
    """What the server does and what it has seen. `lives` is the range of its tokens' lives, in s.

    `faults` is the share of requests that get no token; `secrets` are the ones that it accepts.
    """

    lives: tuple[int, int]
    faults: float
    seed: int
    secrets: set[str] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
    granted: dict[str, Granted] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._lock = threading.Lock()

    def decide(self, client_id: str, secret: str) -> tuple[str, str, int]:
        """Return the outcome of a request, and if that is "granted" a token and its life."""
        now = time.time()
        with self._lock:
            outcome, life_s = "granted", self._random.randint(*self.lives)
            if secret not in self.secrets:
                outcome = "invalid_client"
            elif self._random.random() < self.faults:
                outcome = self._random.choice(FAULTS)
            self.asked.append(Asked(client_id, now, outcome))
            token = f"soak-{self.seed}-{len(self.asked)}-"
            if outcome == "granted":
                self.granted[token] = Granted(client_id, now, life_s)
        return outcome, token, life_s


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, endpoint: Endpoint, *arguments: object) -> None:
        self.endpoint = endpoint
        super().__init__(*arguments)  # type: ignore[arg-type]  # as socketserver passes them

    def do_POST(self) -> None:
        """Grant a token, or do what was decided instead."""
        self.rfile.read(int(self.headers["Content-Length"]))
        basic = self.headers["Authorization"].removeprefix("Basic ")
        client_id, _, secret = base64.b64decode(basic).decode().partition(":")
        outcome, token, life_s = self.endpoint.decide(client_id, secret)
        document = {"access_token": token, "token_type": "Bearer", "expires_in": life_s}
        if outcome == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif outcome == "hang":
            self.endpoint.stopping.wait(HANG_S)
        elif outcome == "garbage":
            self._answer(200, "<html>sign in</html>")
        elif outcome == "invalid_client":
            self._answer(401, '{"error":"invalid_client"}')
        elif outcome == "granted":
            self._answer(200, json.dumps(document))
        else:
            self._answer(int(outcome), "")

    def _answer(self, status: int, body: str) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 429:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body.encode())
        except OSError:
            return  # the caller has given up

    def log_message(self, *_arguments: object) -> None:
        """Stay silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_arguments: object) -> None:
        """Stay silent: callers that have given up are part of it."""


@contextmanager
def serving(endpoint: Endpoint) -> Iterator[None]:
    """Serve until the block ends; `url` is set before it begins."""
    server = _Server(("127.0.0.1", 0), partial(_Handler, endpoint))
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/token"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        endpoint.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
