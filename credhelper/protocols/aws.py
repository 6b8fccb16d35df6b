"""AWS's `credential_process`: the AWS command line and SDKs, and what is built on them.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html. AWS takes no
bearer token: the keys are those of a role that the token buys, `[profiles.NAME.sts]`.
"""

from credhelper import caller
from credhelper.caller import Asked
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CALLERS = ("boto3", "botocore", "aws-cli", "awscli")
# Stands in no part of the keys, but in a b64token: so they are cached as one token.
SEPARATOR = "~"


def ask(words: "Sequence[str]", environ: "Mapping[str, str]") -> Asked:
    """Return what asks for the keys that `[PROFILE]`'s token buys."""
    return Asked(caller.ask(words, environ).profile, environ=environ, grant="sts")


def reply(token: Token, _asked: Asked) -> str:
    """Return the keys, packed by `sts.assume`, as the SDKs read them."""
    key_id, secret, session, account = token.access_token.split(SEPARATOR)
    return (
        f'{{"Version":1,"AccessKeyId":"{key_id}","SecretAccessKey":"{secret}",'
        f'"SessionToken":"{session}","Expiration":"{token.expiration()}",'
        f'"AccountId":"{account}"}}\n'
    )
