"""A token endpoint on loopback that counts: who asked, how often, with which secret."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest

from tests import canary

# What STS answers to AssumeRoleWithWebIdentity; the session token is the token it was given.
_KEYS = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>
<SecretAccessKey>made-up-aws-key/K7MDENG</SecretAccessKey><SessionToken>{}</SessionToken>
<Expiration>2099-12-31T23:59:59Z</Expiration></Credentials><AssumedRoleUser>
<Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""


class TokenServer:
    """Answers every request with `status` and `document`, once `gate` is open.

    `{n}` in the access token becomes the number of the request. `arrived` is set by a request.
    It is an STS, too, whose requests do not count.
    With `accepts` only these client secrets get a token, all others `invalid_client`.
    """

    def __init__(self) -> None:
        self.status = 200
        self.document: dict[str, object] = {"token_type": "Bearer", "expires_in": 3600}
        self.token = "canary-token-{n}"
        self.headers: dict[str, str] = {}
        self.accepts: set[str] | None = None
        self.forms: list[dict[str, str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                form = dict(parse_qsl(self.rfile.read(length).decode()))
                if "WebIdentityToken" in form:
                    self.send(200, _KEYS.format(form["WebIdentityToken"]))
                    return
                outer.forms.append(form)
                canary.learn(form.get("client_secret"))
                number = len(outer.forms)
                outer.arrived.set()
                outer.gate.wait(30)
                status, document = outer.answer(number)
                self.send(status, json.dumps(document))

            def send(self, status: int, text: str) -> None:
                body = text.encode()
                try:
                    self.send_response(status)
                    for name, value in outer.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    return  # the caller was killed, as some tests want

            def log_message(self, *_arguments: object) -> None:
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/token"

    def answer(self, number: int) -> tuple[int, dict[str, object]]:
        """Return status and document for the request of that number."""
        if self.accepts is not None and self.forms[number - 1]["client_secret"] not in self.accepts:
            return 401, {"error": "invalid_client"}
        token = self.token.format(n=number)
        canary.learn_tokens([token])
        return self.status, {"access_token": token, **self.document}

    @property
    def count(self) -> int:
        """How many requests there were."""
        return len(self.forms)


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    """Return a running token server."""
    server = TokenServer()
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.gate.set()
    server.server.shutdown()
    thread.join()
    server.server.server_close()
