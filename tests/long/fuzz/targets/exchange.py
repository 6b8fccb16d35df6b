"""What a token endpoint and an issuer answer (RFC 6749 section 5, RFC 8414)."""

import math
import time
from urllib.parse import quote_plus

from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import CredhelperError
from credhelper.oauth import exchange
from credhelper.secrets.secret import Secret
from credhelper.system import http
from tests.long.fuzz import checks, isolated

TOKEN_URL = f"{isolated.ADDRESS}/token"


def _exchange(answers: list[bytes], secret: str, **where: str) -> None:
    reference = SecretRef("env", "CLIENT_SECRET")
    profile = Profile(name="p", client_id="app", client_secret=reference, scope="api", **where)  # type: ignore[arg-type]
    started = time.time()
    spellings = {
        b"{secret}": secret,
        b"{half}": secret[: len(secret) // 2],
        b"{split}": "\\u0001".join(secret),
        b"{form}": quote_plus(secret),
        b"{basic}": exchange.basic(profile.client_id, secret),
    }
    for name, value in spellings.items():
        answers = [answer.replace(name, value.encode()) for answer in answers]
    with isolated.around({}, answers=[isolated.http(answer) for answer in answers]) as around:
        try:
            token = exchange.exchange(profile, Secret(secret), attempts=2).token
        except CredhelperError as error:
            checks.check(error, secret)
            return
        finally:
            assert around.waited_s < 20
    assert int(started) <= token.expires_at <= time.time() + exchange.LIFE_LIMIT_S
    assert token.access_token not in repr(token)
    assert token.json().count("\n") == 1
    assert token.json()[:-1].isprintable()


def fuzz_token(data: bytes) -> None:
    """Read a first and a second answer of the token endpoint."""
    _exchange(checks.parts(data, 2), checks.canary(data, "client"), token_url=TOKEN_URL)


def fuzz_discovery(data: bytes) -> None:
    """Read the issuer's two documents and a token; the endpoint must be the one that is asked."""
    documents = checks.parts(data, 3)
    _exchange(documents, checks.canary(data, "client"), issuer=isolated.ADDRESS)


def fuzz_retry_after(data: bytes) -> None:
    """Read a number of seconds, or nothing; also a life that `expires_in` tells."""
    text = data.decode("latin-1")
    seconds = http.retry_after_s(text)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)
    assert 0 <= exchange.life_s(text) <= exchange.LIFE_LIMIT_S
