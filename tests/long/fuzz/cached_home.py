"""A user's home with one profile, the token of which is in the cache."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from credhelper.config import load
from credhelper.errors import ConfigError
from credhelper.renewal import store
from credhelper.token import Entry, Token
from tests.long.fuzz import isolated
from tests.support import slots
from tests.support.transcript import HOSTS

_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where a sync costs nothing
GRANTS = ("", "sts")
# In the middle of a minute that is told to the kubelet, so that two answers are the same.
LIFE_S = 3600


def fixed(folder: str) -> dict[str, str]:
    """Return the variables that no example may have otherwise."""
    return {
        "HOME": folder,
        "CREDHELPER_CONFIG": "",
        "CREDHELPER_CACHE_DIR": folder,
        "CREDHELPER_TOKEN_URL": f"{isolated.ADDRESS}/token",
        "CREDHELPER_CLIENT_SECRET": "env:CLIENT_SECRET",
        "CREDHELPER_CLIENT_ID": "app",
        "CREDHELPER_HOSTS": HOSTS,
        "CREDHELPER_STS_ROLE_ARN": "arn:aws:iam::123456789012:role/r",
        "CREDHELPER_CA": "",
    }


@contextmanager
def lived_in(given: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield an environment; files that a caller names lie in the home, too."""
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        environ = {
            name: f"{folder}/out" if name.endswith("_FILE") else value
            for name, value in given.items()
            if not name.startswith(("AWS_", "XDG_"))
        }
        environ |= {name: value for name, value in fixed(folder).items() if value}
        environ.pop("CREDHELPER_CONFIG", None)
        environ.pop("CREDHELPER_CA", None)
        yield environ


def keep(environ: Mapping[str, str], access_token: str) -> None:
    """Store the token of the profile `env`, and AWS keys as another, if the profile is a good one.

    The keys are the token three times and an account.
    """
    try:
        profiles = load.profiles(environ)
        identity = profiles.get("env").identity()
    except ConfigError:
        return
    now = int(time.time())
    for grant in GRANTS:
        packed = "~".join([access_token] * 3 + ["123456789012"]) if grant else access_token
        entry = Entry(
            Token(packed, token_type="Bearer", expires_at=now + LIFE_S, scope=""),
            stamp=profiles.source.stamp,
            identity=identity,
            stored_at=now,
            renew_at=now + LIFE_S - 60,
            conditions={},
        )
        store.write(slots.of(environ["CREDHELPER_CACHE_DIR"], profiles.source, "env", grant), entry)
