"""The exchange: OAuth 2.0 client credentials (RFC 6749 section 4.4), its answer checked."""

import base64
import json
import time
from functools import partial
from urllib.parse import quote_plus, urlencode, urlsplit

import requests

from credhelper import transport, url
from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.profile import Profile
from credhelper.secret import Secret
from credhelper.token import Token

# RFC 6749 section 5.1 only recommends expires_in; without one we assume little.
DEFAULT_LIFE_S = 300
LIFE_LIMIT_S = 24 * 3600
# Under one of these names servers tell how their operator finds the request in the logs.
_CORRELATION_IDS = ("X-Correlation-Id", "X-Request-Id", "Request-Id", "X-Ms-Request-Id")
_PORTAL = "check the address; a captive portal or a proxy may have answered"


def exchange(profile: Profile, secret: Secret, *, attempts: int) -> Token:
    """Return a new token from the profile's token endpoint.

    Raises ConfigError, DeniedError (`code` is the server's), TemporaryError, ProtocolError.
    """
    endpoint = profile.token_url or _discover(profile, attempts)
    # Not the session that asked the issuer: whether a proxy is used hangs on the endpoint's host.
    session = transport.open_session(endpoint, ca=profile.ca, proxy=profile.proxy)
    headers, form = _request(profile, secret)

    def attempt() -> Token:
        started = time.time()
        answer = _send(session, "POST", endpoint, headers=headers, data=form)
        if answer.status_code != 200:
            raise _refusal(answer, profile, secret)
        # Counted from before the request: the server's clock started at some point after it.
        document = _document(answer, endpoint)
        token = _token(document, profile, started=started, endpoint=endpoint)
        # A machine that slept in between wakes with a dead token, and with all its budget.
        if life_s(document.get("expires_in")) and token.expires_at <= time.time():
            problem = f"the token of {url.host_of(endpoint)} ended on its way"
            raise TemporaryError(problem, hint="try again later")
        return token

    with session:
        return transport.retrying(attempt, attempts=attempts)


def _send(
    session: requests.Session,
    method: str,
    address: str,
    *,
    headers: dict[str, str] | None = None,
    data: str | None = None,
) -> requests.Response:
    try:
        return session.request(
            method,
            address,
            headers=headers,
            data=data,
            timeout=transport.TIMEOUT_S,
            allow_redirects=False,
        )
    except CredhelperError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever requests and urllib3 raise is explained
        raise transport.explain(error, url=address) from None


def _request(profile: Profile, secret: Secret) -> tuple[dict[str, str], str]:
    """Return headers and form. An empty value is an omitted one (RFC 6749 section 3.2)."""
    form = [("grant_type", "client_credentials")]
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if profile.client_auth == "client_secret_basic":
        headers["Authorization"] = basic(profile.client_id, secret.reveal())
    else:
        form += [("client_id", profile.client_id), ("client_secret", secret.reveal())]
    form += [("scope", profile.scope), ("audience", profile.audience), *profile.parameters]
    return headers, urlencode([(name, value) for name, value in form if value])


def basic(client_id: str, client_secret: str) -> str:
    """Return the Basic header of RFC 6749 section 2.3.1: each part form-encoded first."""
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _document(answer: requests.Response, address: str) -> dict[str, object]:
    """Return the JSON object of an answer. Raises ProtocolError, without quoting the body."""
    host = url.host_of(address)
    try:
        document = json.loads(answer.content)
    except (ValueError, RecursionError):
        raise ProtocolError(
            f"{host} answered with something else than JSON", hint=_PORTAL
        ) from None
    if transport.is_deep(document):
        raise ProtocolError(f"{host} answered with JSON that is nested too deep", hint=_PORTAL)
    if not isinstance(document, dict):
        raise ProtocolError(f"{host} answered with JSON that is no object", hint=_PORTAL)
    return document


def _token(
    document: dict[str, object], profile: Profile, *, started: float, endpoint: str
) -> Token:
    """Return the token of a good answer (RFC 6749 section 5.1); unknown members are ignored."""
    host = url.host_of(endpoint)
    access_token, token_type = document.get("access_token"), document.get("token_type")
    scope = document.get("scope", profile.scope)
    if not isinstance(access_token, str) or not isinstance(token_type, str):
        msg = f"{host} sent no access_token with a token_type"
        raise ProtocolError(
            msg, hint="RFC 6749 section 5.1 requires both; ask the server's operator"
        )
    try:
        return Token(
            access_token,
            token_type=token_type,
            expires_at=int(started) + life_s(document.get("expires_in")),
            scope=scope if isinstance(scope, str) else profile.scope,
        )
    except ValueError as error:
        hint = "only RFC 6750 Bearer tokens are understood; ask the server's operator"
        raise ProtocolError(f"{host} sent an unfit token: {error}", hint=hint) from None


def life_s(expires_in: object) -> int:
    """Return the token's life in seconds, at most a day; DEFAULT_LIFE_S where it is not told.

    Digit strings and floats are taken, as servers send them; true, NaN, infinity, a negative or
    an absurd number tells nothing. Zero is kept: such a token is printed and not cached.
    """
    if isinstance(expires_in, str) and expires_in.isascii() and expires_in.isdigit():
        expires_in = float(expires_in)
    if isinstance(expires_in, bool) or not isinstance(expires_in, (int, float)):
        return DEFAULT_LIFE_S
    if not 0 <= expires_in <= 10**9:
        return DEFAULT_LIFE_S
    return min(int(expires_in), LIFE_LIMIT_S)


