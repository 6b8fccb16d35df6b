"""The credentials helper of Terraform and OpenTofu, `terraform-credentials-credhelper`.

https://developer.hashicorp.com/terraform/internals/credentials-helpers. The host is the one of a
registry, as punycode, with a port if that is not 443; it is always spoken to by https.
"""

from credhelper import caller
from credhelper.caller import Answer, Asked, Rejected
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credhelper.errors import CredhelperError


CALLERS = ("opentofu", "tofu")


def ask(words: "Sequence[str]", _environ: "Mapping[str, str]") -> Asked | Rejected:
    """Return what `[PROFILE] ACTION HOST` asks for. Raises UsageError."""
    profile, (action, host) = caller.profile_and(words, 2)
    if action == "get":
        return Asked(profile, environ={}, url=caller.address(host))
    if action == "forget":
        return Rejected(profile, url=caller.address(host))
    from credhelper.errors import UsageError

    msg = "credhelper stores no token for Terraform"
    raise UsageError(msg, hint="do not run `terraform login`: the token comes without it")


def reply(token: Token, _asked: Asked) -> str:
    """Return the token as JSON."""
    return f'{{"token":"{token.access_token}"}}\n'


def refuse(error: "CredhelperError", _words: "Sequence[str]") -> Answer:
    """Offer nothing for a host that is not ours: public registries are asked for, too."""
    if error.code == caller.UNKNOWN_HOST:
        return Answer("{}\n")
    return Answer(line=error.line(), status=error.status)
