"""Rows of Vault's troubles, OpenBao's where it has them, and a stub's where it has not.

Further logins, KV versions and settings: `tests/unit/secrets/backends/test_vault.py`.
"""

import json
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Box
from tests.support.canary import leaks
from tests.support.outcomes import SLACK_S, drop, failed, served
from tests.support.servers.counting import TokenServer
from tests.support.servers.openbao import Asked, OpenBao, Reply, Stub

pytestmark = [pytest.mark.xdist_group("openbao"), pytest.mark.slow]
StartStub = Callable[[Callable[[Asked], Reply]], Stub]
TOKEN = "hvs.made-up-for-vault-77"


def configure(box: Box, tokens: TokenServer, bao: OpenBao | Stub, path: str, **table: str) -> None:
    """Let the client secret live at a path there."""
    address = bao.address if isinstance(bao, OpenBao) else bao.url
    box.environ.setdefault("VAULT_TOKEN", bao.token if isinstance(bao, OpenBao) else TOKEN)
    settings = "".join(f'{name} = "{value}"\n' for name, value in table.items())
    box.config(
        f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "x"\ndeadline = "8s"\n'
        f'client_secret = "vault:{path}#s"\n'
        f'[profiles.p.vault]\naddress = "{address}"\n{settings}'
    )


@pytest.fixture
def path(openbao: OpenBao) -> str:
    """Return the path of a new secret, which has two versions."""
    name = secrets.token_hex(4)
    for value in ("made-up-secret-value-1", "made-up-secret-value-2"):
        openbao.store(name, {"s": value})
    return f"secret/{name}"


def cells(box: Box, status: int, *words: str) -> None:
    """Check a row's cells; Vault's token is in no line and no file."""
    served(box)
    line = failed(box, status, *words)
    kept = b"".join(each.read_bytes() for each in box.cache.iterdir())
    assert not leaks(line.encode() + kept, box.environ["VAULT_TOKEN"])


def test_sealed(box: Box, tokens: TokenServer, openbao_sealed: OpenBao) -> None:
    """Temporary, and called sealed."""
    configure(box, tokens, openbao_sealed, "secret/app", ca=openbao_sealed.ca)
    cells(box, 75, "Vault at 127.0.0.1:", " is sealed; unseal it")
    assert tokens.count == 0


@pytest.mark.parametrize("status", [412, 429, 472, 473, 500])
def test_a_passing_state(box: Box, tokens: TokenServer, stub: StartStub, status: int) -> None:
    """Three tries, within the budget; Vault's words are not shown."""
    at_once = {"Retry-After": "0"}  # spares the test our own pauses
    vault = stub(lambda _asked: Reply(status, '{"errors": ["canary-page"]}', at_once))
    configure(box, tokens, vault, "secret/app")
    served(box)
    before = len(vault.asked)
    failed(box, 75, "Vault at 127.0.0.1:", f" answered {status}")
    assert len(vault.asked) - before == 3
    assert tokens.count == 0


def test_a_wait_that_does_not_fit(box: Box, tokens: TokenServer, stub: StartStub) -> None:
    """A quota's Retry-After beyond the budget ends the run at once."""
    vault = stub(lambda _asked: Reply(429, headers={"Retry-After": "60"}))
    configure(box, tokens, vault, "secret/app")
    started = time.monotonic()
    served(box, limit_s=0)
    failed(box, 75, "answered 429")
    assert time.monotonic() - started < SLACK_S
    assert len(vault.asked) == 2


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_to_another_node(
    box: Box, tokens: TokenServer, stub: StartStub, status: int
) -> None:
    """Config: the node is asked nothing, so our token goes nowhere else."""
    active = stub(lambda _asked: Reply())
    moved = active.url.replace("127.0.0.1", "localhost")
    vault = stub(lambda asked: Reply(status, headers={"Location": f"{moved}{asked.path}"}))
    configure(box, tokens, vault, "secret/app")
    cells(
        box,
        78,
        "Vault at 127.0.0.1:",
        " redirects to another host, and a redirect is never followed",
    )
    assert (len(vault.asked), active.asked) == (2, [])


def list_nodes(box: Box, *addresses: str) -> Path:
    """Name further nodes in the config; return its path."""
    config = box.home / ".config" / "credhelper" / "config.toml"
    return box.config(f"{config.read_text()}addresses = {json.dumps(addresses)}\n")


