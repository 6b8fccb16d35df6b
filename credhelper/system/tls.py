"""What a failure of TLS means. OpenSSL's own words are shown, letters and blanks of them."""

import re
import socket
import ssl

from credhelper.errors import ConfigError, CredhelperError, TemporaryError
from credhelper.system.url import Peer

_VERIFY_CODES = {  # X509_V_ERR_* of OpenSSL's x509_vfy.h that have plainer words than its own
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is self-signed",
    19: "its certificate chain ends in an unknown root",
    20: "its certificate is signed by an unknown authority",
    62: "its certificate is for another host name",
    64: "its certificate is for another IP address",
}
_ROOTS = (2, 18, 19, 20, 21)  # another authority may help
_TIMES = (9, 10)
_NAMES = (62, 64)
_WORDS = r"[A-Za-z ]{1,80}"
_NO_TLS = ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "HTTP_REQUEST",
           "UNKNOWN_PROTOCOL")  # fmt: skip
_PROBE_S = 1.0


def explain(error: ssl.SSLError, peer: Peer) -> CredhelperError:
    """Return our error for one of OpenSSL's."""
    whom = peer.whom
    if isinstance(error, ssl.SSLCertVerificationError):
        return _untrusted(error, peer)
    reason = re.sub(r"[^A-Z0-9_]", "", getattr(error, "reason", None) or "UNKNOWN")
    if "CERTIFICATE_OR_CRL" in reason or "PEM" in reason:
        hint = "give a PEM file or a directory of them as `ca` or in SSL_CERT_FILE, SSL_CERT_DIR"
        return ConfigError(f"the roots for {whom} cannot be read ({reason})", hint=hint)
    if isinstance(error, ssl.SSLEOFError) or "EOF" in reason:
        return TemporaryError(f"{whom} broke off the TLS handshake", hint="try again later")
    if reason in _NO_TLS:
        hint = f"correct the port in {peer.key}, or write http:// (loopback only)"
        return ConfigError(f"{whom} speaks no TLS on this port", hint=hint)
    msg = f"no TLS 1.2 or newer connection to {whom} ({reason})"
    return ConfigError(msg, hint="correct the server's TLS settings")


def wanted(peer: Peer) -> ConfigError:
    """Return the error for a port that speaks TLS only, to which plain HTTP was spoken."""
    msg = f"{peer.whom} speaks TLS on this port, and {peer.key} starts with http://"
    return ConfigError(msg, hint=f"write https:// in {peer.key}, or correct the port")


def is_spoken(host: str, port: int) -> bool:
    """Return whether a port of this machine speaks TLS: not every server says so to plain HTTP."""
    try:
        with socket.create_connection((host, port), _PROBE_S) as plain:
            ssl.create_default_context().wrap_socket(plain, server_hostname=host).close()
    except ssl.SSLCertVerificationError:
        return True
    except (OSError, ValueError):
        return False
    return True


def _untrusted(error: ssl.SSLCertVerificationError, peer: Peer) -> ConfigError:
    code = error.verify_code
    words = " ".join(re.findall(_WORDS, error.verify_message or ""))[
        :80
    ]  # X509_verify_cert_error_string
    why = _VERIFY_CODES.get(code) or f"its certificate is refused: {words or 'for no known reason'}"
    hint = "replace the server's certificate"
    if code in _ROOTS:
        table = peer.key.rpartition(".")[0]
        where = f"{table}.ca" if table else "`ca` of the profile"
        hint = f"set {where} to the authority's certificate, or replace the server's"
    elif code in _TIMES:
        hint = "replace the server's certificate, or correct this machine's clock"
    elif code in _NAMES:
        hint = f"write in {peer.key} a name that the certificate has, or replace the certificate"
    return ConfigError(f"{peer.whom} is not trusted: {why}", hint=hint)
