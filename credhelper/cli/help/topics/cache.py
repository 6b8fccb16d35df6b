"""Cache: which token is given out, and for how long."""

from credhelper.cli.help import prose
from credhelper.renewal import fetch, refusal
from credhelper.token import HARD_S

WHERE = """\
Tokens are kept in $CREDHELPER_CACHE_DIR, else $XDG_CACHE_HOME/credhelper, else
~/.cache/credhelper, one file per profile, for their owner alone. What others could write is neither
read nor replaced. The client secret is never kept.
"""
LIFE = f"""\
A token is given out until {HARD_S} s before it expires. In its last {fetch.SOFT_S} s, or the
last {fetch.SOFT_SHARE:.0%} of its life if that is less, one caller renews it while all others get
the old one; `renew_before` of the profile sets another time. If the renewal fails, the old token
serves on.
"""
BOUND = """\
A token is bound to all that decided about it: endpoint, client, authentication, scope, audience,
parameters, reference and its settings, CA, and the variables that say which Vault or AWS is meant.
A change of one of them makes a new token.
"""
PAST = f"""\
`--fresh` asks for a new token, `--min-ttl 10m` for one that lives so long, and `credhelper forget`
drops it. A server's refusal of the client, or its trouble, is kept, too: for {refusal.DENIED_S:.0f}
s, or as long as the server said, other callers get the same error and ask nobody. With `ephemeral =
true` nothing is kept.
"""


def text() -> str:
    """Return the rules, with the numbers of the code."""
    return "".join(map(prose.paragraph, (WHERE, LIFE, BOUND, PAST)))
