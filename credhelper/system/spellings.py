"""How a server or a log may spell a secret: plain, turned, escaped or encoded."""

import base64
import math
from collections.abc import Callable
from urllib.parse import quote, quote_plus

# Six characters of a secret in a row are a part of it; shorter ones stand in any text by chance.
WINDOW = 6
# How JSON, C, HTML and a URL, once or twice encoded, write a character.
_ESCAPES = (
    *("\\u{:04x}", "\\x{:02x}", "&#x{:x};", "%25{:02x}", "%{:02x}"),
    *("\\u{:04X}", "\\x{:02X}", "&#x{:X};", "%25{:02X}", "&#{};", "\\{:03o}"),
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TURNED = _LETTERS[13:] + _LETTERS[:13]
_ROT13 = str.maketrans(_LETTERS + _LETTERS.upper(), _TURNED + _TURNED.upper())


def spellings(value: str) -> list[tuple[str, float]]:
    """Return how a server or a log may echo a value, each with the characters that spell one."""
    found = [(each, 1.0) for each in (value, value.upper(), value.lower(), value[::-1])]
    found.append((value.translate(_ROT13), 1.0))
    found.append((quote(quote_plus(value), safe=""), 1.0))
    for form in _ESCAPES:
        pieces = [form.format(ord(each)) for each in value]
        found.append(("".join(pieces), max(map(len, pieces), default=1)))
    for plain in {value, quote_plus(value), quote(value, safe="")}:
        data = plain.encode("utf-8", "surrogatepass")
        found += [(plain, 1.0), (data.hex(), 2.0), (data.hex().upper(), 2.0)]
        found.append((data[::-1].hex(), 2.0))
        # At each offset; what stands before has a part in the first characters.
        found += [(_inner(base64.b64encode, data, each, bits=6), 4 / 3) for each in range(3)]
        found += [(_inner(base64.b32encode, data, each, bits=5), 8 / 5) for each in range(5)]
        found += [
            (base64.b85encode(data).decode(), 5 / 4),
            (base64.a85encode(data).decode(), 5 / 4),
        ]
    return found


def _inner(encode: Callable[[bytes], bytes], data: bytes, offset: int, *, bits: int) -> str:
    text = encode(bytes(offset) + data).decode().rstrip("=")
    return text[math.ceil(offset * 8 / bits) :]


def pieces(value: str) -> set[str]:
    """Return what six characters in a row of a value look like, in every spelling."""
    found = set()
    for spelling, width in spellings(value):
        size = math.ceil(WINDOW * width)
        for text in (spelling, bare(spelling)):
            found |= {text[i : i + size] for i in range(len(text) - size + 1)}
    return found


def windows(text: str) -> set[str]:
    """Return each six characters in a row, as they are and of letters and digits alone."""
    forms = (text, bare(text))
    return {each[i : i + WINDOW] for each in forms for i in range(len(each) - WINDOW + 1)}


def bare(text: str) -> str:
    """Return letters and digits alone."""
    return "".join(filter(str.isalnum, text))
