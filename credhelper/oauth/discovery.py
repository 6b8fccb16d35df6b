"""The token endpoint of an issuer: RFC 8414 section 3, or OpenID Connect Discovery section 4."""

import re
from urllib.parse import urlsplit

import requests

from credhelper.errors import ConfigError, CredhelperError, ProtocolError, TemporaryError
from credhelper.oauth import answers
from credhelper.system import http, redaction, url
from credhelper.system.url import Peer

_ISSUER = r"https?://[A-Za-z0-9._~:/-]{1,200}"
_HINT = "set token_url instead of issuer"


def find(issuer: Peer, *, attempts: int) -> str:
    """Return the token endpoint that the metadata of an issuer name.

    Both well-known places are asked: what one says counts only if the other has nothing. Raises
    ConfigError, TemporaryError, ProtocolError.
    """
    parts = urlsplit(issuer.url)
    base, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    places = (
        f"{base}/.well-known/oauth-authorization-server{path}",
        f"{base}{path}/.well-known/openid-configuration",
    )

    def ask_both() -> str:
        troubles: list[CredhelperError] = []
        for place in places:
            with http.explained(issuer):
                answer = _get(session, place)
            found = answer if isinstance(answer, CredhelperError) else _read(answer, issuer)
            if isinstance(found, CredhelperError):
                troubles.append(found)
            elif found:
                return found
        if troubles:
            raise max(troubles, key=_rank)
        msg = f"{issuer.whom} has no metadata with a token_endpoint"
        raise ConfigError(msg, hint=f"check {issuer.key}, or {_HINT}")

    with http.open_session(issuer) as session:
        return http.retrying(ask_both, attempts=attempts)


def check(found: str, issuer: str) -> str:
    """Return a token endpoint that an issuer names. Raises ConfigError, ProtocolError.

    Without its host, which the server chose: https as RFC 8414 section 2 wants it, unless the
    issuer itself is plain http on this machine.
    """
    host = url.host_of(issuer)
    if redaction.holds_secret(found, public=(issuer,)):
        msg = f"the metadata of {host} name a token_endpoint that holds a secret of ours"
        raise ProtocolError(msg, hint="store another secret, and ask the server's operator")
    try:
        url.endpoint(found, key="token_endpoint")
        is_fit = "https" in (urlsplit(found).scheme, "" if issuer.startswith("https:") else "https")
    except ConfigError:
        is_fit = False
    if not is_fit:
        msg = f"the metadata of {host} name a token_endpoint that is no plain https:// address"
        raise ConfigError(msg, hint=_HINT)
    return found


def _get(session: requests.Session, place: str) -> requests.Response | CredhelperError:
    """Return the answer, or what the session does not take of one: a redirect, a large body."""
    try:
        return session.get(place, timeout=http.TIMEOUT_S, allow_redirects=False)
    except CredhelperError as error:
        return error


def _read(answer: requests.Response, peer: Peer) -> str | CredhelperError:
    """Return the token endpoint of an answer, "" if it has no metadata, or what is wrong."""
    if answer.status_code != 200:
        return answers.trouble(answer, peer) or ""
    issuer = peer.url
    try:
        document = http.document(answer, peer)
        theirs, found = document.get("issuer"), document.get("token_endpoint")
        if theirs != issuer:
            is_url = isinstance(theirs, str) and re.fullmatch(_ISSUER, theirs)
            shown = redaction.sentence(theirs, public=issuer) if is_url else ""
            msg = f"{peer.whom} calls itself {shown or 'otherwise'}, not {issuer}"
            return ConfigError(msg, hint=f"set {peer.key} exactly as the server's metadata has it")
        return check(found, issuer) if isinstance(found, str) else ""
    except CredhelperError as error:
        return error


def _rank(error: CredhelperError) -> int:
    """Sort a busy place first, which may have metadata later; then the most precise error."""
    return (ProtocolError, ConfigError, TemporaryError).index(type(error))
