"""What a process may inherit, factor by factor, and how one is started in such a state."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.covering_array import Row

# Settings of the environment; an empty value is no variable.
PYTHONS = {
    "none": {},
    "path": {"PYTHONPATH": ":/nonexistent"},
    "home": {"PYTHONHOME": sys.base_prefix},
    "pycache": {"PYTHONPYCACHEPREFIX": "{base}/elsewhere"},
    "inspect": {"PYTHONINSPECT": "1", "PYTHONOPTIMIZE": "2"},
    "warnings": {"PYTHONWARNINGS": "error"},
    "develop": {"PYTHONDEVMODE": "1", "PYTHONTRACEMALLOC": "5"},
    "streams": {"PYTHONIOENCODING": "ascii", "PYTHONUNBUFFERED": "1"},
}
RESOLVERS = {
    "none": {},
    "long": {"RES_OPTIONS": "timeout:30 attempts:9", "LOCALDOMAIN": "a b c"},
    "odd": {"RES_OPTIONS": "\t:::"},
}
LOCALES = {
    "none": {},
    "C": {"LC_ALL": "C"},
    "UTF-8": {"LC_ALL": "C.UTF-8"},
    "odd": {"LANG": "POSIX", "LC_ALL": "xx_YY.nothing", "LANGUAGE": "\udcff", "TZ": ":/nowhere"},
}
HOMES = {
    "usual": {"HOME": "{base}/home"},
    "none": {},
    "odd": {"HOME": "relative/~"},
    "absent": {"HOME": "/nonexistent/home", "TMPDIR": "/nonexistent"},
    "file": {"HOME": "/dev/null", "TMPDIR": "relative"},
}
FACTORS = {
    "signals": ("none", "block ALRM", "block all", "ignore CHLD", "ignore all", "both all"),
    "alarm": ("none", "soon", "late"),
    "limit": ("none", "NOFILE", "CORE", "FSIZE", "NPROC", "AS"),
    "closed": ("none", "0", "1", "2", "012", "none blocks"),
    "umask": ("0", "77", "177", "777"),
    "place": ("usual", "deleted", "unreadable", "hostile"),
    "python": tuple(PYTHONS),
    "resolver": tuple(RESOLVERS),
    "locale": tuple(LOCALES),
    "home": tuple(HOMES),
    "system": ("usual", "first process", "no /proc"),
}
ENVIRONMENTS = {"python": PYTHONS, "resolver": RESOLVERS, "locale": LOCALES, "home": HOMES}
# Put there for whoever imports from where it stands; the canary tells.
HOSTILE = ("json", "logging", "credhelper/__init__", "requests", "ssl", "tomllib", "socket")
_CANARY = "open({!r}, 'a').write(__name__)\nraise SystemExit(99)\n"

_ENTER = r"""
import json, os, resource, signal, sys, tempfile
row, command = json.loads(sys.argv[1]), sys.argv[2:]
how, _, which = row["signals"].partition(" ")
keep = {signal.SIGKILL, signal.SIGSTOP}
each = {s for s in signal.valid_signals() if s not in keep} if which == "all" else (
    {getattr(signal, "SIG" + which)} if which else set())
if how in ("ignore", "both"):
    for number in each:
        signal.signal(number, signal.SIG_IGN)
limits = {"NOFILE": 24, "CORE": 0, "FSIZE": 0, "NPROC": 3, "AS": 600 << 20}
if row["limit"] in limits:
    name = getattr(resource, "RLIMIT_" + row["limit"])
    resource.setrlimit(name, (limits[row["limit"]],) * 2)
place = row["folder"]
if row["place"] == "deleted":
    place = tempfile.mkdtemp(dir=place)
os.chdir(place)
if row["place"] == "deleted":
    os.rmdir(place)
if row["place"] == "unreadable":
    os.chmod(place, 0)
if how in ("block", "both"):
    signal.pthread_sigmask(signal.SIG_BLOCK, each)
if row["alarm"] != "none":
    signal.setitimer(signal.ITIMER_REAL, 1 if row["alarm"] == "soon" else 60)
os.umask(int(row["umask"], 8))
for number in filter(str.isdigit, row["closed"]):
    os.close(int(number))
if row["closed"] == "none blocks":
    for number in range(3):
        os.set_blocking(number, False)
os.environb.clear()
os.environ.update(row["environ"])
os.execv(command[0], command)
"""
_WITHIN = {
    "usual": (),
    "first process": ("unshare", "--pid", "--fork", "--kill-child"),
    "no /proc": ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc; exec "$@"', "sh"),
}


def possible() -> dict[str, tuple[str, ...]]:
    """Return the factors as far as this machine lets a process be put in such a state."""
    allowed = [name for name, words in _WITHIN.items() if not words or _may(words)]
    return {**FACTORS, "system": tuple(allowed)}


def _may(words: tuple[str, ...]) -> bool:
    if shutil.which(words[0]) is None:
        return False
    done = subprocess.run([*words, "true"], check=False, capture_output=True)
    return not done.returncode and not done.stderr


def starts(row: Row) -> bool:
    """Return whether Python starts at all: a relative path of imports needs a current directory."""
    return row["python"] != "path" or row["place"] != "deleted"


def environ(row: Row, base: Path) -> dict[str, str]:
    """Return the variables of a state."""
    found = {"PATH": os.environ["PATH"]}
    for factor, table in ENVIRONMENTS.items():
        found |= {name: text.format(base=base) for name, text in table[row[factor]].items()}
    return found


def command(row: Row, base: Path, environ: Mapping[str, str], words: list[str]) -> list[str]:
    """Return the words that run a command in a state; `base` has the folders that it is about."""
    folder = base / row["place"]
    folder.mkdir(parents=True, exist_ok=True)
    if row["place"] == "hostile":
        for name in HOSTILE:
            path = folder / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(_CANARY.format(str(base / "canary")))
    told = json.dumps({**row, "folder": str(folder), "environ": dict(environ)})
    return [*_WITHIN[row["system"]], sys.executable, "-I", "-S", "-c", _ENTER, told, *words]
