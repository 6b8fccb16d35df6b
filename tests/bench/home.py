"""Empty homes for credhelper: environments in which nothing of the real user's plays a part."""

import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from credhelper import cache
from credhelper.renewal import store
from tests.bench.servers import KEYS, ROOT_TOKEN, SECRET, Servers
from tests.support import slots

# No SSL_CERT_FILE and no REQUESTS_CA_BUNDLE: the system's CA directory is used where there is one.
PATH = os.environ.get("PATH", os.defpath)


@dataclass(frozen=True)
class Home:
    """A home folder and the variables of whoever lives there."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        """The cache directory."""
        return self.folder / ".cache" / "credhelper"

    def drop(self) -> None:
        """Make the next `credhelper get` a cold one."""
        shutil.rmtree(self.cache, ignore_errors=True)

    def age(self) -> None:
        """Move the cached token into its soft window: it still serves, and one caller renews it."""
        slot = slots.of(self.cache, cache.source(self.environ))
        entry = cache.read(slot, self.environ)
        if entry is None:
            raise RuntimeError("there is no cached token")
        entry.renew_at = int(time.time()) - 1
        store.write(slot, entry)

    def litter(self) -> list[str]:
        """Return what does not belong into the cache: all but the entry, the default, the lock."""
        source = cache.source(self.environ)
        entry = slots.name(source)
        kept = {entry, f"{entry}.lock", slots.index_name(source)}
        return sorted(set(os.listdir(self.cache)) - kept)


def make(root: Path, name: str, **environ: str) -> Home:
    """Return an empty home with HOME, PATH and these variables."""
    folder = root / "homes" / name
    folder.mkdir(parents=True)
    return Home(folder, {"HOME": str(folder), "PATH": PATH, **environ})


def of(root: Path, name: str, backend: str, servers: Servers, *, relay: bool = False) -> Home:
    """Return a home that is set up for one backend: env, vault or aws, through a counting relay."""
    vault = servers.vault_relay if relay else servers.vault
    aws = servers.aws_relay if relay else servers.aws
    backends: dict[str, dict[str, str]] = {
        "env": {},
        "vault": {
            "CREDHELPER_CLIENT_SECRET": "vault:secret/bench#client_secret",
            "VAULT_ADDR": f"http://{vault}",
            "VAULT_TOKEN": ROOT_TOKEN,
        },
        "aws": {
            "CREDHELPER_CLIENT_SECRET": "aws:bench",
            "AWS_ENDPOINT_URL": f"http://{aws}",
            **KEYS,
        },
    }
    return make(root, name, **(endpoint(servers.token_url) | backends[backend]))


def endpoint(token_url: str) -> dict[str, str]:
    """Return the settings of the iTwin preset at this endpoint, the secret in the environment."""
    return {
        "CREDHELPER_PROVIDER": "itwin",
        "CREDHELPER_TOKEN_URL": token_url,
        "ITWIN_CLIENT_ID": "service-bench",
        "ITWIN_CLIENT_SECRET": SECRET,
    }
