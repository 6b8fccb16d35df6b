"""The scopes: granted against asked (RFC 6749 section 3.3 lets a server grant fewer)."""

from credhelper.errors import DeniedError
from credhelper.walk import Walk, needed


def check(walk: Walk) -> tuple[str, str]:
    """Return the scopes granted. Raises DeniedError if one of those asked for is not."""
    profile, token = needed(walk.profile), needed(walk.token)
    asked, granted = profile.scope.split(), token.scope.split()
    missing = " ".join(scope for scope in asked if scope not in granted)
    if missing:
        hint = f"add the scope `{missing}` to the application {profile.client_id}"
        raise DeniedError(f"asked for, but not granted: {missing}", hint=hint)
    if not granted:
        return "none asked, none told", ""
    return f"{token.scope}, {'as asked' if set(granted) == set(asked) else 'more than asked'}", ""
