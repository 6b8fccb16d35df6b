"""The token: whether the server issues one past the cache, with which scopes and claims."""

import base64
import json
import time

from credhelper.cache import TIME_LIMIT
from credhelper.cli.check.run import Results, needed
from credhelper.errors import ClientRefusedError, DeniedError
from credhelper.oauth import exchange
from credhelper.renewal import rotation
from credhelper.system import redaction
from credhelper.token import rfc3339

SHOWN = ("iss", "aud", "exp", "scope")
CLAIM_LIMIT, SCOPES_LIMIT = 120, 2000  # characters
WITHHELD = "(withheld: it holds a part of a secret)"


def check_exchange(results: Results) -> tuple[str, str]:
    """Return how long a new token lives; a warning if only the previous secret is accepted.

    Raises as `exchange.exchange`.
    """
    profile, secret = needed(results.profile), needed(results.secret)
    needed(results.ahead_s)
    problem, hint = "", ""
    try:
        token = exchange.exchange(profile, secret, attempts=1).token
    except ClientRefusedError as error:
        previous = rotation.previous(profile)
        if previous is None or previous == secret:
            raise rotation.refusal(profile, error, ["current"]) from None
        token = exchange.exchange(profile, previous, attempts=1).token
        problem = "the current secret is refused, the previous one accepted: "
        hint = f"let the server accept the secret at {profile.client_secret}, or correct it there"
    results.token = token
    life_s = token.expires_at - int(time.time())
    return f"{problem}{token.token_type} token, good for {life_s} s", hint


def check_scopes(results: Results) -> tuple[str, str]:
    """Return the scopes granted. Raises DeniedError if one of those requested is not.

    RFC 6749 section 3.3 lets a server grant fewer.
    """
    profile, token = needed(results.profile), needed(results.token)
    asked, granted = profile.scope.split(), token.scope.split()
    missing = " ".join(scope for scope in asked if scope not in granted)
    if missing:
        hint = f"add the scope `{missing}` to the application {profile.client_id}"
        raise DeniedError(f"asked for, but not granted: {missing}", hint=f"{hint}, or drop it")
    if not granted:
        return "none asked, none granted", ""
    shown = redaction.sentence(token.scope, limit=SCOPES_LIMIT) or WITHHELD
    return f"{shown}, {'as asked' if set(granted) == set(asked) else 'more than asked'}", ""


def check_claims(results: Results) -> tuple[str, str]:
    """Return claims of a JWT (RFC 7519); a warning if it is for another audience than asked for.

    Its signature is not verified: the API does that.
    """
    profile, token = needed(results.profile), needed(results.token)
    claims = _claims(token.access_token)
    if claims is None:
        return "the token is not a JWT; only its server can read it", ""
    texts = [(name, _text(name, claims[name])) for name in SHOWN if name in claims]
    shown = [f"{name} {redaction.sentence(t, limit=CLAIM_LIMIT) or WITHHELD}" for name, t in texts]
    detail = ", ".join(shown) or "a JWT without iss, aud, exp and scope"
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    is_other = profile.audience and profile.audience not in audiences
    hint = f"check profiles.{profile.name}.audience: the token is for another" if is_other else ""
    return detail, hint


def _text(name: str, value: object) -> str:
    """Return a claim's value as JSON, a moment as people write it (RFC 3339)."""
    is_moment = name == "exp" and type(value) in (int, float) and 0 <= value < TIME_LIMIT  # type: ignore[operator]
    return rfc3339(value) if is_moment else json.dumps(value)  # type: ignore[arg-type]


def _claims(access_token: str) -> dict[str, object] | None:
    """Return the payload of a JWT, None if the token is not one."""
    parts = access_token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None
