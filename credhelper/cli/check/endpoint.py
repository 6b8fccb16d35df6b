"""The token endpoint: its host's name, the proxy before it, its TLS, and its clock."""

import email.utils
import math
import socket
import time
from typing import Any
from urllib.parse import urlsplit

from credhelper.cli.check import exposure
from credhelper.cli.check.run import Results, needed
from credhelper.errors import ConfigError, TemporaryError
from credhelper.system import http, proxies, unreached, url

_PORTS = {"http": 80, "https": 443}
SOON_S = 14 * 86400
# Tokens are renewed 30 s before their expiry, and most APIs tolerate a minute at most; a Date
# header has whole seconds only.
SMALL_S, LIMIT_S = 5.0, 60.0


def check_name(results: Results) -> tuple[str, str]:
    """Return the addresses of the host, unless a proxy resolves it.

    Raises ConfigError, TemporaryError.
    """
    profile = needed(results.profile)
    host = url.host_of(profile.address)
    with http.open_session(profile.peer()) as session:
        proxy = session.proxies.get("https", "")
    detail = f"{host}, which the proxy looks up"
    if not proxy:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise unreached.unknown_name(error, profile.peer()) from None
        detail = f"{host} is {', '.join(dict.fromkeys(str(entry[4][0]) for entry in found))}"
    results.proxy = proxy
    return detail, ""


def check_proxy(results: Results) -> tuple[str, str]:
    """Return the proxy's host and port, never its user. Raises TemporaryError."""
    profile, proxy = needed(results.profile), needed(results.proxy)
    if not proxy:
        return "none", ""
    source = f"profiles.{profile.name}.proxy" if profile.proxy else proxies.source("")
    parts = urlsplit(proxy)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 1080)
    try:
        socket.create_connection((host, port), http.TIMEOUT_S[0]).close()
    except OSError:
        results.proxy = None  # the next steps need one that answers
        hint = f"correct {source}, or start the proxy"
        raise TemporaryError(f"the proxy {host}:{port} does not answer", hint=hint) from None
    return f"{host}:{port}, of {source}", ""


def check_connection(results: Results) -> tuple[str, str]:
    """Return TLS version and expiry of the certificate, by a request without any secret.

    A warning if it expires soon, or if others may change the trusted roots. Raises ConfigError,
    TemporaryError.
    """
    profile, _proxy = needed(results.profile), needed(results.proxy)
    peer = profile.peer()
    servers: list[tuple[str, float, float]] = []
    started = time.time()
    with http.open_session(peer) as session:
        # Any answer is good here: the exchange explains a redirect or an error page.
        session.hooks["response"] = [lambda answer, **_: servers.append(_server(answer, started))]
        try:
            session.get(peer.url, timeout=http.TIMEOUT_S, allow_redirects=False, stream=True)
        except Exception as raised:  # noqa: BLE001 - whatever requests and urllib3 raise is explained
            raise unreached.explain(raised, peer) from None
    detail, ends_at, results.ahead_s = servers[0]
    hint = exposure.of_roots(profile)
    if math.isnan(ends_at):
        return detail, hint
    if ends_at < time.time() + SOON_S:
        hint = f"let the operator of {peer.whom} renew it in time"
    return (
        f"{detail}, certificate good until {time.strftime('%Y-%m-%d', time.gmtime(ends_at))}",
        hint,
    )


def check_clock(results: Results) -> tuple[str, str]:
    """Return how far this machine's clock and the server's are apart. Raises ConfigError."""
    ahead_s = needed(results.ahead_s)
    if math.isnan(ahead_s):
        return "the server does not send its time", ""
    if abs(ahead_s) <= SMALL_S:
        return "in step with the server", ""
    side = "behind" if ahead_s > 0 else "ahead of"
    detail = f"this machine is {abs(ahead_s):.0f} s {side} the server"
    hint = "set this machine's clock (`timedatectl set-ntp true`), if the server's is right"
    if abs(ahead_s) > LIMIT_S:
        raise ConfigError(detail, hint=hint)
    return detail, hint


def _server(answer: Any, started: float) -> tuple[str, float, float]:  # noqa: ANN401 - of `requests`
    """Return a server's transport, its certificate's expiry and how far its clock is ahead.

    In unix seconds and seconds, NaN where unknown. The connection is still open.
    """
    # Not the connection's own socket: it is gone already if the server is about to close it.
    file = getattr(getattr(answer.raw, "_fp", None), "fp", None)
    stream: Any = getattr(getattr(file, "raw", None), "_sock", None)
    certificate = stream.getpeercert() if hasattr(stream, "getpeercert") else {}
    version = str(stream.version()) if hasattr(stream, "version") else "TLS"
    middle = (started + time.time()) / 2 - 0.5  # the header has whole seconds, cut off
    answer.raw.close()
    return (
        version if answer.url.startswith("https:") else "plain HTTP on this machine",
        _unix_time(str((certificate or {}).get("notAfter", ""))),
        _unix_time(answer.headers.get("Date", "")) - middle,
    )


def _unix_time(text: str) -> float:
    """Return unix seconds of RFC 9110's date, or of a certificate's `Nov 24 11:09:00 2026 GMT`."""
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return math.nan
