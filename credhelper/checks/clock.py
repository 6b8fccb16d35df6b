"""The clocks: this machine's against the token endpoint's."""

from credhelper.errors import ConfigError
from credhelper.walk import Walk, needed

# Tokens are renewed 30 s before their expiry, and those who check them forgive a minute at most;
# a Date header has whole seconds only.
SMALL_S, LIMIT_S = 5.0, 60.0


def check(walk: Walk) -> tuple[str, str]:
    """Return how far the clocks are apart. Raises ConfigError."""
    ahead_s = needed(walk.answer).ahead_s
    if ahead_s is None:
        return "the server does not tell the time", ""
    side = "behind" if ahead_s > 0 else "ahead of"
    detail = f"this machine is {abs(ahead_s):.0f} s {side} the server"
    hint = "set this machine's clock (`timedatectl set-ntp true`), if the server's is right"
    if abs(ahead_s) > LIMIT_S:
        raise ConfigError(detail, hint=hint)
    return (detail, hint) if abs(ahead_s) > SMALL_S else ("in step with the server", "")
