"""TLS on the way to Vault: roots, certificate, key and name, by settings or Vault's variables."""

import os
import ssl
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from credhelper.errors import ConfigError
from credhelper.secrets.vault_token import variable

Files = dict[str, tuple[str, str]]


def files(table: str, *, ca: str, client_cert: str, client_key: str) -> Files:
    """Return the paths of roots, certificate and key ("" for none), each behind its key's name.

    `table` is that of the table that they stand in. Raises ConfigError for one that is not there.
    """
    # The command line's order: a file, a text, a folder.
    folders = [] if variable("CACERT_BYTES") else ["CAPATH"]
    found = {
        "ca": _path(f"{table}.ca", ca, "CACERT", *folders),
        "client_cert": _path(f"{table}.client_cert", client_cert, "CLIENT_CERT"),
        "client_key": _path(f"{table}.client_key", client_key, "CLIENT_KEY"),
    }
    for key, path in found.values():
        # requests reports it as an OSError, like a connection that failed and may be tried again.
        if path and not os.path.exists(path):
            raise ConfigError(f"{key} names no file", hint=f"correct {path}")
    return found


def prepare(session: requests.Session, found: Files) -> None:
    """Give a session what of TLS is not a path of roots. Raises ConfigError."""
    if found["client_cert"][1]:
        session.cert = _certificate(found)
    if not found["ca"][1] and (roots := variable("CACERT_BYTES")):
        session.mount("https://", _Adapter(_checked(roots)))
    if name := variable("TLS_SERVER_NAME"):
        adapter: Any = session.get_adapter("https://")
        managers = [adapter.proxy_manager_for(each) for each in session.proxies.values()]
        for each in (adapter.poolmanager, *managers):
            each.connection_pool_kw["server_hostname"] = name


def _path(key: str, value: str, *variables: str) -> tuple[str, str]:
    """Return the name of the key or the variable that decides, and its value."""
    names = [f"{prefix}_{name}" for name in variables for prefix in ("VAULT", "BAO")]
    name = next(filter(os.environ.get, names), key)
    return (key, value) if value else (name, os.environ.get(name, ""))


def _certificate(found: Files) -> tuple[str, str] | str:
    """Return certificate and key, tried: requests takes one that cannot be read for the network's.

    Raises ConfigError.
    """
    (cert_name, certificate), (key_name, key) = found["client_cert"], found["client_key"]
    asked: list[bool] = []

    def password() -> str:  # else OpenSSL asks whoever sits at the terminal
        asked.append(True)
        return ""

    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_cert_chain(certificate, key or None, password)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        msg = f"{cert_name} and {key_name} are no certificate and its key"
        hint = f"correct {certificate} or {key}: both are PEM, and belong together"
        if asked:
            msg, hint = f"{key_name if key else cert_name} is encrypted", "store it decrypted"
        elif not key:
            msg, hint = f"{key_name} is missing", f"set it, or add the key to {certificate}"
        raise ConfigError(msg, hint=hint) from None
    return (certificate, key) if key else certificate


def _checked(roots: str) -> str:
    try:
        ssl.create_default_context(cadata=roots)
    except (OSError, ValueError):
        hint = "set it to the text of a PEM file"
        raise ConfigError("VAULT_CACERT_BYTES holds no certificate", hint=hint) from None
    return roots


class _Adapter(HTTPAdapter):
    """An adapter whose roots are a text, and no others: requests itself knows paths alone."""

    def __init__(self, roots: str) -> None:
        super().__init__()
        self._roots = roots

    def build_connection_pool_key_attributes(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - requests' own types
        """Return what a pool of connections is made from."""
        host, pool = super().build_connection_pool_key_attributes(*arguments, **named)
        pool.pop("ca_certs", None)
        pool.pop("ca_cert_dir", None)
        return host, {**pool, "ca_cert_data": self._roots}

    def cert_verify(self, *_arguments: object, **_named: object) -> None:
        """Add no roots of requests' own."""
