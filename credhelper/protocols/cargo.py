"""cargo: a credential provider, and the command of `cargo:token-from-stdout`.

https://doc.rust-lang.org/cargo/reference/credential-provider-protocol.html; as a provider we are
`credhelper-cargo --cargo-plugin`. cargo starts one process for each request and closes its stdin
after the reply, so there is no loop here:
https://github.com/rust-lang/cargo/blob/af373f761aa4/src/util/credential/process.rs
"""

import os

from credhelper import caller
from credhelper.caller import Answer, Asked
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from credhelper.errors import CredhelperError, ProtocolError

PLUGIN = "--cargo-plugin"
# "The header value is the API token" (registry-web-api.html): some registries want no `Bearer`.
BARE = "bare"
HELLO = b'{"v":[1]}\n'


def ask(words: "Sequence[str]", _environ: "Mapping[str, str]") -> Asked | Answer:
    """Return what `[PROFILE] [bare] URL` asks for. Raises UsageError, ProtocolError.

    A provider gets the URL, and the other words as `args`, on stdin.
    """
    if PLUGIN in words:
        _greet()
        request = caller.read_input(b"\n")
        if not request:
            return Answer()
        kind, further = _read(caller.text_of(request))
        if kind != "get":
            return Answer('{"Err":{"kind":"operation-not-supported"}}\n')
        words = [*words, *further]
    shape = [word for word in words if word in (PLUGIN, BARE)]
    profile, (url,) = caller.profile_and([word for word in words if word not in shape], 1)
    if "://" not in url:
        raise _error("cargo named no registry", hint="end the command with `{index_url}`")
    return Asked(profile, words=shape, environ={}, url=url.removeprefix("sparse+"))


def reply(token: Token, asked: Asked) -> str:
    """Return the value of the Authorization header, for a provider as JSON with its expiry.

    cargo itself asks again from a minute before the expiry on.
    """
    value = token.access_token if BARE in asked.words else f"Bearer {token.access_token}"
    if PLUGIN not in asked.words:
        return f"{value}\n"
    return (
        f'{{"Ok":{{"kind":"get","token":"{value}","cache":"expires",'
        f'"expiration":{token.expires_at},"operation_independent":true}}}}\n'
    )


def refuse(error: "CredhelperError", words: "Sequence[str]") -> Answer:
    """Answer cargo in JSON, with status 0: it does not read the reply of a provider that fails.

    After `url-not-supported` cargo asks its next provider.
    """
    if PLUGIN not in words:
        return Answer(line=error.line(), status=error.status)
    if error.code == caller.UNKNOWN_HOST:
        return Answer('{"Err":{"kind":"url-not-supported"}}\n')
    message = caller.quote(error.line())
    return Answer(f'{{"Err":{{"kind":"other","message":{message},"caused-by":[]}}}}\n')


def _greet() -> None:
    """Say which versions we speak: cargo sends nothing before. Raises OutputError."""
    try:
        # So few bytes go into a pipe all at once or not at all (POSIX, PIPE_BUF).
        if os.write(1, HELLO) == len(HELLO):
            return
    except OSError:
        pass
    from credhelper.errors import OutputError

    raise OutputError("stdout cannot be written", hint="check where it goes")


def _read(request: str) -> "tuple[str, list[str]]":
    """Return the kind of a request, and its `args` and URL as words. Raises ProtocolError."""
    try:
        document: Any = caller.parse(request)
        words = [*document.get("args", []), document["registry"]["index-url"]]
        if all(isinstance(word, str) for word in words):
            return str(document["kind"]), words
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    raise _error("cargo's request is not of its protocol", hint="see which program runs this one")


def _error(problem: str, *, hint: str) -> "ProtocolError":
    from credhelper.errors import ProtocolError

    return ProtocolError(problem, hint=hint)
