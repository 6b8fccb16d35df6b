"""Text of a server, a library or a caller: only what passes here is shown or stored.

Each function allows what one place needs and returns "" for everything else; none of them returns
a text that holds a secret of this run, however it is spelled.
"""

import functools
import os
import re
from collections.abc import Iterable

from credhelper.system.spellings import WINDOW, bare, pieces, spellings, windows

# Of a secret shorter than this every six characters are nearly the whole.
LEAST = 8
# Words that servers use; showing them reveals nothing of a secret made of them.
_WORDS = (
    "client_id client_secret access_token invalid_client unauthorized_client authentication "
    "authorization application credentials platform service"
)
_MOMENT = r"([0-9]{4}-[01][0-9]-[0-3][0-9])(?:[T ]([0-2][0-9]:[0-5][0-9]:[0-6][0-9]))?"
_NAME = r"[A-Za-z0-9._/-]{1,64}"
_CODE = r"[A-Za-z0-9._-]{1,64}"
_secrets: set[str] = set()  # of this run: `secret.Secret` hides each value that it holds


def hide(value: str) -> None:
    """Remember a secret of this run: no function here returns a text that holds a part of it."""
    if value:
        _secrets.add(value)


def holds_secret(text: str, *, public: Iterable[str] = ()) -> bool:
    """Return whether a token or a scope holds six characters in a row of a secret, however spelled.

    Or is itself a piece of a spelling. Secrets of fewer than eight characters are not looked for.
    `public` are values that are no secret: what one shares with them does not count, nor does the
    label at the start of both, as vendors put it before keys of all kinds (`tskey-`).
    """
    letters, parts = bare(text), windows(text)
    known = " ".join([_WORDS, *public]).lower()
    for secret in map(_secret_part, _long_secrets()):
        labelled = f"{known} {_label(secret, text).lower()}"
        shared = {each for part in _shared(secret, labelled) for each in pieces(part)}
        found = (each for each in pieces(secret) if each[:WINDOW] in parts)  # spares 4 ms
        if any((each in text or each in letters) and each not in shared for each in found):
            return True
        is_piece = any(letters in bare(spelling) for spelling, _width in spellings(secret))
        if is_piece and len(letters) >= WINDOW and letters.lower() not in known:
            return True
    return False


def _secret_part(secret: str) -> str:
    """Return the signature of a JWT, whose header and claims many tokens share; else all of it."""
    header, _dot, rest = secret.partition(".")
    return rest.rpartition(".")[2] if header[:3] == "eyJ" and "." in rest else secret


def _label(secret: str, text: str) -> str:
    """Return what both start with, up to its last mark of punctuation."""
    common = os.path.commonprefix([secret, text])  # noqa: RUF071 - they are no paths
    return common[: max(common.rfind(each) for each in "-_.:") + 1]


def _shared(secret: str, known: str) -> list[str]:
    """Return the parts of a secret that stand in a known text, each with one character around.

    A character of base64 reveals some bits of the next one, too.
    """
    text, least = secret.lower(), WINDOW - 1
    marks = [text[i : i + least] in known for i in range(len(text))]
    parts, start = [], None
    for i, is_known in enumerate([*marks, False]):
        if is_known and start is None:
            start = i
        elif not is_known and start is not None:
            parts.append(secret[max(0, start - 1) : i + least])
            start = None
    return parts


def number(value: object) -> str:
    """Return a whole number below 10**15 as digits, "" for anything else."""
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15
    return _shown(str(value)) if is_number else ""


def moment(value: object) -> str:
    """Return an RFC 3339 date, with the time to whole seconds where there is one; "" otherwise."""
    found = re.match(_MOMENT, value) if isinstance(value, str) else None
    if found is None:
        return ""
    return _shown(f"{found[1]}T{found[2]}Z" if found[2] else found[1])


def name(value: object) -> str:
    """Return a name of at most 64 of `A-Z a-z 0-9 . _ / -`, "" for anything else."""
    return _shown(value) if isinstance(value, str) and re.fullmatch(_NAME, value) else ""


def names(values: object) -> str:
    """Return the names that can be shown, joined by commas; "" where together they reveal a secret.

    Five characters of a secret in each of several names are the whole of it.
    """
    found = ", ".join(filter(None, map(name, values))) if isinstance(values, list) else ""
    return _shown(found)


def code(value: object) -> str:
    """Return an error code of at most 64 of `A-Z a-z 0-9 . _ -`, "" for anything else."""
    return _shown(value) if isinstance(value, str) and re.fullmatch(_CODE, value) else ""


def sentence(value: object, *, limit: int = 200, public: str = "") -> str:
    """Return a text as printable ASCII on one line, at most `limit` characters of it.

    "" for what is no text, or holds a secret, or a short secret as a whole. `public` is a text
    that is no secret, as a configured address: what the value shares with it does not count. (The
    digits of a port stand by chance in one of a secret's spellings three times in a thousand.)
    """
    if not isinstance(value, str):
        return ""
    # White space ends a word, so a line end becomes a space; what cannot be seen is dropped.
    text = "".join(c if "!" <= c <= "~" else " " if c.isspace() else "" for c in value)
    text = " ".join(text.split())
    if any(len(secret) < LEAST and secret in each for secret in _secrets for each in (value, text)):
        return ""
    return "" if _hints(value, public) or _hints(text, public) else text[:limit]


def _shown(text: str) -> str:
    return "" if _hints(text) else text


def _hints(text: str, public: str = "") -> bool:
    """Return whether a text has six characters in a row of any spelling of a secret.

    More is hidden than in a token: of a secret in hex they are three of its own.
    """
    parts = windows(text.lower()) - windows(public.lower())
    return any(parts & _revealing(secret) for secret in _long_secrets())


@functools.cache  # 1 ms, and a refusal has a dozen texts
def _revealing(secret: str) -> set[str]:
    """Return each six characters in a row of every spelling, but for those of servers' words."""
    known = set().union(*map(windows, _WORDS.split()))
    lowered = [text.lower() for text, _width in spellings(secret)]
    return set().union(*map(windows, lowered)) - known


def _long_secrets() -> list[str]:
    return [secret for secret in _secrets if len(secret) >= LEAST]
