"""Where a token of Vault lies, for who has one: in VAULT_TOKEN, or where `vault login` put it."""

import os

from credhelper.errors import DeniedError
from credhelper.system import characters, redaction

_FILE = "~/.vault-token"


def variable(name: str) -> str:
    """Return the value of `VAULT_NAME`, else of `BAO_NAME`, else ""."""
    return os.environ.get(f"VAULT_{name}") or os.environ.get(f"BAO_{name}") or ""


def place() -> str:
    """Return where the token lies that `find` returns: a variable, or the file of `vault login`."""
    return next(filter(os.environ.get, ("VAULT_TOKEN", "BAO_TOKEN")), _FILE)


def find() -> str:
    """Return the token of the environment, else of `vault login`, "" if there is none.

    Raises DeniedError, which says where it lies, for one that no header can carry.
    """
    where = place()
    token = os.environ.get(where) or _of_file()
    # Nobody means the line end that a file or a shell has left behind it.
    token = characters.without_bom(token).rstrip("\r\n")
    redaction.hide(token)
    fault = characters.fault(token)
    if not fault and not token.isascii():
        fault = "has a character that is not ASCII"
    if fault:
        raise DeniedError(f"{where} {fault}", hint="set it again without that, or log in again")
    return token


def missing(whom: str, key: str) -> DeniedError:
    """Return the error for a Vault that wants a token where there is none; `key` is the login's."""
    msg = f"there is no usable Vault token, and {whom} wants one"
    hint = f"set VAULT_TOKEN, run `vault login`, or set {key}"
    if os.environ.get("VAULT_TOKEN_FILE"):
        hint = f'VAULT_TOKEN_FILE is not read: set {key} = {{ token = "file:/…" }}'
    return DeniedError(msg, hint=hint)


def _of_file() -> str:
    try:
        with open(os.path.expanduser(_FILE), encoding="utf-8") as file:
            return file.read(4096).strip()
    except (OSError, ValueError):
        return ""
