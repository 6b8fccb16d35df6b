"""The exchange: OAuth 2.0 client credentials (RFC 6749 section 4.4), its answer checked."""

import base64
import logging
import time
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode

import requests

from credhelper.config.profile import Profile
from credhelper.config.providers import PAGES, PRESETS
from credhelper.errors import ConfigError, ProtocolError, TemporaryError
from credhelper.secrets.secret import Secret
from credhelper.system import http, redaction
from credhelper.system.url import Peer
from credhelper.token import Token

# RFC 6749 section 5.1 only recommends expires_in; without one we assume little.
DEFAULT_LIFE_S = 300
LIFE_LIMIT_S = 24 * 3600
# What a token's type is called: RFC 6750, Apigee.
_BEARER = ("bearer", "bearertoken")


@dataclass(frozen=True)
class Exchanged:
    """A new token, and the endpoint that issued it, for the next exchange."""

    token: Token
    endpoint: str


class _EchoError(ProtocolError):
    """An answer holds a secret of this run."""


def exchange(profile: Profile, secret: Secret, *, attempts: int, endpoint: str = "") -> Exchanged:
    """Return a new token from the profile's token endpoint.

    `endpoint` is the one that an earlier exchange of this issuer used, which spares asking for it;
    if it is gone, the issuer is asked. Raises ConfigError, ClientRefusedError, DeniedError (`code`
    is the server's), TemporaryError, ProtocolError.
    """
    if not profile.issuer:
        return _exchange_at(profile.token_url, profile, secret, attempts)
    from credhelper.oauth import discovery  # which a token_url has no use for

    known = discovery.check(endpoint, profile.issuer) if endpoint else ""
    if known:
        try:
            return _exchange_at(known, profile, secret, attempts)
        except ConfigError as error:
            if error.code:
                raise
    found = discovery.find(profile.peer(), attempts=attempts)
    return _exchange_at(found, profile, secret, attempts)


def _exchange_at(endpoint: str, profile: Profile, secret: Secret, attempts: int) -> Exchanged:
    # Not the session that asked the issuer: whether a proxy is used hangs on the endpoint's host.
    peer = Peer(endpoint, "the token endpoint", profile.address_key, profile.ca, profile.proxy)
    session = http.open_session(peer)
    headers, form = _request(profile, secret)

    def attempt() -> Exchanged:
        started = time.time()
        with http.explained(peer):
            answer = session.post(
                endpoint,
                headers=headers,
                data=form,
                timeout=http.TIMEOUT_S,
                allow_redirects=False,
            )
        # Counted from before the request: the server's clock started at some point after it.
        return Exchanged(_token(answer, profile, peer, started=started), endpoint)

    logging.getLogger(__name__).info("asking %s", peer.whom)
    with session:
        try:
            return http.retrying(attempt, attempts=attempts)
        except _EchoError:
            # Of 10,000 good tokens one shares six characters with a secret, by chance; not two.
            return attempt()


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


def _token(answer: requests.Response, profile: Profile, peer: Peer, *, started: float) -> Token:
    """Return the token of an answer: of any good status, as CrowdStrike's 201."""
    is_good = 200 <= answer.status_code < 300
    document = http.document(answer, peer) if is_good else {}
    if not document.get("access_token"):
        from credhelper.oauth import answers  # 1 ms, which only a failure costs

        if not is_good or answers.is_error(document):  # Slack, GitHub and Casdoor say it with 200
            raise answers.explain(answer, _words(profile), peer)
    token = _checked(document, profile, expires_from=started, whom=peer.whom)
    public = [profile.client_id, profile.scope, profile.audience, profile.address, answer.url]
    public += [value for _name, value in profile.parameters]
    told = [token.access_token, *([token.scope] if token.scope != profile.scope else [])]
    if any(redaction.holds_secret(each, public=public) for each in told):
        hint = "ask its operator to stop that, and store another secret: this one was shown"
        raise _EchoError(
            f"{peer.whom} sent a token or scope that holds a secret of ours", hint=hint
        )
    # A machine that slept in between wakes with a dead token, and with all its budget.
    if life_s(document.get("expires_in")) and token.expires_at <= time.time():
        raise TemporaryError(f"the token of {peer.whom} ended on its way", hint="try again later")
    return token


