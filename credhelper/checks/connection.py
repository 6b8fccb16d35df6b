"""The connection to the token endpoint: its TLS chain, by a request without any secret."""

import email.utils
import time
from typing import Any

from credhelper import transport, url
from credhelper.errors import CredhelperError, TemporaryError
from credhelper.profile import Profile
from credhelper.walk import Answer, Walk, needed

SOON_S = 14 * 86400


def check(walk: Walk) -> tuple[str, str]:
    """Return protocol version and end of the certificate. Raises ConfigError, TemporaryError."""
    profile, proxy = needed(walk.profile), needed(walk.proxy)
    address = profile.address
    answers: list[Answer] = []
    started = time.time()
    with transport.open_session(address, ca=profile.ca, proxy=profile.proxy) as session:
        # Whatever it answers is good: a redirect or an error page is for the exchange to tell.
        session.hooks["response"] = [lambda answer, **_: answers.append(_look(answer, started))]
        try:
            session.get(address, timeout=transport.TIMEOUT_S, allow_redirects=False, stream=True)
        except Exception as error:  # noqa: BLE001 - whatever requests and urllib3 raise is explained
            explained = transport.explain(error, url=address)
            raise (explained if proxy else _told(explained, profile)) from None
    walk.answer = answer = answers[0]
    if answer.ends_at is None:
        return answer.transport, ""
    day = time.strftime("%Y-%m-%d", time.gmtime(answer.ends_at))
    is_soon = answer.ends_at < time.time() + SOON_S
    hint = f"let the operator of {url.host_of(address)} renew it in time" if is_soon else ""
    return f"{answer.transport}, certificate good until {day}", hint


def _told(error: CredhelperError, profile: Profile) -> CredhelperError:
    """Return the error; a person who checks wants more than to try again."""
    if not isinstance(error, TemporaryError):
        return error
    hint = f"see whether the server is up, or correct {profile.address_key}"
    return TemporaryError(error.problem, hint=hint)


def _look(answer: Any, started: float) -> Answer:  # noqa: ANN401 - `requests` is `transport`'s alone
    """Return what is of interest, while the connection is still there."""
    # Not the connection's own, which is gone already where the server is going to close it.
    file = getattr(getattr(answer.raw, "_fp", None), "fp", None)
    stream: Any = getattr(getattr(file, "raw", None), "_sock", None)
    certificate = stream.getpeercert() if hasattr(stream, "getpeercert") else {}
    ends_at = _moment(str((certificate or {}).get("notAfter", "")))
    version = str(stream.version()) if hasattr(stream, "version") else "TLS"
    moment = _moment(answer.headers.get("Date", ""))
    middle = (started + time.time()) / 2 - 0.5  # the header has whole seconds, cut off
    answer.raw.close()
    shown = version if answer.url.startswith("https:") else "plain HTTP on this machine"
    return Answer(shown, ends_at, None if moment is None else moment - middle)


def _moment(text: str) -> float | None:
    """Return unix seconds of RFC 9110's date, or of a certificate's `Nov 24 11:09:00 2026 GMT`."""
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
