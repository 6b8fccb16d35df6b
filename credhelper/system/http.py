"""The one hardened `requests` session, for token endpoints and Vault alike.

No redirects (a 307 carries the secret to another host), no `.netrc` (it replaces our
`Authorization`), no compression (a bomb), at most 256 KiB of body, TLS 1.2 as urllib3 2 has it.
"""

import contextlib
import email.utils
import io
import json
import random
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import requests
from requests.adapters import DEFAULT_POOLSIZE, HTTPAdapter

from credhelper import __version__
from credhelper.errors import (
    ConfigError,
    ProtocolError,
    TemporaryError,
)
from credhelper.hosts import is_loopback
from credhelper.system import deadline, proxies, redaction, roots
from credhelper.system.url import Peer, host_of

TIMEOUT_S = (5.0, 10.0)  # connect, read
BODY_LIMIT = 256 * 1024
DEPTH_LIMIT = 32  # of objects and arrays in each other; good answers have four
ATTEMPTS = 3
BACKOFF_BASE_S, BACKOFF_CAP_S = 0.5, 4.0
# Firewalls refuse the names of libraries.
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": f"credhelper/{__version__}",
}
# How servers answer plain HTTP on a port for TLS: Go, nginx; Tomcat; Apache.
_WANTS_TLS = re.compile(rb"HTTPS (server|port)|requires TLS|SSL-enabled server")
PORTAL = "a captive portal or a proxy may have answered"
T = TypeVar("T")


def open_session(peer: Peer, *, limit: int = BODY_LIMIT) -> requests.Session:
    """Return a session for one endpoint, of whose bodies `limit` bytes are read.

    Its `ca` is what `roots.paths` takes: a PEM file, a directory of PEM files, hashed or not, or
    several of them joined by `os.pathsep`. Raises ConfigError that names what is wrong with the
    roots.
    """
    session = requests.Session()
    session.trust_env = False  # no .netrc; what else the environment may say is read below
    session.headers.clear()
    session.headers.update(_HEADERS)
    session.hooks["response"].append(partial(_check, peer=peer, limit=limit))
    # A plain-text request may not leave the machine, so http (loopback only) knows no proxy.
    address = "" if is_loopback(host_of(peer.url)) else proxies.find(peer.url, peer.proxy)
    if address:
        session.proxies["https"] = address
    if peer.url.startswith("https:"):
        _trust(session, roots.paths(peer.ca), address)
    return session


def _trust(session: requests.Session, paths: list[str], proxy: str) -> None:
    """Let a session trust the roots at these paths, and no others."""
    session.verify = paths[-1] if paths else True
    context = roots.context(paths)
    if context is None:
        return
    adapter = HTTPAdapter()
    adapter.init_poolmanager(DEFAULT_POOLSIZE, DEFAULT_POOLSIZE, ssl_context=context)
    if proxy:
        adapter.proxy_manager_for(proxy, ssl_context=context)  # which it finds again by the address
    session.mount("https://", adapter)


@contextlib.contextmanager
def explained(peer: Peer) -> Iterator[None]:
    """Turn what requests and urllib3 raise inside into our errors; see `unreached.explain`."""
    try:
        with deadline.waiting_for(peer.whom):
            yield
    except Exception as error:  # noqa: BLE001 - whatever they raise is explained
        from credhelper.system import unreached  # which only a failure needs

        raise unreached.explain(error, peer) from None


def _check(
    response: requests.Response, *, peer: Peer, limit: int, **_settings: object
) -> requests.Response:
    """Refuse redirects and encodings, and read the body within its limit.

    A response hook runs before requests reads the body and before it looks at `Location`.
    """
    try:
        body = _body(response, peer, limit)
    except BaseException:
        response.raw.close()  # what is left unread would spoil the connection for the next request
        raise
    response.raw.release_conn()
    response.raw = io.BytesIO(body)
    return response


def _body(response: requests.Response, peer: Peer, limit: int) -> bytes:
    if 300 <= response.status_code < 400:
        # Another host is not named: whoever redirects can write into it what it likes.
        is_own = host_of(response.headers.get("Location", "")) in ("", host_of(response.url))
        where = "to another place" if is_own else "to another host"
        msg = f"{peer.whom} redirects {where}, and a redirect is never followed"
        hint = "configure the final address, which `curl -I` shows, if it is to be trusted"
        raise ConfigError(msg, hint=hint)
    # RFC 9110 section 8.4.1: codings are case-insensitive.
    if response.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        msg = f"{peer.whom} sent a compressed answer though none was asked for"
        raise ProtocolError(msg, hint="look for a proxy in between")
    body = b""
    # Until a read brings nothing: only then does urllib3 compare with Content-Length.
    while len(body) <= limit and (
        piece := response.raw.read(limit + 1 - len(body), decode_content=False)
    ):
        body += piece
    if len(body) > limit:
        msg = f"{peer.whom} sent more than {limit} bytes"
        raise ProtocolError(msg, hint=f"check {peer.key}")
    if response.url.startswith("http:") and response.status_code == 400 and _WANTS_TLS.search(body):
        from credhelper.system import tls

        raise tls.wanted(peer)
    return body


def is_deep(document: object, limit: int = DEPTH_LIMIT) -> bool:
    """Return whether decoded JSON has more than `limit` objects and arrays in each other."""
    if not isinstance(document, (dict, list)):
        return False
    inner = document.values() if isinstance(document, dict) else document
    return limit == 0 or any(is_deep(each, limit - 1) for each in inner)


def document(answer: requests.Response, peer: Peer) -> dict[str, object]:
    """Return the JSON object of an answer. Raises ProtocolError, without quoting the body."""
    hint = f"check {peer.key}; {PORTAL}"
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError):
        raise ProtocolError(
            f"{peer.whom} answered with something else than JSON", hint=hint
        ) from None
    if is_deep(found):
        raise ProtocolError(f"{peer.whom} answered with JSON that is nested too deep", hint=hint)
    if not isinstance(found, dict):
        raise ProtocolError(f"{peer.whom} answered with JSON that is no object", hint=hint)
    return found


def retrying(attempt: Callable[[], T], *, attempts: int = ATTEMPTS) -> T:
    """Return the first success of up to `attempts` tries; full jitter between, within the deadline.

    Raises the last TemporaryError, at once where its `retry_after_s` does not fit.
    """
    for number in range(1, attempts):
        try:
            return attempt()
        except TemporaryError as error:
            limit_s = min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2**number)
            wait_s = error.retry_after_s
            pause_s = random.uniform(0, limit_s) if wait_s is None else wait_s  # noqa: S311 - jitter
            if pause_s >= deadline.remaining_s():
                raise
            time.sleep(pause_s)
    return attempt()


def retry_after_s(value: str) -> float | None:
    """Return the seconds of a `Retry-After` (RFC 9110 section 10.2.3), None if it says nothing."""
    if value.isascii() and value.isdigit():
        return float(value[:9]) if redaction.number(int(value[:9])) else None
    try:
        moment = email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(0.0, moment - time.time())
