"""The access token, checked where it enters and never shown by accident, and its cache entry."""

import time

TYPE_CHECKING = False  # `import typing` costs 6 ms, most of a hit
if TYPE_CHECKING:
    from collections.abc import Mapping

HARD_S = 30  # seconds of life; a token with less would expire on its way to the server
# RFC 6749 section 3.3: printable ASCII without quote and backslash; a space separates scopes.
_SCOPE = frozenset(map(chr, range(0x20, 0x7F))) - {'"', "\\"}
# Of appendix A.12 what stands unescaped in a JSON string and in a header. RFC 6750 has fewer, but
# Salesforce sends an exclamation mark, X a percent sign.
_ACCESS_TOKEN = _SCOPE - {" "}


class Token:
    """An access token with an absolute expiry in unix seconds.

    Raises ValueError, without the value, for anything that could not stand unescaped in a header
    or a JSON string: so every protocol may write it as it is.
    """

    __slots__ = ("access_token", "expires_at", "scope", "token_type")

    def __init__(self, access_token: str, *, token_type: str, expires_at: int, scope: str) -> None:
        if not access_token or not _ACCESS_TOKEN.issuperset(access_token):
            msg = "the access token is empty, or has a blank, quote, backslash or no ASCII"
            raise ValueError(msg)
        if token_type.lower() != "bearer":
            msg = "the token type is not Bearer"
            raise ValueError(msg)
        if not _SCOPE.issuperset(scope):
            msg = "the scope has characters outside RFC 6749 section 3.3"
            raise ValueError(msg)
        self.access_token = access_token
        self.token_type = "Bearer"
        self.expires_at = expires_at
        self.scope = scope

    def __repr__(self) -> str:
        """Return the expiry and the scope, never the token."""
        return f"Token(<redacted>, expires_at={self.expires_at}, scope={self.scope!r})"

    def json(self) -> str:
        """Return the token as one line of JSON, what `get` prints.

        No escaping: nothing in it would need any, and `import json` costs 5 ms.
        """
        return (
            f'{{"Version":1,"AccessToken":"{self.access_token}","TokenType":"{self.token_type}",'
            f'"Expiration":"{self.expiration()}","Scope":"{self.scope}"}}\n'
        )

    def expiration(self, *, early_s: int = 0) -> str:
        """Return the expiry as RFC 3339 UTC in whole seconds: Bazel's parser knows no fraction.

        `early_s` seconds before it, for a caller that keeps no margin of its own.
        """
        return rfc3339(self.expires_at - early_s)


class Entry:
    """A token, the settings that produced it, and when to renew it (unix seconds)."""

    __slots__ = ("conditions", "endpoint", "identity", "renew_at", "stamp", "stored_at", "token")

    def __init__(  # noqa: PLR0913 - one per line of the file
        self,
        token: Token,
        *,
        stamp: str,
        identity: str,
        stored_at: float,
        renew_at: int,
        endpoint: str = "",  # that an issuer's metadata named
        conditions: "Mapping[str, str | None]",
    ) -> None:
        self.token, self.endpoint = token, endpoint
        self.stamp, self.identity, self.conditions = stamp, identity, conditions
        self.stored_at, self.renew_at = stored_at, renew_at

    def serves(self, now: float, min_ttl_s: float = HARD_S) -> bool:
        """Return whether the token may be given out: not from the future, not about to expire."""
        life_s = self.token.expires_at - now
        return self.stored_at <= now + 1 and life_s > HARD_S and life_s >= min_ttl_s

    def is_fresh(self, now: float) -> bool:
        """Return whether it is too early to renew the token."""
        return now < self.renew_at


def rfc3339(moment: float) -> str:
    """Return unix seconds as RFC 3339 UTC, whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
