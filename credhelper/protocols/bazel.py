"""Bazel's credential helper; Siso and others speak it, too.

https://github.com/EngFlow/credential-helper-spec/blob/main/spec.md. What is not ours is an error
there, not an empty answer: Bazel would go on without a token.
"""

from credhelper import caller
from credhelper.caller import Asked
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CALLERS = ("siso", "bazelisk")
# Bazel keeps the headers up to the stated instant, without a margin of its own.
MARGIN_S = 30
# The specification's own spelling for gRPC; Bazel writes https, as gRPC's libraries do.
_GRPC = "grpcs://"


def ask(words: "Sequence[str]", environ: "Mapping[str, str]") -> Asked:
    """Return what `[PROFILE] get` and the URI on stdin ask for.

    Raises UsageError for another command, ProtocolError for no URI.
    """
    profile, command = caller.profile_and(words, 1)
    if command != ["get"]:
        from credhelper.errors import UsageError

        raise UsageError("that command of a credential helper is unknown", hint="known: get")
    uri = _uri(caller.text_of(caller.read_input()))
    if uri.startswith(_GRPC):
        uri = f"https://{uri.removeprefix(_GRPC)}"
    return Asked(profile, environ=environ, url=uri)


def reply(token: Token, _asked: Asked) -> str:
    """Return the header, its values in a list, and when to ask again."""
    return (
        f'{{"headers":{{"Authorization":["Bearer {token.access_token}"]}},'
        f'"expires":"{token.expiration(early_s=MARGIN_S)}"}}\n'
    )


def _uri(text: str) -> str:
    """Return the URI of a question. Raises ProtocolError."""
    try:
        found = caller.parse(text)
    except (ValueError, RecursionError):
        found = None
    uri = found.get("uri") if isinstance(found, dict) else None
    if isinstance(uri, str):
        return uri
    from credhelper.errors import ProtocolError

    msg = "the question on stdin is no JSON object with a `uri`"
    raise ProtocolError(msg, hint='send {"uri":"https://HOST/PATH"}')
