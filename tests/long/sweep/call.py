"""A system call of a traced run: which one it is, and where it points."""

import re
from dataclasses import dataclass

# All that touches files. `?`: not every architecture has each. Calls on sockets are not among them.
NAMES = (
    *("open", "openat", "openat2", "close", "read", "pread64", "write", "pwrite64", "lseek"),
    *("fsync", "fdatasync", "ftruncate", "flock", "fcntl", "getdents64", "readlink", "readlinkat"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat", "mkdir"),
    *("mkdirat", "stat", "newfstatat", "fstat", "lstat", "statx", "chmod", "fchmod", "fchmodat"),
)
_LINE = re.compile(r"^(\d+) +(\w+)\((.*)$")


@dataclass(frozen=True)
class Call:
    """The `number`-th call of its `name` in a run, counted from 1, as strace counts.

    `text` is the rest of strace's line; `is_ours` says whether `main()` had begun.
    """

    name: str
    number: int
    text: str
    is_ours: bool

    def __str__(self) -> str:
        return f"{self.name}#{self.number}({self.text[:200]}"

    def touches(self, path: str) -> bool:
        """Return whether one of its paths, or its descriptor's, begins with this."""
        return f'"{path}' in self.text or f"<{path}" in self.text

    def writes(self, descriptor: int) -> bool:
        """Return whether it writes to that descriptor."""
        return self.name == "write" and self.text.startswith(f"{descriptor}<")

    def same_in(self, calls: "list[Call]") -> "Call | None":
        """Return the call of the same name and number of another run; None if that had ended."""
        same = (each for each in calls if (each.name, each.number) == (self.name, self.number))
        return next(same, None)


def parse(trace: str) -> list[Call]:
    """Return the calls of the process that was traced first, in order."""
    lines = [match.groups() for line in trace.splitlines() if (match := _LINE.match(line))]
    found = [(name, text) for pid, name, text in lines if pid == lines[0][0]]
    begin = _main_begins(found)
    counts: dict[str, int] = {}
    calls = []
    for index, (name, text) in enumerate(found):
        counts[name] = counts.get(name, 0) + 1
        calls.append(Call(name, counts[name], text, is_ours=index >= begin))
    return calls


def _main_begins(found: list[tuple[str, str]]) -> int:
    """Return the index of the first call of `main()`: it looks at descriptors 0, 1, 2 in a row."""
    seen = [text[:2] if "stat" in name else "" for name, text in found]
    rows = (i for i in range(len(seen)) if seen[i : i + 3] == ["0<", "1<", "2<"])
    return next(rows, len(seen))