def _is_trouble(status: int) -> bool:
    return status in (408, 429) or status >= 500


def _trouble(answer: requests.Response) -> TemporaryError:
    """Return the error for a server that cannot answer now; it may say for how long."""
    wait_s = transport.retry_after_s(answer.headers.get("Retry-After", ""))
    when = "try again later" if wait_s is None else f"try again in {wait_s:.0f} s"
    problem = f"{url.host_of(answer.url)} answered {answer.status_code}"
    return TemporaryError(problem, hint=when, retry_after_s=wait_s)


def _refusal(answer: requests.Response, profile: Profile, secret: Secret) -> CredhelperError:
    """Return the error for an answer other than 200 (RFC 6749 section 5.2)."""
    host, status = url.host_of(answer.url), answer.status_code
    if _is_trouble(status):
        return _trouble(answer)
    try:
        document = _document(answer, answer.url)
    except ProtocolError:
        document = {}
    hidden = _as_sent(profile, secret)
    error = _kind_of_refusal(document, profile, hidden, where=(host, status))
    ids = [answer.headers.get(name, "") for name in _CORRELATION_IDS]
    error.correlation_id = next((_printable(each, hidden, limit=100) for each in ids if each), "")
    return error


def _kind_of_refusal(
    document: dict[str, object],
    profile: Profile,
    hidden: tuple[str, ...],
    *,
    where: tuple[str, int],
) -> CredhelperError:
    host, status = where
    code = _printable(document.get("error"), hidden, limit=40)
    words = _printable(document.get("error_description"), hidden, limit=200)
    what = (
        f"{host} answered {status}" + (f" {code}" if code else "") + (f": {words}" if words else "")
    )
    if code == "invalid_scope":
        hint = f"add the scope `{profile.scope}` to the application {profile.client_id}"
        return ConfigError(what, hint=hint, code=code)
    if code in ("invalid_client", "unauthorized_client", "invalid_grant") or status in (401, 403):
        return DeniedError(what, hint=_denied_hint(profile, code), code=code)
    if code in ("invalid_request", "unsupported_grant_type") or status in (404, 405):
        hint = "check token_url, client_auth and parameters of the profile"
        return ConfigError(what, hint=hint, code=code)
    return ProtocolError(what, hint=_PORTAL, code=code)


def _denied_hint(profile: Profile, code: str) -> str:
    if code != "invalid_client":
        return f"let the application {profile.client_id} use the client credentials grant"
    if profile.provider == "itwin":
        hint = (
            "re-generate the secret on the My Apps page and store it at "
            f"{profile.client_secret}, or client id {profile.client_id} is another application's"
        )
    else:
        hint = f"check client_id {profile.client_id} and the secret at {profile.client_secret}"
    if profile.client_auth == "client_secret_basic":
        # IdentityServer measures its limit of 100 on the encoded secret; some servers never decode.
        return f'{hint}; or the server wants client_auth = "client_secret_post"'
    if not profile.provider:
        return f'{hint}; or the server wants client_auth = "client_secret_basic"'
    return hint


def _as_sent(profile: Profile, secret: Secret) -> tuple[str, ...]:
    """Return every spelling of the secret that a server may have seen and may echo."""
    bare = secret.reveal()
    header = basic(profile.client_id, bare).removeprefix("Basic ")
    return bare, quote_plus(bare), header


def _printable(value: object, hidden: tuple[str, ...], *, limit: int) -> str:
    """Return a server's text as printable ASCII; "" if it holds a hidden one, or half of it."""
    if not isinstance(value, str):
        return ""
    text = "".join(c for c in value if " " <= c <= "~")
    for bare in hidden:
        parts = [bare]
        if len(bare) >= 8:
            half = len(bare) // 2
            parts += [bare[:half], bare[-half:]]
        # In the filtered text, too: dropping a control character can put a secret together.
        if any(part in value or part in text for part in parts):
            return ""
    return text[:limit]


def _discover(profile: Profile, attempts: int) -> str:
    """Return the token endpoint of an issuer (RFC 8414 section 3, else OpenID Discovery)."""
    session = transport.open_session(profile.issuer, ca=profile.ca, proxy=profile.proxy)
    parts = urlsplit(profile.issuer)
    base, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    places = (
        f"{base}/.well-known/oauth-authorization-server{path}",
        f"{base}{path}/.well-known/openid-configuration",
    )

    def fetch(place: str) -> dict[str, object] | None:
        answer = _send(session, "GET", place)
        if _is_trouble(answer.status_code):
            raise _trouble(answer)
        return _document(answer, place) if answer.status_code == 200 else None

    for place in places:
        with session:
            document = transport.retrying(partial(fetch, place), attempts=attempts)
        if document is None:
            continue
        if document.get("issuer") != profile.issuer:
            msg = f"{parts.hostname} calls itself by another issuer"
            raise ConfigError(msg, hint="set issuer exactly as the server's metadata has it")
        found = document.get("token_endpoint")
        if isinstance(found, str):
            return url.endpoint(found, key="token_endpoint of the issuer's metadata")
    msg = f"{parts.hostname} has no metadata with a token_endpoint"
    raise ConfigError(msg, hint="set token_url instead of issuer")
