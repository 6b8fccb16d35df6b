"""What Vault answers: an error of ours for each way that a request can fail."""

from collections.abc import Callable

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
from credhelper.system import deadline, http, redaction, unreached
from credhelper.system.url import Peer

# Sealed and standby states of sys/health, and 412 of a replica that lags behind.
_TEMPORARY = frozenset({412, 429, 472, 473})


class Moved(Exception):  # noqa: N818 - no error: we go where it says
    """A standby names a listed node; `args` holds the settings that lead there, and no further."""


class Absent(Exception):  # noqa: N818 - no error yet: only who asked knows what it means
    """Nothing is there, or the right to see it is missing: Vault does not say which."""


def ask(request: Callable[[], object], what: str, peer: Peer, *, hint: str) -> dict[str, object]:
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
        raise _refusal(error, what, peer, hint) from None
    except (AttributeError, KeyError, TypeError, RecursionError):  # hvac accepts any document
        raise not_vault(what, peer) from None
    except Exception as error:  # noqa: BLE001 - requests' own, whose text quotes headers
        raise _unreached(error, peer) from None
    if http.is_deep(answer):
        raise not_vault(what, peer)
    return answer if isinstance(answer, dict) else {}


def check(response: requests.Response, *, peer: Peer, **_settings: object) -> None:
    """Raise for temporary states: hvac's exceptions do not distinguish all of them."""
    status = response.status_code
    if status >= 500 or status in _TEMPORARY:
        state = "is sealed" if b"sealed" in response.content else f"answered {status}"
        wait_s = http.retry_after_s(response.headers.get("Retry-After", ""))
        hint = "unseal it" if state == "is sealed" else "try again later"
        raise TemporaryError(f"{peer.whom} {state}", hint=hint, retry_after_s=wait_s)


def refused_login(method: str, mount: str, key: str) -> str:
    """Return the next step after a login that was refused; `key` is the login's table."""
    if mount.startswith("auth/"):
        return f"leave `auth/` out of {key}.mount"
    where = f"the mount ({mount or method})"
    return f"check in {key} {where}, the role or user, and its secret, which may have ended"


def nothing(what: str, peer: Peer, hint: str = "") -> ConfigError:
    """Return the error for what is not there, or not to be seen."""
    hint = hint or "check path, mount and namespace, and that the policy allows reading it"
    return ConfigError(f"{peer.whom} shows nothing at {what}", hint=hint)


def not_vault(what: str, peer: Peer) -> ProtocolError:
    """Return the error for an answer that is none of Vault's."""
    msg = f"{peer.whom} did not answer {what} as Vault does"
    return ProtocolError(msg, hint=f"check {peer.key}, and look for a proxy in between")


def _missing(error: InvalidPath, what: str, peer: Peer) -> Exception:
    """Return what a 404 means, which has several meanings; metadata show a deleted version."""
    data = error.json.get("data") if isinstance(error.json, dict) else None
    metadata = data.get("metadata") if isinstance(data, dict) else None
    metadata = metadata if isinstance(metadata, dict) else {}
    number = redaction.number(metadata.get("version"))
    version = f"version {number}" if number else "the version"
    if metadata.get("destroyed") is True:
        msg = f"{peer.whom} has destroyed {version} of {what}"
        return ConfigError(msg, hint="store the secret again, or pin another version")
    if metadata.get("deletion_time"):
        moment = redaction.moment(metadata["deletion_time"])
        msg = f"{version} of {what} was deleted" + (f" at {moment}" if moment else "")
        msg += f" in {peer.whom}"
        return ConfigError(msg, hint="undelete it, or store the secret again")
    return Absent()


def _refusal(error: VaultError, what: str, peer: Peer, hint: str) -> Exception:
    """Return the error for what hvac raised, by the status that it stands for."""
    if isinstance(error, InvalidPath):
        return _missing(error, what, peer)
    if isinstance(error, InvalidRequest):
        return DeniedError(f"{peer.whom} refuses {what} (400)", hint=hint)
    if isinstance(error, Forbidden | Unauthorized):
        return _forbidden(error, what, peer, hint)
    return ProtocolError(f"{peer.whom} failed on {what}", hint="see its log")


def _forbidden(error: VaultError, what: str, peer: Peer, hint: str) -> DeniedError:
    """Return the error for a 403. Of a mount, Vault says so to a good token only."""
    if "preflight capability check" not in (error.text or ""):
        return DeniedError(f"{peer.whom} refuses {what} (403)", hint=hint)
    mount = what.partition("/")[0]
    msg = f"{peer.whom} shows our token no mount of {what} (403)"
    hint = f"check that `{mount}/` is mounted, and the namespace; or let its policy read the path"
    return DeniedError(msg, hint=hint)


def _unreached(error: Exception, peer: Peer) -> CredhelperError:
    explained = unreached.explain(error, peer)
    if isinstance(explained, ConfigError) and variable("SKIP_VERIFY"):
        hint = f"{explained.hint} (VAULT_SKIP_VERIFY is not followed)"
        return ConfigError(explained.problem, hint=hint)
    return explained