def _checked(
    document: dict[str, object], profile: Profile, *, expires_from: float, whom: str
) -> Token:
    """Return the token of a good answer (RFC 6749 section 5.1); unknown members are ignored."""
    access_token, token_type = document.get("access_token"), document.get("token_type")
    scope = document.get("scope", profile.scope)
    if not isinstance(access_token, str) or not isinstance(token_type, str):
        msg = f"{whom} sent no access_token with a token_type"
        raise ProtocolError(
            msg, hint="RFC 6749 section 5.1 requires both; ask the server's operator"
        )
    if token_type.lower() not in _BEARER:
        kind = redaction.code(token_type) or "(not a plain word)"
        msg = f"{whom} sent a token of the type {kind}"
        hint = "only Bearer tokens can be handed on: let the server issue those to "
        raise ProtocolError(msg, hint=hint + profile.client_id)
    try:
        return Token(
            access_token,
            token_type="Bearer",
            expires_at=int(expires_from) + life_s(document.get("expires_in")),
            scope=scope if isinstance(scope, str) else profile.scope,
        )
    except ValueError as error:
        hint = "RFC 6749 appendix A allows no such answer; ask the server's operator"
        raise ProtocolError(f"{whom} sent an unfit token: {error}", hint=hint) from None


def _words(profile: Profile) -> dict[str, str]:
    """Return what the hints of `answers` speak of."""
    key, other = f"profiles.{profile.name}", ""
    if profile.client_auth == "client_secret_basic":
        # IdentityServer measures its limit of 100 on the encoded secret; some servers never decode.
        other = "client_secret_post"
    elif not profile.provider:
        other = "client_secret_basic"
    return {
        "client_id": profile.client_id,
        "secret": str(profile.client_secret),
        "key": key,
        "address": profile.address_key,
        "path_step": _path_step(profile, key),
        "scope_step": _scope_step(profile, key),
        "page": PAGES.get(profile.provider, ""),
        "method": f', or set {key}.client_auth to "{other}"' if other else "",
    }


def _path_step(profile: Profile, key: str) -> str:
    """Return what to do where no token endpoint is at the address."""
    if profile.issuer:
        return f"{key}.issuer names that endpoint: set {key}.token_url instead"
    return f"correct the path in {key}.token_url, or set {key}.issuer instead"


def _scope_step(profile: Profile, key: str) -> str:
    """Return what to do about a scope that is refused, or that is wanted and not there."""
    if not profile.scope:
        return f"set {key}.scope to a scope that the application {profile.client_id} has"
    preset = PRESETS.get(profile.provider, {}).get("scope", "")
    usual = f"; the preset's is `{preset}`" if preset not in ("", profile.scope) else ""
    add = f"add the scope `{profile.scope}` to the application {profile.client_id}"
    return f"{add}, or correct {key}.scope{usual}"


def life_s(expires_in: object) -> int:
    """Return the token's life in seconds, at most a day; DEFAULT_LIFE_S where it is not stated.

    Digit strings and floats are taken, as servers send them; true, NaN, infinity, a negative or
    an absurd number counts as not stated. Zero is kept: such a token is printed and not cached.
    """
    if isinstance(expires_in, str) and expires_in.isascii() and expires_in.isdigit():
        expires_in = float(expires_in)
    if isinstance(expires_in, bool) or not isinstance(expires_in, (int, float)):
        return DEFAULT_LIFE_S
    if not 0 <= expires_in <= 10**9:
        return DEFAULT_LIFE_S
    return min(int(expires_in), LIFE_LIMIT_S)
