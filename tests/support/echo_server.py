"""A server that echoes a secret in one field of one answer, and how it may spell it.

It is the token endpoint, the issuer, Vault, Secrets Manager and STS, on raw sockets: each field is
as the server wants it, down to the status line.
"""

import base64
import codecs
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from tests.support.servers.scripted import Request, Scripted

CLIENT_SECRET = "x7Kq92-zPw.!mB4tRv8s"
VAULT_TOKEN = "hvs.CAESIJr4Tz8mWqYb3nXe0pLd"
SECRET_ID = "Sid.4f9Kq2-Lm8Zx7Rt"  # of an AppRole
AWS_SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzQ84hTnVoe"
# Each spelling with the characters that stand for one of the secret.
SPELLINGS: dict[str, tuple[Callable[[str], str], float]] = {
    "raw": (str, 1),
    "upper": (str.upper, 1),
    "lower": (str.lower, 1),
    "reversed": (lambda text: text[::-1], 1),
    "rot13": (lambda text: codecs.encode(text, "rot13"), 1),
    "hex": (lambda text: text.encode().hex(), 2),
    "base64": (lambda text: base64.b64encode(text.encode()).decode(), 4 / 3),
    "base64, one on": (lambda text: _inner(f"x{text}", 2), 4 / 3),
    "base64, two on": (lambda text: _inner(f"xy{text}", 3), 4 / 3),
    "base64, for URLs": (lambda t: base64.urlsafe_b64encode(t.encode()).decode(), 4 / 3),
    "base32": (lambda text: base64.b32encode(text.encode()).decode(), 8 / 5),
    "percent": (lambda text: "".join(f"%{ord(c):02X}" for c in text), 3),
    "percent twice": (lambda text: "".join(f"%25{ord(c):02X}" for c in text), 5),
    "quoted twice": (lambda text: quote(quote_plus(text), safe=""), 5),
    "JSON, capitals": (lambda text: "".join(f"\\u{ord(c):04X}" for c in text), 6),
    "JSON": (lambda text: "".join(f"\\u{ord(c):04x}" for c in text), 6),
    "C": (lambda text: "".join(f"\\x{ord(c):02x}" for c in text), 4),
    "octal": (lambda text: "".join(f"\\{ord(c):03o}" for c in text), 4),
    "HTML": (lambda text: "".join(f"&#{ord(c)};" for c in text), 6),
    "HTML, hex": (lambda text: "".join(f"&#x{ord(c):x};" for c in text), 6),
    "spaced": (" ".join, 2),
    "dashed": ("-".join, 2),
    # What follows `Basic` and the client's id.
    "Basic": (lambda text: _inner(f"id:{quote_plus(text)}", 4), 4 / 3),
    "UTF-16": (lambda text: text.encode("utf-16-le").decode("latin-1"), 2),
}


def _inner(text: str, start: int) -> str:
    return base64.b64encode(text.encode()).decode()[start:]


@dataclass(frozen=True)
class Cut:
    """A part of a spelling of a secret, and how many of its characters it holds, rounded down."""

    text: str
    characters: int
    secret: str


def cuts(secret: str, spelling: str) -> Iterator[Cut]:
    """Yield all parts of six characters or more of the raw secret, and some of each other one."""
    spell, width = SPELLINGS[spelling]
    text = spell(secret)
    sizes = range(6, len(text) + 1) if spelling == "raw" else {6, 11, len(text) // 2, len(text)}
    for size in sorted(sizes):
        step = 1 if spelling == "raw" else max(1, (len(text) - size) // 3)
        for start in range(0, len(text) - size + 1, step):
            yield Cut(text[start : start + size], int(size / width), secret)


@dataclass(frozen=True)
class Reply:
    """An answer on the wire."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    reason: str = "Scripted"

    def wire(self) -> bytes:
        """Return all its bytes; what no header can hold is left out of one."""
        data = self.body.encode()
        headers = {"Connection": "close", **self.headers}  # whose end tells the body's
        lines = [
            f"HTTP/1.1 {self.status} {self.reason}",
            *(f"{n}: {v}" for n, v in headers.items()),
        ]
        shown = ["".join(filter(str.isprintable, line)) for line in lines]
        return "\r\n".join([*shown, "", ""]).encode("latin-1", "ignore") + data


def told(status: int, headers: dict[str, str] | None = None, /, **members: object) -> Reply:
    """Return an answer in JSON."""
    head = {"Content-Type": "application/json", **(headers or {})}
    return Reply(status, json.dumps(members), head)


def granted(**members: object) -> Reply:
    """Return a token's answer."""
    good: dict[str, object] = {"access_token": "tok-1", "token_type": "Bearer", "expires_in": 3600}
    return told(200, **{**good, **members})


def jwt(**claims: object) -> str:
    """Return a token with these claims, whose signature says nothing."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts), "AAAA"])


Field = tuple[str, Callable[[str], Reply]]


@dataclass
class Echo:
    """The server's answers, by what they are for; `ISSUER` in one of them is its own address."""

    answers: dict[str, Reply]

    def behave(self, connection: socket.socket, server: Scripted) -> None:
        """Answer the last request."""
        data = self.answers.get(which(server.requests[-1]), Reply(404)).wire()
        connection.sendall(data.replace(b"ISSUER", server.url.removesuffix("/token").encode()))


def which(request: Request) -> str:
    """Return which of the answers a request is for."""
    _method, path, _version = request.line.split(" ")
    if target := request.headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if "Action=" in request.body:
        return request.body.partition("Action=")[2].partition("&")[0]
    places = {
        "/.well-known/": "metadata",
        "/v1/sys/internal/ui/mounts/": "mounts",
        "/v1/auth/token/lookup-self": "lookup",
        "/v1/auth/approle/login": "login",
        "/v1/secret/": "data",
    }
    return next((place for start, place in places.items() if path.startswith(start)), "token")
