"""Every test passes through here: no process it starts may leak one of its secrets.

Always: the caches of all processes that a test starts hold none. With `--witness`, strace stands
by: no argument of any program, no environment that we hand to a child, no file and no line on
stderr holds one, however short it lives.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import canary

STRACE = (
    *(
        shutil.which("strace") or "strace",
        "-D",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-y",
        "-v",
        "-xx",
        "-s",
        "65536",
    ),
    *("-e", "signal=none", "-e", "trace=execve,write,writev,pwrite64,clone,clone3,fork,vfork"),
)
END_S = 10.0  # for a tracer to write its last lines
_LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_FILE = re.compile(r"(\d+)<([^>]*)>")
_NO_FILES = (b"socket:", b"TCP", b"UNIX", b"NETLINK", b"pipe:", b"anon_inode:")
_FORKS = ("clone", "clone3", "fork", "vfork")
_WRITES = ("write", "writev", "pwrite64")
_SERVERS = ("-dev-listen-address", "-config=config.hcl", "moto.server")  # theirs are the secrets


@dataclass
class Watched:
    """What one test has started: the environments, and the tracers' files."""

    folder: Path
    environs: list[Mapping[str, str]] = field(default_factory=list)
    traces: list[Path] = field(default_factory=list)

    def prefix(self) -> list[str]:
        """Return the words before a command that have it traced into a new file."""
        self.traces.append(self.folder / f"trace-{len(self.traces)}")
        return [*STRACE, "-o", str(self.traces[-1])]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--witness`."""
    parser.addoption("--witness", action="store_true", help="trace every process of the tests")


@pytest.fixture(autouse=True)
def witness(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Watch all processes that the test starts; in the end fail it for what they leaked."""
    watched = Watched(tmp_path_factory.mktemp("witness"))
    is_tracing = request.config.getoption("--witness") and os.path.isabs(STRACE[0])
    start = subprocess.Popen.__init__

    def watch(self: object, args: Sequence[str] | str, *more: object, **keys: object) -> None:
        environ = keys.get("env")
        if isinstance(environ, Mapping):
            canary.learn_environ(environ)
            watched.environs.append(environ)
        words = [args] if isinstance(args, str) else [str(word) for word in args]
        is_servers = any(server in word for server in _SERVERS for word in words)
        if is_tracing and os.path.basename(words[0]) != "strace" and not is_servers:
            args = [*watched.prefix(), *words]
        start(self, args, *more, **keys)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess.Popen, "__init__", watch)
    yield
    found = [leak for environ in watched.environs for leak in in_cache(environ)]
    for trace in watched.traces:
        found += testimony(read(trace))
    canary.forget()
    shutil.rmtree(watched.folder)
    assert not found, found


def in_cache(environ: Mapping[str, str]) -> list[str]:
    """Return the files of this environment's cache that hold a secret."""
    from credhelper import cache

    where = Path(cache.directory(environ) or "/nowhere")
    files = [path for path in where.glob("*") if path.is_file() and not path.is_symlink()]
    return [str(path) for path in files if canary.found_secrets(path.read_bytes())]


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


def testimony(text: str) -> list[str]:
    """Return what a trace tells of leaks: the channel, and what leaked.

    The first program, its arguments and its environment are the test's own.
    """
    calls = _calls(text)
    # A child may be heard of before the call that made it has returned.
    parents = {result: pid for pid, call, _, result in calls if call in _FORKS}
    found: list[str] = []
    ours: set[str] = set()
    for number, (pid, call, arguments, result) in enumerate(calls):
        if call == "execve" and result == "0":
            words, environ = _split(arguments)
            if number:
                found += [f"argument {leak!r}" for leak in _leaks(words)]
            if _is_of(pid, ours, parents):
                found += [f"environment {leak!r}" for leak in canary.found_secrets(environ)]
            if "credhelper" in os.path.basename(os.path.realpath(_texts(arguments)[0])).decode():
                ours.add(pid)
        elif call in _WRITES and _is_of(pid, ours, parents):
            found += _written(arguments)
    return found


def _calls(text: str) -> list[tuple[str, str, str, str]]:
    """Return process, name, arguments and result of each call, told in one piece."""
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
            whole.append((match[1], match[2], match[3], match[4]))
    return whole


def _is_of(pid: str, ours: set[str], parents: Mapping[str, str]) -> bool:
    """Return whether a process is one of ours, or has one among its ancestors."""
    while pid not in ours:
        if pid not in parents:
            return False
        pid = parents[pid]
    return True


def _written(arguments: str) -> list[str]:
    """Return what a write leaks; stdout is where the token belongs, a socket leads to a server."""
    match = _FILE.match(arguments)
    if match is None or match[1] == "1":
        return []
    data = b"".join(_texts(arguments))
    if match[1] == "2":
        return [f"stderr {leak!r}" for leak in _leaks(data)]
    if _bytes(match[2]).startswith(_NO_FILES):
        return []
    return [f"file {leak!r}" for leak in canary.found_secrets(data)]


def _leaks(data: bytes) -> list[bytes]:
    return canary.found_secrets(data) + canary.found_tokens(data)


def _split(arguments: str) -> tuple[bytes, bytes]:
    """Return the arguments and the environment of an execve, each joined by spaces."""
    words, _, environ = arguments.partition("], [")
    return b" ".join(_texts(words)), b" ".join(_texts(environ))


def _texts(arguments: str) -> list[bytes]:
    return [_bytes(text) for text in _TEXT.findall(arguments)]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
