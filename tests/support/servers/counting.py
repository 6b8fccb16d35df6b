"""A token endpoint on loopback that counts: who asked, how often, with which secret."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from urllib.parse import parse_qsl

import pytest

from tests.support import canary
from tests.support.servers import http
from tests.support.servers.http import Asked, Reply

# What STS answers to AssumeRoleWithWebIdentity; the session token is the token it was given.
_KEYS = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>
<SecretAccessKey>invented-aws-key/K7MDENG</SecretAccessKey><SessionToken>{}</SessionToken>
<Expiration>2099-12-31T23:59:59Z</Expiration></Credentials><AssumedRoleUser>
<Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""


class TokenServer:
    """Answers each request with `status` and `document`, once `gate` is open.

    `{n}` in the access token becomes the number of the request. `arrived` is set by a request.
    It is an STS, too, whose requests do not count.
    With `accepts` only these client secrets get a token, all others `invalid_client`.
    """

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.document: dict[str, object] = {"token_type": "Bearer", "expires_in": 3600}
        self.token = "canary-token-{n}"
        self.headers: dict[str, str] = {}
        self.accepts: set[str] | None = None
        self.forms: list[dict[str, str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Event()

    def answer(self, asked: Asked) -> Reply:
        """Return the answer to a token request, or to a request for keys."""
        if asked.method != "POST":
            return Reply(405, "", {"Date": formatdate(usegmt=True)})
        form = dict(parse_qsl(asked.body.decode()))
        if "WebIdentityToken" in form:
            return Reply(200, _KEYS.format(form["WebIdentityToken"]), self.headers)
        self.forms.append(form)
        number = len(self.forms)
        canary.learn(form.get("client_secret"))
        self.arrived.set()
        self.gate.wait(30)
        if self.accepts is not None and form["client_secret"] not in self.accepts:
            return Reply(401, '{"error": "invalid_client"}', self.headers)
        token = self.token.format(n=number)
        canary.learn_tokens([token])
        document = {"access_token": token, **self.document}
        return Reply(self.status, json.dumps(document), self.headers)

    @property
    def count(self) -> int:
        """How many requests there were."""
        return len(self.forms)


@contextmanager
def serving() -> Iterator[TokenServer]:
    """Run a token server until the block ends."""
    tokens = TokenServer()
    with http.serving(tokens.answer) as served:
        tokens.url = f"{served.url}/token"
        try:
            yield tokens
        finally:
            tokens.gate.set()


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    """Return a running token server."""
    with serving() as server:
        yield server
