"""One login to Vault: requests under it, and its end, which takes the token back."""

import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

import hvac
import requests

from credhelper.errors import DeniedError
from credhelper.secrets import vault_login, vault_tls, vault_token, vault_unix
from credhelper.secrets.vault_answer import (
    Absent,
    Moved,
    ask,
    check,
    not_vault,
    nothing,
    refused_login,
)
from credhelper.secrets.vault_settings import Settings, peer_of
from credhelper.secrets.vault_token import variable
from credhelper.system import characters, deadline, http, redaction
from credhelper.system.url import Peer

BODY_LIMIT = 2**20  # Vault's own limit of an entry, which may have more fields than ours
REVOKE_LIMIT_S = 1.0


@dataclass(frozen=True)
class Session:
    """A client that has logged in, how it did, and where it leads."""

    client: hvac.Client
    peer: Peer
    auth: vault_login.Auth

    def get(self, place: str, what: str, *, hint: str = "", version: int = 0) -> dict[str, object]:
        """Return the answer for a place below /v1/. Raises Absent for a 404 without a reason.

        Raises CredhelperError for anything else, its hint the given one where something is refused.
        """
        whose = vault_login.whose(self.auth)
        hint = hint or f"see that {whose} has not ended, and let its policy read {what}"
        parameters = {"version": version} if version else {}
        address = f"/v1/{quote(place)}"
        try:
            return ask(
                lambda: self.client.adapter.get(address, params=parameters),
                what,
                self.peer,
                hint=hint,
            )
        except DeniedError:
            if self.client.token:
                raise
            if self.auth.method == "token":
                raise vault_token.missing(self.peer.whom, self.auth.key) from None
            msg = f"{self.peer.whom} wants a token, and {self.auth.key}.method is none"
            hint = "let the agent add its own: api_proxy { use_auto_auth_token = true }"
            raise DeniedError(msg, hint=hint) from None


@contextmanager
def log_in(settings: Settings) -> Iterator[Session]:
    """Return a session that ends here, however that is. Raises as `vault_answer.ask`, and Moved."""
    peer, socket = peer_of(settings)
    auth = dataclasses.replace(settings.auth, key=f"{settings.key}.auth")  # a default has none
    files = vault_tls.files(
        settings.key,
        ca=settings.ca,
        client_cert=settings.client_cert,
        client_key=settings.client_key,
    )
    client = _client(dataclasses.replace(peer, ca=files["ca"][1]), socket, settings, files)
    login = f"the {auth.method} login"
    hint = refused_login(auth.method, auth.mount, auth.key)
    try:
        ask(
            lambda: vault_login.LOGINS[auth.method](client, auth),
            login,
            peer,
            hint=hint,
        )
    except Absent:
        raise nothing(login, peer, hint) from None
    if not _is_token(client.token):
        raise not_vault(login, peer)
    redaction.hide(client.token)
    session = Session(client, peer, auth)
    if auth.method in ("token", "none"):
        yield session  # nothing of ours to take back
        return
    try:
        yield session
    except (Exception, GeneratorExit):
        _revoke(client)
        raise
    _revoke(client)


def _is_token(value: object) -> bool:
    """Return whether a header can carry it; "" is none at all."""
    return isinstance(value, str) and value.isascii() and not characters.fault(value)


def _revoke(client: hvac.Client) -> None:
    """Take our token back, else it lives on for its time (32 days by default). Raises nothing.

    In a thread, since no time limit of a library bounds the whole; what it costs is bounded, too.
    """

    def act() -> None:
        with contextlib.suppress(Exception):
            client.adapter.post("/v1/auth/token/revoke-self", timeout=REVOKE_LIMIT_S)

    revoking = threading.Thread(target=act, daemon=True)
    revoking.start()
    revoking.join(min(REVOKE_LIMIT_S, deadline.remaining_s() / 4))


def _client(peer: Peer, socket: str, settings: Settings, files: vault_tls.Files) -> hvac.Client:
    """Return a client on our hardened session; nothing is left to hvac's own environment."""
    session = http.open_session(peer, limit=BODY_LIMIT)
    look = partial(_look_for_active, settings)
    session.hooks["response"] = [look, *session.hooks["response"], partial(check, peer=peer)]
    vault_tls.prepare(session, files)
    if socket:
        session.mount("http://", vault_unix.Adapter(socket, peer.key))
    return hvac.Client(
        url=peer.url,
        token="",
        session=session,
        cert=session.cert,
        verify=session.verify,
        timeout=http.TIMEOUT_S,
        allow_redirects=False,
        namespace=settings.namespace or variable("NAMESPACE") or None,
    )


def _look_for_active(settings: Settings, response: requests.Response, **_more: object) -> None:
    """Raise Moved for a redirect to a listed node; any other is refused as everywhere.

    We log in there from the start: nothing else of what the standby says is followed.
    """
    for address in settings.addresses if response.is_redirect else ():
        if response.headers["Location"].startswith(f"{address.rstrip('/')}/v1/"):
            response.close()
            raise Moved(dataclasses.replace(settings, address=address, addresses=()))
