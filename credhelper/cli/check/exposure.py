"""Files beside the config that decide or are secret: whether others may change or read them.

`check` only warns: platforms mount such files in many ways, so they are used all the same.
"""

import os
from collections.abc import Iterable, Iterator, Mapping

from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.system import trust

ROOTS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
# What a backend's library reads by itself: variables, and the file if the variable is not set;
# first what decides, then what is secret.
_NAMED: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "aws": (
        {"AWS_CA_BUNDLE": "", "AWS_CONFIG_FILE": "~/.aws/config"},
        {"AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials", "AWS_WEB_IDENTITY_TOKEN_FILE": ""},
    ),
    "vault": (
        dict.fromkeys(("VAULT_CACERT", "VAULT_CAPATH", "BAO_CACERT", "BAO_CAPATH"), ""),
        dict.fromkeys(("VAULT_CLIENT_KEY", "BAO_CLIENT_KEY"), ""),
    ),
}


def of_reference(reference: SecretRef) -> str:
    """Return what to do about the file that a reference names, "" for nothing."""
    return _first(secret=[reference.path] if reference.backend == "file" else [])


def of_roots(profile: Profile) -> str:
    """Return what to do about the roots that the token endpoint is verified with, or ""."""
    values = [profile.ca] if profile.ca else [os.environ.get(name, "") for name in ROOTS]
    return _first(path for value in values for path in value.split(os.pathsep))


def of_backend(profile: Profile) -> str:
    """Return what to do about the files that the backend's settings and variables name, or ""."""
    backend, settings = profile.client_secret.backend, profile.settings
    deciding, secret = (
        [os.environ.get(name) or os.path.expanduser(usual) for name, usual in files.items()]
        for files in _NAMED.get(backend, ({}, {}))
    )
    # With a token in a variable the file is not read.
    if backend == "vault" and not {"VAULT_TOKEN", "BAO_TOKEN"} & os.environ.keys():
        secret.append(os.path.expanduser("~/.vault-token"))
    return _first(
        [settings.get("ca"), settings.get("client_cert"), *deciding],
        [settings.get("client_key"), *_referred(settings), *secret],
    )


def _referred(settings: Mapping[str, object]) -> Iterator[str]:
    """Yield the paths of `file:` references anywhere in a table."""
    for value in settings.values():
        if isinstance(value, Mapping):
            yield from _referred(value)
        elif isinstance(value, str) and value.startswith("file:"):
            yield value.removeprefix("file:")


def _first(deciding: Iterable[object] = (), secret: Iterable[object] = ()) -> str:
    """Return the first problem of the files that exist, with the command that fixes it."""
    for judge, paths in ((trust.fault, deciding), (trust.fault_of_secret, secret)):
        for path in paths:
            if isinstance(path, str) and path.startswith("/") and os.path.exists(path):
                problem, command = judge(path)
                if problem:
                    return f"{problem}: {f'run {command}' if command else 'use a copy of your own'}"
    return ""
