"""The credentials helper of reclient (RBE_credentials_helper), which names no URL.

https://github.com/bazelbuild/remote-apis-sdks/blob/master/go/pkg/credshelper/credshelper.go. Since
2025 it reads Bazel's answer, too, but asks nothing on stdin; this one every version reads.
"""

import time

from credhelper.caller import Asked
from credhelper.token import Token


def reply(token: Token, _asked: Asked) -> str:
    """Return the token, its header and its expiry, the time as `date` writes it.

    It is the true one: reclient renews 5 minutes earlier.
    """
    # The language of day and month is C's, as nothing here sets another; Go reads no other.
    expiry = time.strftime("%a %b %e %H:%M:%S UTC %Y", time.gmtime(token.expires_at))
    return (
        f'{{"token":"{token.access_token}",'
        f'"headers":{{"Authorization":"Bearer {token.access_token}"}},"expiry":"{expiry}"}}\n'
    )
