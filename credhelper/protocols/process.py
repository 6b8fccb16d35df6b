"""What `credhelper get` prints: one JSON line in the style of AWS's `credential_process`.

Not AWS's own shape: an OAuth token is no pair of AWS keys and must not pretend to be one.
"""

from credhelper.protocols import Asked
from credhelper.token import Token


def reply(token: Token, _asked: Asked) -> str:
    """Return `{"Version":1,"AccessToken":…,"TokenType":…,"Expiration":…,"Scope":…}` and a newline.

    No escaping: `Token` holds nothing that JSON would escape, and `import json` costs 5 ms.
    """
    return (
        f'{{"Version":1,"AccessToken":"{token.access_token}","TokenType":"{token.token_type}",'
        f'"Expiration":"{token.expiration()}","Scope":"{token.scope}"}}\n'
    )
