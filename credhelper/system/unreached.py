"""What it means that a server was not reached: the one that failed is named, and no other."""

import re
import socket
import ssl
from http.client import BadStatusLine
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from credhelper.errors import ConfigError, CredhelperError, TemporaryError, causes
from credhelper.system import proxies, tls
from credhelper.system.url import Peer, host_of

_ALERT = "\x15\x03"  # the first bytes of a TLS record that says no
_TUNNEL = r"Tunnel connection failed: ([0-9]{3})"  # http.client's words


def explain(error: Exception, peer: Peer) -> CredhelperError:
    """Return our error for one of requests'. Its text is dropped: it can quote headers.

    Only what was reached is blamed: a proxy that fails says nothing about the host behind it.
    """
    if isinstance(error, CredhelperError):
        return error
    host, behind = host_of(peer.url), list(causes(error))
    through = (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError)
    if any(isinstance(cause, through) for cause in behind):
        return _of_proxy(behind, host, source=proxies.source(peer.proxy))
    for cause in behind:
        if isinstance(cause, ssl.SSLError):
            return tls.explain(cause, peer)
        if isinstance(cause, socket.gaierror):
            return unknown_name(cause, peer)
        if isinstance(cause, BadStatusLine) and str(cause).startswith(_ALERT):
            return tls.wanted(peer)
    return _unreached(error, behind, peer)


def _unreached(error: Exception, behind: list[BaseException], peer: Peer) -> CredhelperError:
    """Return the error for a server that refuses, breaks or does not answer."""
    whom, key = peer.whom, peer.key
    # While the response hook reads the body, urllib3's own exceptions come through.
    if isinstance(error, (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)):
        hint = f"try again later, or correct {key}"
        return TemporaryError(f"{whom} did not answer in time", hint=hint)
    broken = (requests.exceptions.ConnectionError, urllib3.exceptions.ProtocolError, OSError)
    if not any(isinstance(cause, broken) for cause in behind):
        return ConfigError(f"no request to {whom} can be made", hint=f"check {key}, ca and proxy")
    hint = f"see whether it is running, or correct {key}; try again later"
    if any(isinstance(cause, ConnectionRefusedError) for cause in behind):
        return TemporaryError(f"{whom} refuses connections", hint=hint)
    host, port = host_of(peer.url), urlsplit(peer.url).port or 80
    if peer.url.startswith("http:") and tls.is_spoken(host, port):
        return tls.wanted(peer)
    return TemporaryError(f"the connection to {whom} failed", hint=hint)


def unknown_name(error: socket.gaierror, peer: Peer) -> CredhelperError:
    """Return the error for a name without an address; a machine that is offline knows none."""
    host, key = host_of(peer.url), peer.key
    if error.errno == socket.EAI_NONAME:
        msg = f"the name {host} of {peer.role} does not exist, or this machine is offline"
        hint = f"correct {key}; or see whether this machine is online, and needs a proxy"
        return ConfigError(msg, hint=hint)
    hint = f"check this machine's network and resolver (/etc/resolv.conf), or correct {key}"
    return TemporaryError(f"the resolver has no answer for {host} of {peer.role}", hint=hint)


def _of_proxy(behind: list[BaseException], host: str, *, source: str) -> CredhelperError:
    # Not anywhere in the text: the URL stands in it as well.
    found = next((match for cause in behind if (match := re.match(_TUNNEL, str(cause)))), None)
    where, status = f"the proxy on the way to {host}", found[1] if found else ""
    if status == "407":
        hint = f"correct the proxy's user and password in {source}"
        return ConfigError(f"{where} does not accept user and password (407)", hint=hint)
    if status.startswith("4") and status not in ("408", "429"):
        hint = f"let the proxy of {source} connect to {host}, or name the host in NO_PROXY"
        return ConfigError(f"{where} refuses the connection ({status})", hint=hint)
    if status:
        return TemporaryError(f"{where} cannot connect ({status})", hint="try again later")
    if any(isinstance(cause, ssl.SSLError) for cause in behind):
        hint = f"set {source} like http://host:port, unless the proxy itself speaks TLS"
        return ConfigError(f"{where} speaks no TLS that can be trusted", hint=hint)
    if any(getattr(cause, "errno", None) == socket.EAI_NONAME for cause in behind):
        return ConfigError(f"the name of {where} does not exist", hint=f"correct {source}")
    return TemporaryError(f"{where} does not answer", hint=f"check {source}, or try again")
