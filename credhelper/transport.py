"""The one hardened `requests` session, for token endpoints and Vault alike.

No redirects (a 307 carries the secret to another host), no `.netrc` (it replaces our
`Authorization`), no compression (a bomb), at most 256 KiB of body, TLS 1.2 as urllib3 2 has it.
"""

import email.utils
import io
import os
import random
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import requests
import urllib3.exceptions
from requests.utils import get_environ_proxies

from credhelper import deadline
from credhelper.errors import ConfigError, CredhelperError, ProtocolError, TemporaryError
from credhelper.hosts import is_loopback
from credhelper.url import host_of

TIMEOUT_S = (5.0, 10.0)  # connect, read
BODY_LIMIT = 256 * 1024
DEPTH_LIMIT = 32  # of objects and arrays in each other; good answers have four
ATTEMPTS = 3
BACKOFF_BASE_S, BACKOFF_CAP_S = 0.5, 4.0
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
_VERIFY_CODES = {  # X509_V_ERR_* of OpenSSL's x509_vfy.h
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is self-signed",
    19: "its certificate chain ends in an unknown root",
    20: "its certificate is signed by an unknown authority",
    62: "its certificate is for another host name",
    64: "its certificate is for another IP address",
}
_TIMES = (9, 10)  # no other authority would help
T = TypeVar("T")


def open_session(url: str, *, ca: str, proxy: str) -> requests.Session:
    """Return a session for one endpoint; `ca` and `proxy` may be "" for the environment's."""
    session = requests.Session()
    session.trust_env = False  # no .netrc; what else the environment may say is read below
    session.verify = ca or _environment_ca()
    session.headers.clear()
    session.headers.update({"Accept": "application/json", "Accept-Encoding": "identity"})
    session.hooks["response"].append(_check)
    # A plain-text request may not leave the machine, so http (loopback only) knows no proxy.
    if not is_loopback(host_of(url)):
        proxies = {"https": proxy} if proxy else get_environ_proxies(url)
        session.proxies.update(proxies)
    return session


def _environment_ca() -> str | bool:
    """Return the roots the user named, else the system's hashed directory, else requests' own.

    Loading a directory costs 1.4 ms, a file 17 ms: OpenSSL reads only the roots that it needs.
    """
    for name in _CA_VARIABLES:
        path = os.environ.get(name, "")
        if path and os.path.exists(path):
            return path
    folder = ssl.get_default_verify_paths().openssl_capath
    try:
        hashed = any(re.fullmatch(r"[0-9a-f]{8}\.0", name) for name in os.listdir(folder))
    except OSError:
        hashed = False
    return folder if hashed else True


def _check(response: requests.Response, **_settings: object) -> requests.Response:
    """Refuse redirects and encodings, and read the body within its limit.

    A response hook runs before requests reads the body and before it looks at `Location`.
    """
    try:
        body = _body(response)
    except BaseException:
        response.raw.close()  # what is left unread would spoil the connection for the next request
        raise
    response.raw.release_conn()
    response.raw = io.BytesIO(body)
    return response


def _body(response: requests.Response) -> bytes:
    host = host_of(response.url)
    if 300 <= response.status_code < 400:
        target = host_of(response.headers.get("Location", "")) or "an unnamed host"
        msg = f"{host} redirects to {target}, and a redirect is never followed"
        raise ConfigError(msg, hint=f"configure the final address, if {target} is to be trusted")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        msg = f"{host} sent a compressed answer though none was asked for"
        raise ProtocolError(msg, hint="look for a proxy in between")
    body = b""
    # Until a read brings nothing: only then does urllib3 compare with Content-Length.
    while len(body) <= BODY_LIMIT and (
        piece := response.raw.read(BODY_LIMIT + 1 - len(body), decode_content=False)
    ):
        body += piece
    if len(body) > BODY_LIMIT:
        msg = f"{host} sent more than {BODY_LIMIT} bytes"
        raise ProtocolError(msg, hint="check that the address is the endpoint's")
    return body


def is_deep(document: object, limit: int = DEPTH_LIMIT) -> bool:
    """Return whether decoded JSON has more than `limit` objects and arrays in each other."""
    if not isinstance(document, (dict, list)):
        return False
    inner = document.values() if isinstance(document, dict) else document
    return limit == 0 or any(is_deep(each, limit - 1) for each in inner)


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
        return float(value[:9])
    try:
        moment = email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(0.0, moment - time.time())


def explain(error: Exception, *, url: str) -> CredhelperError:
    """Return our error for one of requests'. Its text is dropped: it can quote headers."""
    host = host_of(url)
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _tls(cause, host)
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME:
            return ConfigError(f"the name {host} does not exist", hint="check the address")
    if isinstance(error, requests.exceptions.ProxyError):
        # http.client's words. Not anywhere in the text: the URL stands in it as well.
        if any(str(cause).startswith("Tunnel connection failed: 407") for cause in causes):
            msg = f"the proxy on the way to {host} wants other credentials (407)"
            return ConfigError(msg, hint="correct the proxy's user and password")
        msg = f"the proxy on the way to {host} does not answer"
        return TemporaryError(msg, hint="check the proxy setting, or try again")
    # While the response hook reads the body, urllib3's own exceptions come through.
    if isinstance(error, (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)):
        return TemporaryError(f"{host} did not answer in time", hint="try again later")
    broken = (requests.exceptions.ConnectionError, urllib3.exceptions.ProtocolError, OSError)
    if any(isinstance(cause, broken) for cause in causes):
        return TemporaryError(f"the connection to {host} failed", hint="try again later")
    return ConfigError(f"no request to {host} can be made", hint="check address, ca and proxy")


def _tls(error: ssl.SSLError, host: str) -> CredhelperError:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = _VERIFY_CODES.get(error.verify_code, f"OpenSSL verify error {error.verify_code}")
        hint = "set `ca` of the profile to the authority's certificate, or mend the server's"
        if error.verify_code in _TIMES:
            hint = "mend the server's certificate, or this machine's clock"
        return ConfigError(f"{host} is not trusted: {why}", hint=hint)
    reason = re.sub(r"[^A-Z0-9_]", "", getattr(error, "reason", None) or "UNKNOWN")
    if "CERTIFICATE_OR_CRL" in reason or "PEM" in reason:
        hint = "give a PEM file or a hashed directory as `ca` or in SSL_CERT_FILE, SSL_CERT_DIR"
        return ConfigError(f"the roots for {host} cannot be read ({reason})", hint=hint)
    if isinstance(error, ssl.SSLEOFError) or "EOF" in reason:
        return TemporaryError(f"{host} broke off the TLS handshake", hint="try again later")
    msg = f"no TLS 1.2 or newer connection to {host} ({reason})"
    return ConfigError(msg, hint="mend the server's TLS settings")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception, its causes, and the exceptions that urllib3 carries in `reason`."""
    queue: list[object] = [error]
    seen: set[int] = set()
    while queue:
        item = queue.pop(0)
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        queue += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]
