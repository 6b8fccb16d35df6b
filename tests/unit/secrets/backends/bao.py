"""What the tests of the Vault backend share: how a secret is stored, read and refused."""

import json
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from credhelper.config.reference import SecretRef
from credhelper.errors import CredhelperError
from credhelper.secrets import secret
from tests.support.servers.openbao import Asked, OpenBao, Reply, Stub

Environ = Callable[[str, str], None]
StartStub = Callable[[Callable[[Asked], Reply]], Stub]
VALUE = "the-client-secret-5e1f"


def read(reference: str, settings: dict[str, object]) -> str:
    """Return the secret, read as a profile would."""
    parsed = SecretRef.parse(f"vault:{reference}", "k")
    return secret.read(parsed, settings, key="profiles.t").reveal()


def refused(
    kind: type[CredhelperError], reference: str, settings: dict[str, object], *hidden: str
) -> str:
    """Return the one line of a refusal; nothing hidden may stand in it, its chain or its trace."""
    with pytest.raises(CredhelperError) as caught:
        read(reference, settings)
    error: BaseException | None = caught.value
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.line()
    while error is not None:  # also what `from None` only hides
        shown += repr(error) + str(error)
        error = error.__cause__ or error.__context__
    for text in (VALUE, *hidden):
        assert text not in shown
    assert type(caught.value) is kind, shown
    return caught.value.line()


def as_root(bao: OpenBao, clean_environ: Environ, **more: object) -> dict[str, object]:
    """Return settings that reach the server, with its root token in the environment."""
    clean_environ("VAULT_TOKEN", bao.token)
    return {"address": bao.address, **more}


def store(bao: OpenBao, version: int = 2, **values: object) -> str:
    """Store a secret in a new KV engine; return its path."""
    mount = bao.kv(version)
    fields: dict[str, object] = {"k": VALUE, **values}
    place = f"{mount}/data/app" if version == 2 else f"{mount}/app"
    bao.ask("POST", place, {"data": fields} if version == 2 else fields)
    return f"{mount}/app"


def store_for_role(bao: OpenBao) -> tuple[str, str]:
    """Store a secret; return its path and the policy that reads it alone."""
    path = store(bao)
    return path, bao.policy(path.replace("/app", "/data/app"))


def file_ref(folder: Path, text: str) -> str:
    """Return a reference to a new file with this text."""
    path = folder / "role-secret"
    path.write_text(text)
    return f"file:{path}"


def fake_vault(login: str, check: Callable[[Asked], bool]) -> Callable[[Asked], Reply]:
    """Return a Vault of one secret and one login, which `check` grants."""
    mount = {"path": "secret/", "type": "kv", "options": {"version": "1"}}

    def answer(asked: Asked) -> Reply:
        if asked.path == login:
            granted = check(asked)
            body = {"auth": {"client_token": "granted"}} if granted else {"errors": ["no"]}
            return Reply(200 if granted else 403, json.dumps(body))
        if asked.headers.get("X-Vault-Token") != "granted":
            return Reply(403)
        data = mount if "/ui/mounts/" in asked.path else {"k": VALUE}
        return Reply(200, json.dumps({"data": data}))

    return answer
