"""What our processes may do to files: a grammar of paths, and nothing but what they made.

Written anew, not taken from the code: `credhelper.renewal.store` is what it judges.
"""

import dataclasses
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.trace import FORKS, WRITES, Call, execution, parents, string, strings

HEX = "[0-9a-f]"
ENTRY = rf"(?:\w[\w.-]*|@index)(?:@[a-z_]+)?-{HEX}{{1,16}}(?:\.refused)?"
LOCK = rf"(?:\w[\w.-]*|@index)(?:@[a-z_]+)?-{HEX}{{1,16}}\.lock(?:\.2)?"
TEMPORARY = rf"\.{ENTRY}\.{HEX}{{16}}"
_IN_CACHE = re.compile(f"{ENTRY}|{LOCK}|{TEMPORARY}", re.ASCII)
_TAIL = rf"\.{HEX}{{16}}"  # of a temporary file's name, which starts with a dot
_COMPILED = re.compile(r".*/__pycache__(?:/[\w.-]+\.pyc(?:\.\d+)?)?")
_DESCRIPTOR = re.compile(r"(?:\d+|AT_FDCWD)<([^>]*)>")
_AWS = ("sso", "cli", "login", "boto")  # their own caches below ~/.aws
_NO_FILES = (
    "/dev/",
    "/proc/",
    "socket:",
    "pipe:",
    "anon_inode:",
    "TCP",
    "UNIX",
    "NETLINK",
    "pidfd",
)
# What a call does to its first path, and to its second.
_ACTS = {
    **dict.fromkeys(("rename", "renameat", "renameat2"), ("rename", "replace, if there")),
    **dict.fromkeys(("unlink", "unlinkat", "rmdir"), ("remove",)),
    **dict.fromkeys(("symlink", "symlinkat", "link", "linkat"), ("", "link")),
    **dict.fromkeys(("truncate", "ftruncate"), ("truncate",)),
    **dict.fromkeys(("chmod", "fchmod", "fchmodat"), ("change",)),
    **dict.fromkeys(("mkdir", "mkdirat", "mknod", "mknodat"), ("make",)),
}
_OPENS = ("open", "openat", "creat")


@dataclass(frozen=True)
class Run:
    """One of our programs: its words, and what its environment says of paths."""

    words: tuple[str, ...]
    environ: Mapping[str, str]
    folder: str = "/"

    @property
    def home(self) -> str:
        """The user's folder."""
        return self.environ.get("HOME", "/nowhere")

    @property
    def cache(self) -> str:
        """The cache directory."""
        usual = f"{self.environ.get('XDG_CACHE_HOME') or self.home + '/.cache'}/credhelper"
        return self.environ.get("CREDHELPER_CACHE_DIR") or usual

    @property
    def config(self) -> str:
        """The config file."""
        usual = self.environ.get("XDG_CONFIG_HOME") or f"{self.home}/.config"
        named = _after(self.words, "--config") or self.environ.get("CREDHELPER_CONFIG")
        return named or f"{usual}/credhelper/config.toml"

    def named(self) -> list[str]:
        """Return the files that the user lets us write, and not one more."""
        found = []
        if "init" in self.words:
            found.append(self.config)
        if "exec" in self.words:
            found.append(_after(self.words, "--refresh-file"))
        if any("google" in word for word in self.words):
            found.append(self.environ.get("GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE", ""))
        return [os.path.realpath(os.path.join(self.folder, path)) for path in found if path]

    def is_setup(self) -> bool:
        """Return whether it edits the files of callers."""
        return "setup" in self.words and bool({"--write", "--remove"} & set(self.words))


@dataclass(frozen=True)
class Seen:
    """Which files lay where a program may write before it was started: whether they are ours."""

    moment: float
    files: Mapping[str, bool]


@dataclass
class _Process:
    run: Run | None = None
    folder: str = "/"


@dataclass
class _Judge:
    """What is known after some calls: the processes, and the files that are ours or another's."""

    processes: dict[tuple[int, str], _Process] = field(default_factory=dict)
    files: dict[str, bool] = field(default_factory=dict)


