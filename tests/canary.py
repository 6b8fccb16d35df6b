"""Search for a secret in whatever shape it might leak."""

import base64
import json
from urllib.parse import quote, quote_plus


def shapes(secret: str) -> set[bytes]:
    """Return a secret raw, in halves, and in the encodings that a log or a header would use."""
    raw = secret.encode()
    half = len(raw) // 2
    found = {raw, raw[:half], raw[half:], raw.hex().encode(), secret.encode("utf-16-le")}
    found |= {quote(secret, safe="").encode(), quote_plus(secret).encode()}
    found.add(json.dumps(secret)[1:-1].encode())
    for offset in range(3):
        # The middle of its base64, whatever stands before and after it.
        text = base64.b64encode(b"x" * offset + raw)
        found.add(text[4 if offset else 0 : len(text) // 4 * 4 - 4])
    return found


def leaks(data: bytes, *secrets: str) -> list[bytes]:
    """Return the shapes of the secrets that the data holds; [] is what a test wants."""
    return [shape for secret in secrets for shape in shapes(secret) if shape in data]
