"""Secrets in HashiCorp Vault or OpenBao, KV 1 or 2: `vault:MOUNT/PATH#FIELD[?version=N]`."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from credhelper.errors import ConfigError, DeniedError
from credhelper.secrets import vault_login, vault_mount, vault_session, vault_settings
from credhelper.secrets.backend import READ_UNSEEN
from credhelper.secrets.field import of_document, wanted
from credhelper.secrets.vault_answer import Absent, Moved
from credhelper.secrets.vault_mount import Mount
from credhelper.secrets.vault_session import Session
from credhelper.secrets.vault_settings import VARIABLES, Settings
from credhelper.system import http, redaction

__all__ = ["VARIABLES", "Settings", "describe", "find_mount", "path_of", "read", "read_previous"]
SOON_S = 3600  # what a token should live longer than, for whoever does not look at it


@dataclass(frozen=True)
class _Wanted:
    """A field of a path: of the pinned version, or of the newest (0)."""

    path: str
    field: str
    version: int


def read(path: str, field: str, settings: Settings) -> str:
    """Return one field of a KV secret; see `backend.Backend`."""
    return _retrieve(_wanted(path, field), settings, back=0)


def read_previous(path: str, field: str, settings: Settings) -> str:
    """Return the version before the current one; "" if one is pinned, or KV keeps no versions."""
    parts = _wanted(path, field)
    return "" if parts.version else _retrieve(parts, settings, back=1)


def describe(path: str, field: str, settings: Settings) -> Iterator[str | tuple[str, str]]:
    """Return policies and life of our token, then version and age; see `backend.Backend`."""
    return _told(_wanted(path, field), settings)


def path_of(path: str, field: str) -> str:
    """Return the path of a reference, its mount's included. Raises ConfigError."""
    return _wanted(path, field).path


def find_mount(path: str, field: str, settings: Settings) -> Mount:
    """Return the mount of a secret. Raises CredhelperError."""
    try:
        with vault_session.log_in(settings) as session:
            return vault_mount.find(session, path_of(path, field))
    except Moved as moved:
        return find_mount(path, field, *moved.args)


def _wanted(path: str, field: str) -> _Wanted:
    """Return what a reference means. Raises ConfigError."""
    parts = wanted(path, field)
    if not parts.field or "/" not in parts.path.strip("/") or ".." in parts.path.split("/"):
        part = "path below a mount" if parts.field else "field"
        hint = "write it as vault:MOUNT/PATH#FIELD"
        raise ConfigError(f"the reference vault:{parts.path} names no {part}", hint=hint)
    if parts.version and not (parts.version.isascii() and parts.version.isdigit()):
        raise ConfigError("the reference's ?version= is no number", hint="correct it")
    return _Wanted(parts.path.strip("/"), parts.field, int(parts.version[:9] or 0))


def _retrieve(parts: _Wanted, settings: Settings, *, back: int) -> str:
    """Return a field of the current or pinned version, or of the version `back` before it."""
    try:
        return http.retrying(lambda: _read(parts, settings, back))
    except Moved as moved:
        return _retrieve(parts, *moved.args, back=back)


def _read(parts: _Wanted, settings: Settings, back: int) -> str:
    """Log in, ask for the mount's version, read. Raises TemporaryError for what may be retried."""
    with vault_session.log_in(settings) as session:
        mount = vault_mount.find(session, parts.path)
        if not mount.is_v2 and parts.version:
            msg = f"{mount.path} is KV version 1, which keeps no versions"
            raise ConfigError(msg, hint="remove ?version")
        if not mount.is_v2 and back:
            return ""
        version = parts.version
        if back:
            version = vault_mount.newest(vault_mount.read(session, mount, parts.path, 0)) - back
            if version < 1:
                return ""
        data = vault_mount.read(session, mount, parts.path, version)
    return of_document(data.get("data") if mount.is_v2 else data, parts.field, what=parts.path)


def _told(parts: _Wanted, settings: Settings) -> Iterator[str | tuple[str, str]]:
    try:
        yield from _describe(parts, settings)
    except Moved as moved:  # at the first request
        yield from _told(parts, *moved.args)


def _describe(parts: _Wanted, settings: Settings) -> Iterator[str | tuple[str, str]]:
    with vault_session.log_in(settings) as session:
        yield _identity(session, parts.path)
        mount = vault_mount.find(session, parts.path)
        if not mount.is_v2:
            yield f"there; {mount.path} is KV version 1, which keeps no versions"
            return
        data = vault_mount.read(session, mount, parts.path, parts.version)
        metadata = data.get("metadata")
        created = metadata.get("created_time") if isinstance(metadata, dict) else None
        age = redaction.moment(created)[:10]
        number = redaction.number(vault_mount.newest(data))
        yield f"version {number or 'unknown'}" + (f", created {age}" if age else "")


def _identity(session: Session, path: str) -> tuple[str, str]:
    """Return what Vault says of the token, and what to do where it ends soon.

    Raises DeniedError if it serves for nothing.
    """
    if not session.client.token:
        vault_mount.find(session, path)
        return f"whom {session.peer.whom} takes us for, without a token of our own", ""
    try:
        hint = "it may have ended, or be another Vault's: set a new one, or log in again"
        whose = vault_login.whose(session.auth)
        data = session.get("auth/token/lookup-self", whose, hint=hint).get("data")
    except (Absent, DeniedError) as refused:
        try:
            vault_mount.find(session, path)  # Vault says so to a good token only
        except DeniedError as denied:
            raise (denied if isinstance(refused, Absent) else refused) from None
        return f"a token of {session.peer.whom} that may not look itself up", ""
    data = data if isinstance(data, dict) else {}
    lists = [data.get(name) for name in ("policies", "identity_policies")]
    policies = redaction.names([name for each in lists if isinstance(each, list) for name in each])
    ttl = redaction.number(data.get("ttl"))
    life = f"{ttl} s to live" if ttl not in ("", "0") else "without an end"
    who = redaction.name(data.get("display_name")) or "a token"
    named = policies or "none that can be shown"
    return f"{who} of {session.peer.whom}, policies {named}, {life}", _ending(session, data)


def _ending(session: Session, data: dict[str, object]) -> str:
    """Return what to do about a token of the user's own that ends soon; "" if it does not."""
    period, ttl = redaction.number(data.get("period")), redaction.number(data.get("ttl"))
    is_short = ttl not in ("", "0") and int(ttl) < SOON_S
    if session.auth.method != "token" or not (is_short or period not in ("", "0")):
        return ""
    hint = "credhelper does not renew it: let Vault Agent do so, or log in anew by"
    return f"{hint} {session.auth.key}"


def store_hint(path: str, field: str) -> str:
    """Return the words for KV 1 and 2 alike. https://openbao.org/docs/commands/kv/put/."""
    words = f"{vault_settings.tool()} kv put {shlex.quote(path)} {shlex.quote(field + '=-')}"
    note = "`kv put` drops other fields there, `kv patch` keeps them"
    return f"Store the client secret; this reads it unseen ({note}):\n  ({READ_UNSEEN} | {words})"