def seen(words: Sequence[str], environ: Mapping[str, str], folder: str) -> Seen:
    """Return what lies where a program may write that is about to be started."""
    run = Run(tuple(words), dict(environ), folder)
    files: dict[str, bool] = {}
    for name in _names(run.cache):
        path = _real(f"{run.cache}/{name}")
        is_litter = bool(re.fullmatch(TEMPORARY, name, re.ASCII))
        files[path] = is_litter or _has_header(path, name)
    for path in run.named():
        if os.path.lexists(path) and "init" not in words:
            files[path] = False
    return Seen(time.time(), files)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _has_header(path: str, name: str) -> bool:
    """Return whether a file is of ours, or has nothing that could be lost."""
    try:
        if os.path.islink(path) or not os.path.isfile(path):
            return False
        data = Path(path).read_bytes()
    except OSError:
        return True  # it has just gone, or is a lock of a process that runs
    return not data or data.startswith(b"credhelper") or (name[0] == "@" and b"\nend\n" in data)


def strays(traces: Sequence[Sequence[Call]], before: Iterable[Seen] = ()) -> list[str]:
    """Return what our processes did to files that are not ours, or where nothing of ours belongs.

    The traces are those of one test; several programs may have run at a time.
    """
    judge = _Judge()
    makers = [parents(trace) for trace in traces]
    steps = [(call.moment, n, call) for n, trace in enumerate(traces) for call in trace]
    sights = sorted(before, key=lambda each: each.moment)
    found: list[str] = []
    for moment, number, call in sorted(steps, key=lambda step: step[0]):
        while sights and sights[0].moment <= moment:
            _look(judge, sights.pop(0))
        process = _process(judge, number, call.pid, makers[number])
        found += _told(judge, process, call)
    return found


def _look(judge: _Judge, sight: Seen) -> None:
    for path, is_ours in sight.files.items():
        # What the user named is ours once a process of ours has made it.
        judge.files[path] = is_ours or (judge.files.get(path, False) and ".cache" not in path)


def _process(judge: _Judge, number: int, pid: str, makers: Mapping[str, str]) -> _Process:
    if (number, pid) not in judge.processes:
        maker = makers.get(pid)
        like = _process(judge, number, maker, makers) if maker else _Process()
        judge.processes[number, pid] = _Process(like.run, like.folder)
    return judge.processes[number, pid]


def _told(judge: _Judge, process: _Process, call: Call) -> Iterator[str]:
    if here := re.search(r"AT_FDCWD<([^>]*)>", call.arguments):
        process.folder = _text(string(here[1]))
    if call.result.startswith("-") or call.name in FORKS:
        return
    if call.name == "execve":
        words, environ = execution(call.arguments)
        named = [_text(word) for word in words]
        process.run = _run(named, [_text(each) for each in environ])
    elif call.name == "chdir":
        process.folder = _path(process, strings(call.arguments)[0])
    elif process.run:
        run = dataclasses.replace(process.run, folder=process.folder)
        yield from _judged(judge, process, run, call)


def _judged(judge: _Judge, process: _Process, run: Run, call: Call) -> Iterator[str]:
    """Yield what is wrong with a call of ours; remember what it made."""
    for act, path in filter(all, _acts(process, call)):
        is_known = judge.files.get(path)
        place = kind(run, path)
        is_wrong = not place
        if act in ("remove", "rename", "truncate", "change"):
            is_wrong |= is_known is not True
        elif act == "replace, if there":
            is_wrong |= is_known is False and place != "callers'"
        elif act == "write":
            is_wrong |= is_known is False
        if is_wrong:
            whose = {None: "unknown", True: "ours", False: "another's"}[is_known]
            yield f"{act} {path} ({place or 'no place of ours'}, {whose}) by {' '.join(run.words)}"
        if act in ("remove", "rename"):
            judge.files.pop(path, None)
        elif act in ("make", "replace, if there", "link"):
            judge.files[path] = True
        elif act == "open":
            judge.files.setdefault(path, True)


