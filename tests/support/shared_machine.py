"""A victim and an attacker on one machine: what each owns, and what may not happen to the one."""

import os
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.servers.counting import TokenServer
from tests.support.supervisor import watched
from tests.support.supervisor.call import Call
from tests.support.supervisor.watched import Ended
from tests.support.users import OTHER, US

SECRET = "the-victims-secret-77e2"
PRECIOUS = (".bashrc", ".netrc", ".vault-token", ".ssh/id_ed25519", ".ssh/.env-0.0123456789abcdef")
_READS = ("read", "pread64", "readv", "getdents64")


@dataclass
class Machine:
    """Folders: the victim's home, one that all may write, a sticky one, and the attacker's own."""

    base: Path
    tokens: TokenServer
    evil: TokenServer
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home, self.shared = self.base / "home", self.base / "shared"
        self.sticky, self.den = self.base / "sticky", self.base / "den"
        for folder, mode in ((self.shared, 0o777), (self.sticky, 0o1777), (self.den, 0o755)):
            folder.mkdir()
            folder.chmod(mode)
        os.chown(self.den, OTHER, OTHER)
        self.own(self.home, "")
        self.own(self.home / ".ssh", "")
        self.own(self.base / "cache", "")
        self.home.chmod(0o755)  # the attacker may come near, and hard link what is there
        for name in PRECIOUS:
            self.own(self.home / name, f"precious {name}")
            os.utime(self.home / name, (1e9, 1e9))
        self.environ = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "CREDHELPER_CACHE_DIR": str(self.base / "cache"),
            "CREDHELPER_TOKEN_URL": self.tokens.url,
            "CREDHELPER_PROVIDER": "itwin",
            "ITWIN_CLIENT_ID": "x",
            "ITWIN_CLIENT_SECRET": SECRET,
        }

    def own(self, path: Path, text: str, user: int = US) -> Path:
        """Make a file, or without a text a folder, that is this user's alone."""
        if text:
            path.write_text(text)
            path.chmod(0o600)
        else:
            path.mkdir(mode=0o700, parents=True)
        os.chown(path, user, user)
        return path

    def config(self, path: Path, url: str, user: int = US) -> Path:
        """Write a config file whose secret goes to that endpoint."""
        text = (
            f'[profiles.p]\ntoken_url = "{url}"\nclient_id = "x"\n'
            'client_secret = "env:ITWIN_CLIENT_SECRET"\n'
        )
        self.own(path, text, user).chmod(0o644)
        return path

    def attack(self, script: str) -> None:
        """Let the attacker run a script; what is refused there is refused."""
        names = {name: str(getattr(self, name)) for name in ("home", "shared", "sticky", "den")}
        subprocess.run(
            ["/bin/sh", "-c", script],
            user=OTHER, group=OTHER, extra_groups=[], check=False, capture_output=True,
            env={**names, "PATH": "/usr/bin:/bin"}, cwd="/",
        )  # fmt: skip

    def run(self, words: tuple[str, ...], at: "dict[int, str]", stops: "list[str]") -> Ended:
        """Run the victim's command; before its n-th call the attacker runs the script `at` n.

        `stops` gets the name and path of each call on the files of this machine.
        """

        def show(call: Call) -> bool:
            if call.where.startswith(f"{self.base}/"):
                if call.name in _READS:
                    self.heed(call)
                if script := at.get(len(stops)):
                    self.attack(script)
                stops.append(f"{call.name} {call.where}")
            return False

        return watched.run(words, is_held=show, environ=self.environ, cwd=self.base, user=US)

    def heed(self, call: Call) -> None:
        """Fail where the victim's process reads what is the victim's and not ours."""
        status = os.stat(f"/proc/{call.pid}/fd/{call.descriptor}")
        assert (status.st_dev, status.st_ino) not in self.inodes(), f"reads {call.where}"

    def inodes(self) -> set[tuple[int, int]]:
        """Return what may not be read: the precious files, and the folders they are in."""
        paths = [self.home, self.home / ".ssh", *(self.home / name for name in PRECIOUS)]
        return {(path.stat().st_dev, path.stat().st_ino) for path in paths}

    def state(self) -> Mapping[str, tuple[object, ...]]:
        """Return what there is in the victim's home, and how it was made."""
        found: dict[str, tuple[object, ...]] = {}
        for path in [self.home, *self.home.rglob("*")]:
            status = path.lstat()
            content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
            found[str(path)] = (status.st_mode, status.st_uid, status.st_ino, content)
        return found

    def strayed(self, stops: "list[str]") -> list[str]:
        """Return the calls that went to where nothing of ours is, whatever came of them.

        A folder of ours may be made below another user's link: folders above it are not judged.
        """
        foreign = f"{self.home}/.ssh/"
        return [stop for stop in stops if foreign in stop and f"{foreign}victim" not in stop]

    def exposed(self) -> list[Path]:
        """Return the files which the attacker may read and which hold the token or the secret."""
        files = [path for path in self.base.rglob("*") if stat.S_ISREG(path.lstat().st_mode)]
        open_to = [p for p in files if p.stat().st_uid == OTHER or p.stat().st_mode & 0o044]
        return [
            path
            for path in open_to
            if b"canary-token" in (data := path.read_bytes()) or SECRET.encode() in data
        ]


def require() -> None:
    """Skip the test where there cannot be two users."""
    if os.geteuid():
        pytest.skip("a second user may not be had here")
    watched.require()
