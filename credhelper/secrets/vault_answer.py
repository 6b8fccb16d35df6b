"""What Vault answers: an error of ours for each way that a request can fail."""

from collections.abc import Callable
from dataclasses import dataclass

import requests
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, Unauthorized, VaultError

from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.secrets.vault_token import variable
from credhelper.system import deadline, http, redaction, unreached, url

READ_HINT = "renew the Vault token or role secret, and let its policy read the path"
# Sealed and standby states of sys/health, and 412 of a replica that lags behind.
_TEMPORARY = frozenset({412, 429, 472, 473})


@dataclass(frozen=True)
class Peer:
    """Where Vault is: `url` for requests, `host` for sentences; `key` names it in the config.

    `socket` is the path of a socket, "" for none; `proxy` is the config's own.
    """

    url: str
    host: str
    key: str
    socket: str = ""
    proxy: str = ""

    @property
    def whom(self) -> str:
        """The role and the address, for an error."""
        return f"Vault at {self.host if self.socket else url.place_of(self.url)}"


class Moved(Exception):  # noqa: N818 - no error: we go where it says
    """A standby names a listed node; `args` holds the settings that lead there, and no further."""


class Absent(Exception):  # noqa: N818 - no error yet: only who asked knows what it means
    """Nothing is there, or the right to see it is missing: Vault does not say which."""


def ask(
    request: Callable[[], object], what: str, peer: Peer, *, hint: str = READ_HINT
) -> dict[str, object]:
    """Return Vault's answer as a dict. Errors are ours, without Vault's or hvac's text.

    Raises Moved, and Absent for a 404 that says no more; `hint` is the next step after a refusal.
    """
    try:
        with deadline.waiting_for(peer.whom):
            answer = request()
    except ProtocolError as error:
        raise ProtocolError(f"{error.problem} for {what}", hint=error.hint) from None
    except (CredhelperError, Moved):
        raise
    except VaultError as error:
        raise _refusal(error, what, peer.host, hint) from None
    except (AttributeError, KeyError, TypeError, RecursionError):  # hvac accepts any document
        raise not_vault(what, peer.host) from None
    except Exception as error:  # noqa: BLE001 - requests' own, whose text quotes headers
        raise _unreached(error, peer) from None
    if http.is_deep(answer):
        raise not_vault(what, peer.host)
    return answer if isinstance(answer, dict) else {}


def check(response: requests.Response, **_settings: object) -> None:
    """Raise for temporary states: hvac's exceptions do not distinguish all of them."""
    status = response.status_code
    if status >= 500 or status in _TEMPORARY:
        host = url.host_of(response.url)
        state = "is sealed" if b"sealed" in response.content else f"answered {status}"
        wait_s = http.retry_after_s(response.headers.get("Retry-After", ""))
        hint = "unseal it" if state == "is sealed" else "try again later"
        raise TemporaryError(f"Vault at {host} {state}", hint=hint, retry_after_s=wait_s)


def refused_login(method: str, mount: str) -> str:
    """Return the next step after a login that was refused."""
    if mount.startswith("auth/"):
        return "leave `auth/` out of vault.auth.mount"
    where = f"the mount ({mount or method})"
    return (
        f"check {where}, the role or user, and the role secret, which may have ended, of vault.auth"
    )


def nothing(what: str, host: str, hint: str = "") -> ConfigError:
    """Return the error for what is not there, or not to be seen."""
    hint = hint or "check path, mount and namespace, and that the policy allows reading it"
    return ConfigError(f"{host} shows nothing at {what}", hint=hint)


def not_vault(what: str, host: str) -> ProtocolError:
    """Return the error for an answer that is none of Vault's."""
    msg = f"{host} did not answer {what} as Vault does"
    return ProtocolError(msg, hint="check the address, and for a proxy in between")


def _missing(error: InvalidPath, what: str, host: str) -> Exception:
    """Return what a 404 means, which has several meanings; metadata show a deleted version."""
    data = error.json.get("data") if isinstance(error.json, dict) else None
    metadata = data.get("metadata") if isinstance(data, dict) else None
    metadata = metadata if isinstance(metadata, dict) else {}
    number = redaction.number(metadata.get("version"))
    version = f"version {number}" if number else "the version"
    if metadata.get("destroyed") is True:
        msg = f"{version} of {what} at {host} is destroyed"
        return ConfigError(msg, hint="store the secret again, or pin another version")
    if metadata.get("deletion_time"):
        moment = redaction.moment(metadata["deletion_time"])
        msg = f"{version} of {what} at {host} was deleted" + (f" at {moment}" if moment else "")
        return ConfigError(msg, hint="undelete it, or store the secret again")
    return Absent()


def _refusal(error: VaultError, what: str, host: str, hint: str) -> Exception:
    """Return the error for what hvac raised, by the status that it stands for."""
    if isinstance(error, InvalidPath):
        return _missing(error, what, host)
    if isinstance(error, InvalidRequest):
        return DeniedError(f"Vault at {host} refuses {what} (400)", hint=hint)
    if isinstance(error, Forbidden | Unauthorized):
        return _forbidden(error, what, host, hint)
    return ProtocolError(f"Vault at {host} failed on {what}", hint="see its log")


def _forbidden(error: VaultError, what: str, host: str, hint: str) -> DeniedError:
    """Return the error for a 403. Of a mount, Vault says so to a good token only."""
    if "preflight capability check" not in (error.text or ""):
        return DeniedError(f"Vault at {host} refuses {what} (403)", hint=hint)
    mount = what.partition("/")[0]
    msg = f"Vault at {host} shows its token no mount of {what} (403)"
    hint = f"check that `{mount}/` is mounted, and the namespace; or let its policy read the path"
    return DeniedError(msg, hint=hint)


def _unreached(error: Exception, peer: Peer) -> CredhelperError:
    explained = unreached.explain(
        error, whom=peer.whom, url=peer.url, key=peer.key, proxy=peer.proxy
    )
    if isinstance(explained, ConfigError) and variable("SKIP_VERIFY"):
        hint = f"{explained.hint} (VAULT_SKIP_VERIFY is not followed)"
        return ConfigError(explained.problem, hint=hint)
    return explained
