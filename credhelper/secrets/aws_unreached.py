"""What it means that AWS was not reached: the one that failed is named, and no other."""

import http.client
import os
import socket
import ssl

import urllib3.exceptions
from botocore.exceptions import ProxyConnectionError, SSLError

from credhelper.errors import ConfigError, CredhelperError, TemporaryError, causes
from credhelper.system import redaction, url

_BAD_PROXY = (
    http.client.InvalidURL,  # what a blank in a host becomes with urllib3 2.6
    urllib3.exceptions.LocationParseError,
    urllib3.exceptions.ProxySchemeUnknown,
    urllib3.exceptions.URLSchemeUnknown,
)


def of_tls(error: SSLError, what: str) -> CredhelperError:
    """Return what it means that TLS with AWS, or a proxy before it, failed."""
    if any(isinstance(each, ssl.SSLEOFError) for each in causes(error)):
        msg = f"the TLS handshake on the way to {what} was broken off"
        return TemporaryError(msg, hint="try again later")
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in causes(error)):
        hint = "set `ca` in the profile's aws table, or AWS_CA_BUNDLE"
        return ConfigError(f"the TLS certificate on the way to {what} is not trusted", hint=hint)
    hint = "check that the endpoint speaks TLS, and what `ca` or AWS_CA_BUNDLE names"
    return ConfigError(f"no TLS connection for {what} can be made", hint=hint)


def explain(error: Exception, what: str) -> CredhelperError:
    """Return what it means that AWS was not reached; `what` is what it was asked for."""
    given = {name for name in ("HTTPS_PROXY", "https_proxy") if os.environ.get(name)}
    variable = max(given, default="HTTPS_PROXY")  # the small letters win
    found = list(causes(error))
    scheme, separator, _rest = os.environ.get(variable, "").partition("://")
    is_other = bool(separator) and scheme not in ("http", "https")
    if is_other or any(isinstance(each, _BAD_PROXY) for each in found):
        hint = f"write {variable} like http://proxy.example.com:3128"
        return ConfigError(f"{variable} names no proxy that AWS can be reached by", hint=hint)
    unresolved = any(
        isinstance(each, socket.gaierror) and each.errno == socket.EAI_NONAME for each in found
    )
    if isinstance(error, ProxyConnectionError):
        if unresolved:
            msg = f"the name of the proxy in {variable} does not exist"
            return ConfigError(msg, hint=f"correct {variable}, or see that this machine is online")
        if any("407" in str(each)[:40] for each in found if isinstance(each, OSError)):
            msg = f"the proxy in {variable} does not accept user and password (407)"
            return ConfigError(msg, hint=f"correct user and password in {variable}")
        msg = f"the proxy in {variable} refuses the connection to AWS"
        return TemporaryError(msg, hint="check the proxy setting, or try again")
    if unresolved:
        host = redaction.name(url.host_of(str(getattr(error, "kwargs", {}).get("endpoint_url"))))
        msg = f"the name {host}, where AWS is asked for {what}, does not exist"
        return ConfigError(msg, hint="check region and endpoint, and that this machine is online")
    return TemporaryError(f"AWS did not answer for {what}", hint="try again later")
