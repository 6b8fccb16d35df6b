"""What a profile says of Vault, and where the environment of its command line says the rest."""

import os
import re
import shutil
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from credhelper.config import schema
from credhelper.errors import ConfigError
from credhelper.secrets import vault_login
from credhelper.secrets.vault_login import Auth
from credhelper.system import characters, url
from credhelper.system.url import Peer

# As Vault's own command line has it: an agent's address goes first.
ADDRESSES = ("VAULT_AGENT_ADDR", "BAO_AGENT_ADDR", "VAULT_ADDR", "BAO_ADDR")
# With any of these changed, the same path can mean another secret.
VARIABLES = (*ADDRESSES, "VAULT_NAMESPACE", "BAO_NAMESPACE")
# What people paste behind the address: the API's beginning, or a page of the UI.
_PASTED = re.compile(r"(/v1|/ui|/ui/vault(?:/.*)?)/?")


@dataclass(frozen=True)
class Settings:
    """What differs from VAULT_ADDR, VAULT_NAMESPACE, VAULT_CACERT and VAULT_TOKEN (or BAO_…).

    `addresses` are further nodes, to which a standby may send us; to no other does our token go.
    `key` is the table's own.
    """

    key: str = field(default="vault", metadata={"is_key": True})
    address: str = ""
    """where Vault is, or its agent: `https://…`, or `unix:///…` for a socket; default
    `VAULT_AGENT_ADDR`, else `VAULT_ADDR`, or the same with `BAO_`"""
    addresses: tuple[str, ...] = field(default=(), metadata={"parse": schema.strings})
    """list: further nodes, to which a standby may send us; default none"""
    namespace: str = ""
    """namespace of the mount; default `VAULT_NAMESPACE`, else `BAO_NAMESPACE`"""
    ca: str = ""
    """file or directory that replaces the system's roots; default `VAULT_CACERT` and its like"""
    client_cert: str = ""
    """our certificate for TLS; default `VAULT_CLIENT_CERT`"""
    client_key: str = ""
    """its key; default `VAULT_CLIENT_KEY`"""
    proxy: str = field(default="", repr=False)
    """proxy for Vault; default `HTTPS_PROXY`, `NO_PROXY`"""
    auth: Auth = field(default=Auth(), metadata={"parse": vault_login.parse})
    """table: how to log in; default `token`"""


def tool() -> str:
    """Return the name of the command line that this machine has: `vault`, or else `bao`."""
    return "vault" if shutil.which("vault") and not shutil.which("bao") else "bao"


def peer_of(settings: Settings) -> tuple[Peer, str]:
    """Return Vault's address, checked, and the path of its socket, "" where it is none.

    Raises ConfigError that names the key or the variable.
    """
    own_key = key = f"{settings.key}.address"
    text = settings.address
    if not text:
        key = next(filter(os.environ.get, ADDRESSES), "")
        text = characters.without_line_end(characters.without_bom(os.environ.get(key, "")))
    if not text:
        raise ConfigError("no Vault address is set", hint=f"set {own_key} or VAULT_ADDR")
    if fault := characters.fault(text):
        raise ConfigError(f"{key} {fault}", hint="write it again without that")
    if text.startswith("unix:"):
        path = text.removeprefix("unix:").removeprefix("//")
        if not path.startswith("/"):
            raise ConfigError(f"{key} names no socket", hint="write it like unix:///run/agent.sock")
        return Peer("http://localhost", "Vault", key, place=f"the socket {path}"), path
    checked = url.endpoint(text, key=key)
    if found := _PASTED.fullmatch(urlsplit(checked).path):
        hint = f"leave {found[1][:3]} and what follows out of it"
        raise ConfigError(f"{key} is not Vault's address alone", hint=hint)
    return Peer(checked, "Vault", key, proxy=settings.proxy), ""
