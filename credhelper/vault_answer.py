"""What Vault answers: an error of ours for each way that a request can fail."""

from collections.abc import Callable

import requests
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, Unauthorized, VaultError

from credhelper import transport, url
from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)

# Sealed and standby states of sys/health, and 412 of a replica that lags behind.
_TEMPORARY = frozenset({412, 429, 472, 473})


class Moved(Exception):  # noqa: N818 - no error: we go where it says
    """A standby names a listed node; `args` holds the settings that lead there, and no further."""


def ask(request: Callable[[], object], what: str, host: str) -> dict[str, object]:
    """Return Vault's answer as a dict. Errors are ours, without Vault's or hvac's text."""
    try:
        answer = request()
    except (CredhelperError, Moved):
        raise
    except InvalidPath as error:
        raise _missing(error, what, host) from None
    except (Forbidden, Unauthorized):
        msg = f"Vault at {host} refuses {what} (403)"
        hint = "renew the Vault token or role secret, and let its policy read the path"
        raise DeniedError(msg, hint=hint) from None
    except InvalidRequest:
        msg = f"Vault at {host} refuses {what} (400)"
        hint = "check method, mount, role and role secret of vault.auth"
        raise DeniedError(msg, hint=hint) from None
    except VaultError:
        raise ProtocolError(f"Vault at {host} failed on {what}", hint="see its log") from None
    except (AttributeError, KeyError, TypeError, RecursionError):  # hvac reads whatever it got
        raise _not_vault(what, host) from None
    except Exception as error:  # noqa: BLE001 - requests' own, whose text quotes headers
        raise transport.explain(error, url=f"https://{host}") from None
    if transport.is_deep(answer):
        raise _not_vault(what, host)
    return answer if isinstance(answer, dict) else {}


def check(response: requests.Response, **_settings: object) -> None:
    """Raise for the states that pass: hvac's exceptions do not tell all of them apart."""
    status = response.status_code
    if status >= 500 or status in _TEMPORARY:
        host = url.host_of(response.url)
        state = "is sealed" if b"sealed" in response.content else f"answered {status}"
        wait_s = transport.retry_after_s(response.headers.get("Retry-After", ""))
        hint = "unseal it" if state == "is sealed" else "try again later"
        raise TemporaryError(f"Vault at {host} {state}", hint=hint, retry_after_s=wait_s)


def _missing(error: InvalidPath, what: str, host: str) -> ConfigError:
    """Return our error for a 404, which has several meanings; metadata tells a deleted version."""
    data = error.json.get("data") if isinstance(error.json, dict) else None
    metadata = data.get("metadata") if isinstance(data, dict) else None
    metadata = metadata if isinstance(metadata, dict) else {}
    deleted, version = metadata.get("deletion_time"), metadata.get("version")
    if metadata.get("destroyed") is True:
        msg = f"version {version} of {what} at {host} is destroyed"
        return ConfigError(msg, hint="store the secret again, or pin another version")
    if isinstance(deleted, str) and deleted:
        msg = f"version {version} of {what} at {host} was deleted at {deleted[:19]}Z"  # no fraction
        return ConfigError(msg, hint="undelete it, or store the secret again")
    hint = "check path, mount and namespace, and that the policy allows reading it"
    return ConfigError(f"{host} shows nothing at {what}", hint=hint)


def _not_vault(what: str, host: str) -> ProtocolError:
    msg = f"{host} did not answer {what} as Vault does"
    return ProtocolError(msg, hint="check the address, and for a proxy in between")