def _acts(process: _Process, call: Call) -> Iterator[tuple[str, str]]:
    """Yield what a call does, in words, and to which path."""
    if call.name in _OPENS:
        path = call.path.removesuffix(" (deleted)")
        if not path.startswith(_NO_FILES) and (act := _opening(call)):
            yield act, path
    elif call.name in WRITES:
        file = _DESCRIPTOR.match(call.arguments)
        path = _text(string(file[1])) if file else ""
        is_output = call.arguments.startswith(("1<", "2<"))
        if path.startswith("/") and not path.startswith(_NO_FILES) and not is_output:
            yield "write", path.removesuffix(" (deleted)")
    else:
        yield from zip(_ACTS[call.name], _paths(process, call), strict=False)


def _opening(call: Call) -> str:
    """Return what an open does to the file, "" if it only reads."""
    if "O_TRUNC" in call.arguments and "O_EXCL" not in call.arguments:
        return "truncate"
    if "O_EXCL" in call.arguments or "O_TMPFILE" in call.arguments:
        return "make"
    return "open" if "O_CREAT" in call.arguments else ""


def _paths(process: _Process, call: Call) -> list[str]:
    """Return the paths of a call: each below the descriptor before it, else below the folder."""
    found, below = [], process.folder
    for descriptor, text in re.findall(r'(?:\d+|AT_FDCWD)<([^>]*)>|"([^"]*)"', call.arguments):
        if descriptor:
            below = _text(string(descriptor))
        else:
            found.append(_real(os.path.join(below, _text(string(text)))))
            below = process.folder
    return found or [below.removesuffix(" (deleted)")]


def kind(run: Run, path: str) -> str:
    """Return what a path is by its name; "" if nothing of ours may lie there."""
    folder, name = os.path.split(path)
    cache, home = _real(run.cache), _real(run.home)
    if folder == cache and _IN_CACHE.fullmatch(name):
        return "cache"
    if f"{cache}/".startswith(f"{path}/"):
        return "cache's folder"
    if _COMPILED.fullmatch(path):
        return "compiled"
    for named in run.named():
        beside = re.escape(os.path.basename(named))
        copy = r"\.credhelper-backup(?:-[0-9]+)?" if "--replace" in run.words else ""
        pattern = rf"{beside}(?:{copy})?|\.{beside}(?:{_TAIL}|\.credhelper)"
        if folder == os.path.dirname(named) and re.fullmatch(pattern, name):
            return "named"
        if "init" in run.words and named.startswith(f"{path}/"):
            return "named one's folder"
    if any(path.startswith(f"{home}/.aws/{each}/cache") for each in _AWS):
        return "AWS's"
    # Beside its folder a file that `tempfile` tries each folder with.
    if "demo" in run.words and re.search(r"/credhelper-demo-\w+(/|$)|^/\w+/\w{8}$", path):
        return "demo's"
    if run.is_setup() and any(path.startswith(each) for each in _roots(run)):
        return "callers'"
    return ""


def _roots(run: Run) -> list[str]:
    """Return the folders that an environment names."""
    named = [value for name, value in run.environ.items() if name not in ("PATH", "PWD", "OLDPWD")]
    return [_real(value) for value in named if value.count("/") > 1 and value.startswith("/")]


def _run(words: list[str], environ: list[str]) -> Run | None:
    """Return the program if it is one of ours: a script, or Python with one."""
    if not is_ours(list(map(os.fsencode, words))):
        return None
    return Run(tuple(words[1:]), dict(each.partition("=")[::2] for each in environ))


def is_ours(words: Sequence[bytes]) -> bool:
    """Return whether an execve runs one of our programs: a script, or Python with one."""
    name, *arguments = [
        os.path.basename(os.path.realpath(word)) for word in [words[0], *words[2:6]]
    ]
    is_python = name.startswith(b"python") and any(b"credhelper" in each for each in arguments)
    return b"credhelper" in name or is_python


def _after(words: Sequence[str], option: str) -> str:
    """Return an option's value, "" if it is not given."""
    for number, word in enumerate(words):
        if word == option:
            return "".join(words[number + 1 : number + 2])
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return ""


def _path(process: _Process, name: bytes) -> str:
    return os.path.join(process.folder, _text(name))


def _real(path: str) -> str:
    """Return a path without links above its last part: that may be one itself."""
    folder, name = os.path.split(os.path.normpath(path))
    return os.path.join(os.path.realpath(folder), name)


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")
