"""What strace tells of a process and its children: each call in one piece, in the order of time."""

import re
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FORKS = ("clone", "clone3", "fork", "vfork")
WRITES = ("write", "writev", "pwrite64")
# What makes, changes, renames or deletes a file. A `?` where not every processor has the call.
FILES = (
    "?open,openat,?creat,?unlink,unlinkat,?rename,renameat,renameat2,?mkdir,mkdirat,?rmdir,"
    "?symlink,symlinkat,?link,linkat,truncate,ftruncate,?chmod,fchmod,fchmodat,?mknod,mknodat"
)
_CALLS = f"execve,chdir,?{',?'.join([*FORKS, *WRITES])},{FILES}"
STRACE = (
    *(shutil.which("strace") or "strace", "-D", "-f", "--seccomp-bpf", "-qq", "-y", "-v", "-xx"),
    *("-ttt", "-s", "65536", "-e", "signal=none", "-e", f"trace={_CALLS}"),
)
END_S = 10.0  # for a tracer to write its last lines
_LINE = re.compile(r"(\d+) +([\d.]+) (\w+)\((.*)\) += (-?\d+)(?:<([^>]*)>)?")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_RESUMED = re.compile(r"[\d.]+ <\.\.\. \w+ resumed>(.*)")


@dataclass(frozen=True)
class Call:
    """A call that has returned `result`, at `moment` (unix seconds) or a little before.

    `path` is the file of a descriptor that it returned.
    """

    pid: str
    name: str
    arguments: str
    result: str
    moment: float
    path: str = ""


def read(trace: Path) -> str:
    """Return what a tracer wrote, once it has ended."""
    until = time.monotonic() + END_S
    while _is_open(trace) and time.monotonic() < until:
        time.sleep(0.01)
    return trace.read_text() if trace.exists() else ""


def _is_open(trace: Path) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"\0{trace}\0".encode() in (process / "cmdline").read_bytes() + b"\0":
                return True
        except OSError:
            continue
    return False


def calls(text: str) -> list[Call]:
    """Return each call, told in one piece."""
    begun: dict[str, str] = {}
    whole = []
    for line in text.splitlines():
        pid, _, rest = line.partition(" ")
        if rest.endswith("<unfinished ...>"):
            begun[pid] = line.removesuffix("<unfinished ...>")
            continue
        resumed = _RESUMED.fullmatch(rest.strip())
        match = _LINE.match(begun.pop(pid) + resumed[1] if resumed and pid in begun else line)
        if match:
            pid, moment, name, arguments, result, path = match.groups()
            shown = string(path or "").decode(errors="surrogateescape")
            whole.append(Call(pid, name, arguments, result, float(moment), shown))
    return whole


def parents(found: Iterable[Call]) -> dict[str, str]:
    """Return who made each process.

    A child may be heard of before the call that made it has returned.
    """
    return {call.result: call.pid for call in found if call.name in FORKS}


def execution(arguments: str) -> tuple[list[bytes], list[bytes]]:
    """Return what an execve runs with its arguments, and its environment."""
    words, _, environ = arguments.partition("], [")
    return strings(words), strings(environ)


def strings(arguments: str) -> list[bytes]:
    """Return the strings among the arguments of a call."""
    return [string(text) for text in _TEXT.findall(arguments)]


def string(text: str) -> bytes:
    """Return what strace has written in hex."""
    return bytes.fromhex(text.replace("\\x", ""))
