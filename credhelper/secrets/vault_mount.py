"""A KV engine of Vault: where it is mounted, which version it is, and what lies in it."""

from dataclasses import dataclass

from credhelper.errors import ConfigError, DeniedError
from credhelper.secrets.vault_answer import Absent, not_vault, nothing
from credhelper.secrets.vault_session import Session
from credhelper.system import redaction


@dataclass(frozen=True)
class Mount:
    """Where the mount of a path ends, with its slash: the beginning of that path itself."""

    path: str
    is_v2: bool

    def rest(self, path: str) -> str:
        """Return what follows the mount."""
        return path.removeprefix(self.path)


def find(session: Session, path: str) -> Mount:
    """Return the mount that a path lies in. Raises CredhelperError."""
    try:
        answer = session.get(f"sys/internal/ui/mounts/{path}", path)
    except (Absent, DeniedError) as error:
        if path.startswith("v1/"):
            hint = f"leave `v1/` out: write vault:{path.removeprefix('v1/')}"
            raise nothing(path, session.peer, hint) from None
        if isinstance(error, Absent):
            raise nothing(path, session.peer) from None
        raise
    data = answer.get("data")
    mount = data.get("path") if isinstance(data, dict) else None
    # Only where our own path begins so: nothing of a server's text goes further.
    if not isinstance(data, dict) or not isinstance(mount, str) or not mount:
        raise not_vault(path, session.peer)
    if not f"{path}/".startswith(f"{mount.rstrip('/')}/"):
        raise not_vault(path, session.peer)
    mount = f"{mount.rstrip('/')}/"
    if data.get("type") not in ("kv", "generic"):
        raise ConfigError(f"{mount} is no KV mount", hint="name a path in a KV engine")
    options = data.get("options")
    return Mount(mount, isinstance(options, dict) and options.get("version") == "2")


def read(session: Session, mount: Mount, path: str, version: int) -> dict[str, object]:
    """Return what a path of the mount has; of KV 2 its `data` and its `metadata`.

    `version` 0 is the newest. Raises CredhelperError.
    """
    rest = mount.rest(path)
    place = f"{mount.path}data/{rest}" if mount.is_v2 else f"{mount.path}{rest}"
    hint = _api_hint(mount, rest)
    try:
        data = session.get(place, path, hint=hint, version=version).get("data")
    except DeniedError as error:
        raise (ConfigError(error.problem, hint=hint) if hint else error) from None
    except Absent:
        if version and not hint:
            raise _no_version(session, mount, path, version) from None
        raise nothing(path, session.peer, hint) from None
    if not isinstance(data, dict):
        raise not_vault(path, session.peer)
    return data


def newest(data: dict[str, object]) -> int:
    """Return the number of the version that KV 2 has sent, 0 if it sends none."""
    metadata = data.get("metadata")
    number = metadata.get("version") if isinstance(metadata, dict) else 0
    return number if isinstance(number, int) else 0


def _api_hint(mount: Mount, rest: str) -> str:
    """Return the next step for a path as the API, a policy or the UI has it, else ""."""
    part, _slash, inner = rest.partition("/")
    if not (mount.is_v2 and inner and part in ("data", "metadata")):
        return ""
    return f"leave out `{part}/`: {mount.path} is KV version 2, so write vault:{mount.path}{inner}"


def _no_version(session: Session, mount: Mount, path: str, version: int) -> ConfigError:
    """Return the error for a pinned version that is not there: it says which is."""
    data = read(session, mount, path, 0)
    known = redaction.number(newest(data))
    msg = f"{session.peer.whom} has no version {version} of {path}"
    return ConfigError(msg, hint=f"the newest is {known}; correct ?version=")
