"""The claims of a token that is a JWT (RFC 7519); unverified, for that is the API's to do."""

import base64
import json

from credhelper.walk import Walk, needed

SHOWN = ("iss", "aud", "exp", "scope")
LIMIT = 120  # characters of one claim


def check(walk: Walk) -> tuple[str, str]:
    """Return some claims of the token; a warning if it is for another audience than asked for."""
    profile, token = needed(walk.profile), needed(walk.token)
    claims = _claims(token.access_token)
    if claims is None:
        return "the token is not a JWT; only its server can read it", ""
    shown = [f"{name} {json.dumps(claims[name])[:LIMIT]}" for name in SHOWN if name in claims]
    detail = ", ".join(shown) or "a JWT without iss, aud, exp and scope"
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if profile.audience and profile.audience not in named:
        return detail, f"check profiles.{profile.name}.audience: the token is for another"
    return detail, ""


def _claims(access_token: str) -> dict[str, object] | None:
    """Return the payload of a JWT, None if it is none."""
    parts = access_token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None
