"""The TLS side of a server on loopback."""

import ssl
from pathlib import Path

import trustme


def server_context(ca: Path) -> ssl.SSLContext:
    """Return the context of a server at 127.0.0.1; the authority it goes by is written to `ca`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context
