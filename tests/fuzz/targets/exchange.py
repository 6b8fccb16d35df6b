"""What a token endpoint and an issuer answer (RFC 6749 section 5, RFC 8414)."""

import math
import time
from urllib.parse import quote_plus

from credhelper import oauth, transport
from credhelper.errors import CredhelperError
from credhelper.profile import Profile
from credhelper.secret import Secret, SecretRef
from tests.fuzz import judge, world

TOKEN_URL = f"{world.ADDRESS}/token"


def _exchange(answers: list[bytes], secret: str, **where: str) -> None:
    reference = SecretRef("env", "CLIENT_SECRET")
    profile = Profile(name="p", client_id="app", client_secret=reference, scope="api", **where)  # type: ignore[arg-type]
    started = time.time()
    spellings = {
        b"{secret}": secret,
        b"{half}": secret[: len(secret) // 2],
        b"{split}": "\\u0001".join(secret),
        b"{form}": quote_plus(secret),
        b"{basic}": oauth.basic(profile.client_id, secret),
    }
    for name, value in spellings.items():
        answers = [answer.replace(name, value.encode()) for answer in answers]
    with world.around({}, answers=[world.http(answer) for answer in answers]) as around:
        try:
            token = oauth.exchange(profile, Secret(secret), attempts=2)
        except CredhelperError as error:
            judge.check(error, secret)
            return
        finally:
            assert around.waited_s < 20
    assert int(started) <= token.expires_at <= time.time() + oauth.LIFE_LIMIT_S
    assert token.access_token not in repr(token)
    assert token.json().count("\n") == 1
    assert token.json()[:-1].isprintable()


def fuzz_token(data: bytes) -> None:
    """Read a first and a second answer of the token endpoint."""
    _exchange(judge.parts(data, 2), judge.canary(data, "client"), token_url=TOKEN_URL)


def fuzz_discovery(data: bytes) -> None:
    """Read the issuer's two documents and a token; the endpoint must be the one that is asked."""
    documents = judge.parts(data, 3)
    _exchange(documents, judge.canary(data, "client"), issuer=world.ADDRESS)


def fuzz_retry_after(data: bytes) -> None:
    """Read a number of seconds, or nothing; also a life that `expires_in` tells."""
    text = data.decode("latin-1")
    seconds = transport.retry_after_s(text)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)
    assert 0 <= oauth.life_s(text) <= oauth.LIFE_LIMIT_S