def test_a_redirect_to_a_listed_node(
    box: Box, tokens: TokenServer, openbao: OpenBao, stub: StartStub, path: str
) -> None:
    """It is logged in to from the start, by `get` as by `check`; but it sends us no further."""
    standby = stub(lambda _asked: Reply(307, headers={"Location": f"{openbao.address}/v1/x/y"}))
    box.environ["VAULT_TOKEN"] = openbao.token
    configure(box, tokens, standby, path)
    config = list_nodes(box, "https://127.0.0.1:1", f"{openbao.address}/")
    assert box.run("get").token() == "canary-token-1"
    assert len(standby.asked) == 1
    assert box.run("check").status == 0
    config.write_text(config.read_text().replace(f"{openbao.address}/", f"{openbao.address}0"))
    line = box.run("get").refused(78)
    assert re.search(r"Vault at 127\.0\.0\.1:\d+ redirects to another place", line)


def test_two_nodes_that_name_each_other(box: Box, tokens: TokenServer, stub: StartStub) -> None:
    """One hop, then config: no circle."""
    urls: list[str] = []
    nodes = [
        stub(lambda asked: Reply(307, headers={"Location": f"{urls[1]}{asked.path}"})),
        stub(lambda asked: Reply(307, headers={"Location": f"{urls[0]}{asked.path}"})),
    ]
    urls += [node.url for node in nodes]
    configure(box, tokens, nodes[0], "secret/app")
    list_nodes(box, *urls)
    cells(box, 78, "Vault at 127.0.0.1:", " redirects to another place")
    assert [len(node.asked) for node in nodes] == [2, 2]


def test_403_of_a_token_that_never_was(
    box: Box, tokens: TokenServer, openbao: OpenBao, path: str
) -> None:
    """Denied, and the token is not echoed."""
    box.environ["VAULT_TOKEN"] = TOKEN
    configure(box, tokens, openbao, path)
    cells(box, 77, f"refuses {path} (403)", "the token of VAULT_TOKEN has not ended")


def test_403_of_a_token_that_has_expired(
    box: Box, tokens: TokenServer, openbao: OpenBao, path: str
) -> None:
    """It worked, and after its life it is denied."""
    policy = openbao.policy(path.replace("secret/", "secret/data/"))
    wish: dict[str, object] = {"policies": [policy], "ttl": "1s", "explicit_max_ttl": "1s"}
    made = openbao.ask("POST", "auth/token/create", wish)["auth"]["client_token"]
    box.environ["VAULT_TOKEN"] = made
    configure(box, tokens, openbao, path)
    assert box.run("get").token() == "canary-token-1"
    drop(box)
    time.sleep(1.1)
    cells(box, 77, f"refuses {path} (403)", "the token of VAULT_TOKEN has not ended")
    assert tokens.count == 1


def test_404_of_no_path(box: Box, tokens: TokenServer, openbao: OpenBao, path: str) -> None:
    """Config: Vault hides whether the path or the right is missing, and the hint names both."""
    configure(box, tokens, openbao, f"{path}x")
    cells(
        box,
        78,
        "Vault at 127.0.0.1:",
        f" shows nothing at {path}x",
        "path, mount and namespace",
        "policy",
    )


def test_404_of_no_namespace(box: Box, tokens: TokenServer, openbao: OpenBao, path: str) -> None:
    """The same words: Vault answers as if nothing were at the path."""
    configure(box, tokens, openbao, path, namespace="nowhere")
    cells(
        box,
        78,
        "Vault at 127.0.0.1:",
        f" shows nothing at {path}",
        "path, mount and namespace",
        "policy",
    )


def test_403_of_no_mount(box: Box, tokens: TokenServer, openbao: OpenBao, path: str) -> None:
    """A wrong mount is no 404, also for root: Vault does not tell it from a missing right."""
    configure(box, tokens, openbao, path.replace("secret/", "nowhere/"))
    cells(box, 77, "(403)", "let its policy read the path")


def test_404_of_a_deleted_version(
    box: Box, tokens: TokenServer, openbao: OpenBao, path: str
) -> None:
    """Its number and time are told, and the version before is not used silently."""
    openbao.ask("DELETE", path.replace("secret/", "secret/data/"))
    configure(box, tokens, openbao, path)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    cells(
        box,
        78,
        f"version 2 of {path} was deleted at {day}T",
        "in Vault at 127.0.0.1:",
        "undelete it",
    )
    assert tokens.count == 0
