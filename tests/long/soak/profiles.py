"""One home with several profiles, and the ways in which callers ask for their tokens."""

import os
import random
from dataclasses import dataclass
from pathlib import Path

from credhelper import cache
from credhelper.renewal import lock, refusal, wait
from credhelper.system import files
from credhelper.token import HARD_S, Entry
from tests.support import slots

PLAIN = ("brief", "early", "usual", "other")
ROTATED, KEPT = "rotated", "kept"
PROFILES = (*PLAIN, ROTATED, KEPT)
# These are renewed before the hard limit: a fifth of so short a life lies below it altogether.
EARLY = ("early", "other", ROTATED)
FRESH, FORGET, LIST = "get --fresh", "forget", "list"
# Weight, words and stdin; {p} is the profile, and its host.
CALLERS = {
    "get": (30, "get {p}", ""),
    "token": (12, "as token {p}", ""),
    "header": (4, "as header {p}", ""),
    "env": (4, "as env {p}", ""),
    "curl": (4, "as curl {p}", ""),
    "kubernetes": (8, "as kubernetes {p}", ""),
    "git": (8, "as git get", "protocol=https\nhost={p}.example.com\n\n"),
    "docker": (8, "as docker get", "{p}.example.com"),
    "bazel": (8, "as bazel get", '{{"uri":"https://{p}.example.com/x"}}'),
    "goauth": (3, "as goauth https://{p}.example.com/m", ""),
    "exec": (6, "exec {p} -- printenv ACCESS_TOKEN", ""),
    LIST: (3, "list", ""),
    FRESH: (0.1, "get {p} --fresh", ""),
    FORGET: (0.1, "forget {p}", ""),
}


@dataclass(frozen=True)
class Home:
    """A home folder. `renew_before_s` is the soft window of the profiles in EARLY.

    `deadline_s` is the time of a whole run; half of it is waited for a holder that hangs.
    """

    folder: Path
    renew_before_s: int
    deadline_s: int

    @property
    def environ(self) -> dict[str, str]:
        """The variables of all callers but the secret."""
        return {"HOME": str(self.folder), "PATH": os.environ["PATH"], "PYTHONWARNINGS": "error"}

    @property
    def where(self) -> Path:
        """The cache directory."""
        return self.folder / ".cache" / "credhelper"

    def furnish(self, token_url: str) -> None:
        """Write the config file."""
        tables = []
        for name in PROFILES:
            reference = f"file:{self.folder}/secret" if name == ROTATED else "env:SOAK_SECRET"
            lines = [f"[profiles.{name}]", f'token_url = "{token_url}"', f'client_id = "{name}"']
            lines += [f'client_secret = "{reference}"', f'hosts = ["{name}.example.com"]']
            lines += [f'deadline = "{self.deadline_s}s"']
            if name in EARLY:
                lines.append(f'renew_before = "{self.renew_before_s}s"')
            tables.append("\n".join(lines))
        path = self.folder / ".config" / "credhelper" / "config.toml"
        path.parent.mkdir(parents=True)
        files.write(str(path), "\n\n".join([*tables, ""]).encode())

    def rotate(self, secret: str) -> None:
        """Put another secret into the file of the rotated profile."""
        files.write(str(self.folder / "secret"), secret.encode())

    def entry(self, profile: str) -> Entry | None:
        """Return the profile's cached entry."""
        return cache.read(slots.of(self.where, cache.source(self.environ), profile), self.environ)

    @property
    def patience_s(self) -> float:
        """For how long a caller waits before it asks although another one does."""
        return min(wait.PATIENCE_S, self.deadline_s / 2)

    def cover_s(self, profile: str, life_s: int) -> float:
        """Return for how long a token of that life should spare its profile another request."""
        soft_s = min(self.renew_before_s, 0.9 * life_s) if profile in EARLY else 0.2 * life_s
        return life_s - max(HARD_S, soft_s)

    def strays(self) -> list[str]:
        """Return the names in the cache that are no entry, index, marker or lock of a profile."""
        source = cache.source(self.environ)
        entries = [slots.name(source, name) for name in (cache.INDEX_NAME, *PROFILES)]
        ends = ("", lock.SUFFIX, lock.SECOND, refusal.SUFFIX)
        kept = {entry + end for entry in entries for end in ends}
        return sorted(set(os.listdir(self.where)) - kept)


def choose(dice: random.Random) -> tuple[str, str]:
    """Return a caller's name and a profile."""
    weights = [weight for weight, _words, _stdin in CALLERS.values()]
    return dice.choices(list(CALLERS), weights)[0], dice.choice([*PLAIN, ROTATED])


def command(caller: str, profile: str) -> tuple[list[str], str]:
    """Return a caller's words and its stdin."""
    _weight, words, stdin = CALLERS[caller]
    return words.format(p=profile).split(), stdin.format(p=profile)
