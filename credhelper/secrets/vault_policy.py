"""The smallest policy of Vault under which one secret can be read, whatever its mount."""

import time
from contextlib import suppress

from credhelper.config.profile import Profile
from credhelper.errors import CredhelperError
from credhelper.secrets import secret
from credhelper.secrets.backends import vault
from credhelper.secrets.vault_mount import Mount
from credhelper.system import deadline

LIMIT_S = 5.0  # for asking: the policy may well be wanted before any login works


def text(chosen: Profile) -> str:
    """Return the policy: for the mount that Vault names, else for each that it may be.

    https://developer.hashicorp.com/vault/docs/secrets/kv/kv-v2#acl-rules
    """
    path = vault.path_of(chosen.client_secret.path, chosen.client_secret.field)
    mount = _asked(chosen)
    if mount:
        return _rule(_place(mount, path))
    first, *further = _readings(path)
    lines = [f"# Vault was not asked: {first.path} is taken to be the mount, KV version 2.\n"]
    lines.append(_rule(_place(first, path)))
    for other in (Mount(first.path, is_v2=False), *further):
        kind = f"KV version {2 if other.is_v2 else 1}"
        lines.append(f'# If {other.path} is the mount, {kind}: path "{_place(other, path)}"\n')
    return "".join(lines)


def _asked(chosen: Profile) -> Mount | None:
    """Return the mount of the secret as Vault names it, None where no login works in time.

    Who applies a policy may see more by VAULT_TOKEN than the profile, which has none yet.
    """
    reference, key = chosen.client_secret, f"profiles.{chosen.name}"
    with_token = {name: value for name, value in chosen.settings.items() if name != "auth"}
    deadline.start(time.monotonic() + LIMIT_S)
    try:
        for each in (chosen.settings, with_token):
            with suppress(CredhelperError):
                settings = secret.settings_of(reference, each, key=key)
                return vault.find_mount(reference.path, reference.field, settings)  # type: ignore[arg-type]
    except deadline.DeadlineExceeded:
        pass  # then all readings are printed
    finally:
        deadline.stop()
    return None


def _readings(path: str) -> list[Mount]:
    """Return each beginning of a path that may be its mount, the shortest first."""
    parts = path.split("/")
    return [Mount("/".join(parts[:end]) + "/", is_v2=True) for end in range(1, len(parts))] or [
        Mount(f"{path}/", is_v2=True)
    ]


def _place(mount: Mount, path: str) -> str:
    return f"{mount.path}{'data/' if mount.is_v2 else ''}{mount.rest(path)}"


def _rule(place: str) -> str:
    return f'path "{place}" {{\n  capabilities = ["read"]\n}}\n'
