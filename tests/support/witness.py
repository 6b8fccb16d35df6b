"""Every test passes through here: no process it starts may leak one of its secrets.

Always: the caches of all processes that a test starts hold none. With `--witness`, strace stands
by: no argument of any program, no environment that we hand to a child, no file and no line on
stderr holds one, however short it lives; and what is made, changed or deleted is ours: `written`.
"""

import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support import canary, trace, written
from tests.support.trace import STRACE, Call

_FILE = re.compile(r"(\d+)<([^>]*)>")
_NO_FILES = (b"socket:", b"TCP", b"UNIX", b"NETLINK", b"pipe:", b"anon_inode:")
_SERVERS = ("-dev-listen-address", "-config=config.hcl", "moto.server")  # theirs are the secrets


@dataclass
class Watched:
    """What one test has started: the environments, and the tracers' files."""

    folder: Path
    environs: list[Mapping[str, str]] = field(default_factory=list)
    traces: list[Path] = field(default_factory=list)
    before: list[written.Seen] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)  # tests start from threads, too

    def prefix(self) -> list[str]:
        """Return the words before a command that have it traced into a new file."""
        path = self.folder / f"trace-{next(self.numbers)}"
        self.traces.append(path)
        return [*STRACE, "-o", str(path)]


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
    is_tracing &= request.node.get_closest_marker("unwatched") is None
    start = subprocess.Popen.__init__

    def watch(self: object, args: Sequence[str] | str, *more: object, **keys: object) -> None:
        environ = keys.get("env")
        if isinstance(environ, Mapping):
            canary.learn_environ(environ)
            watched.environs.append(environ)
        words = [args] if isinstance(args, str) else [str(word) for word in args]
        is_servers = any(server in word for server in _SERVERS for word in words)
        if is_tracing and os.path.basename(words[0]) != "strace" and not is_servers:
            known = environ if isinstance(environ, Mapping) else os.environ
            folder = str(keys.get("cwd") or os.getcwd())
            watched.before.append(written.seen(words, known, folder))
            args = [*watched.prefix(), *words]
        start(self, args, *more, **keys)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess.Popen, "__init__", watch)
    yield
    found = [leak for environ in watched.environs for leak in in_cache(environ)]
    traces = [trace.calls(trace.read(each)) for each in watched.traces]
    found += [leak for calls in traces for leak in testimony(calls)]
    found += written.strays(traces, watched.before)
    canary.forget()
    shutil.rmtree(watched.folder)
    assert not found, found


def in_cache(environ: Mapping[str, str]) -> list[str]:
    """Return the files of this environment's cache that hold a secret."""
    from credhelper import cache

    where = Path(cache.directory(environ) or "/nowhere")
    files = [path for path in where.glob("*") if path.is_file() and not path.is_symlink()]
    return [str(path) for path in files if canary.found_secrets(path.read_bytes())]


def testimony(calls: Sequence[Call]) -> list[str]:
    """Return what a trace tells of leaks: the channel, and what leaked.

    The first program, its arguments and its environment are the test's own.
    """
    parents = trace.parents(calls)
    found: list[str] = []
    ours: set[str] = set()
    for number, call in enumerate(calls):
        if call.name == "execve" and call.result == "0":
            words, environ = trace.execution(call.arguments)
            if number:
                found += [f"argument {leak!r}" for leak in _leaks(b" ".join(words))]
            if _is_of(call.pid, ours, parents) and not _is_new_start(words):
                leaked = canary.found_secrets(b" ".join(environ))
                found += [f"environment {leak!r}" for leak in leaked]
            if _is_script(words[0]):
                ours.add(call.pid)
        elif call.name in trace.WRITES and _is_of(call.pid, ours, parents):
            found += _written(call.arguments)
    return found


def _is_script(path: bytes) -> bool:
    return b"credhelper" in os.path.basename(os.path.realpath(path))


def _is_new_start(texts: list[bytes]) -> bool:
    """Return whether a program is our own script, which starts its interpreter anew with `-I`."""
    return texts[2:3] == [b"-I"] and _is_script(b"".join(texts[3:4]))


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
    data = b"".join(trace.strings(arguments))
    if match[1] == "2":
        return [f"stderr {leak!r}" for leak in _leaks(data)]
    if trace.string(match[2]).startswith(_NO_FILES):
        return []
    return [f"file {leak!r}" for leak in canary.found_secrets(data)]


def _leaks(data: bytes) -> list[bytes]:
    return canary.found_secrets(data) + canary.found_tokens(data)
