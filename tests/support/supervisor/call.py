"""One system call of a watched process, before it happens: its name, and what it works on."""

import os
import struct
from dataclasses import dataclass

# x86-64: https://elixir.bootlin.com/linux/latest/source/arch/x86/entry/syscalls/syscall_64.tbl
# The argument that is a path, and that which is the descriptor of its folder.
PATHS = {
    "open": (2, 0, None), "openat": (257, 1, 0), "stat": (4, 0, None), "lstat": (6, 0, None),
    "newfstatat": (262, 1, 0), "statx": (332, 1, 0), "readlink": (89, 0, None),
    "readlinkat": (267, 1, 0), "access": (21, 0, None), "faccessat": (269, 1, 0),
    "statfs": (137, 0, None), "mkdir": (83, 0, None), "mkdirat": (258, 1, 0),
    "unlink": (87, 0, None), "unlinkat": (263, 1, 0), "rename": (82, 0, None),
    "renameat": (264, 1, 0), "renameat2": (316, 1, 0),
}  # fmt: skip
# The first argument is the descriptor.
DESCRIPTORS = {
    "read": 0, "write": 1, "pread64": 17, "readv": 19, "writev": 20, "flock": 73, "fsync": 74,
    "ftruncate": 77, "getdents64": 217, "connect": 42, "sendto": 44, "recvfrom": 45,
    "recvmsg": 47,
}  # fmt: skip
# The first argument points to a list of descriptors, of which the first counts.
POLLS = {"poll": 7, "ppoll": 271}
OTHERS = {"select": 23, "pselect6": 270, "epoll_wait": 232, "wait4": 61, "waitid": 247}
NUMBERS = {
    **{name: number for name, (number, _path, _folder) in PATHS.items()},
    **DESCRIPTORS, **POLLS, **OTHERS,
}  # fmt: skip
_NAMES = {number: name for name, number in NUMBERS.items()}
_STANDARD = ("stdin", "stdout", "stderr")
_AT_FDCWD = 0xFFFFFF9C


@dataclass(frozen=True)
class Call:
    """A call: `where` is a path, "stdin", "socket", "pipe" or ""."""

    pid: int
    name: str
    where: str
    descriptor: int = -1


def read(pid: int, number: int, arguments: tuple[int, ...], memory: int) -> Call:
    """Return the call that a process is about to make; `memory` is its opened memory."""
    name = _NAMES[number]
    if name in PATHS:
        _number, path, folder = PATHS[name]
        at = None if folder is None else arguments[folder] & 0xFFFFFFFF
        return Call(pid, name, _path(pid, _text(memory, arguments[path]), at))
    if name in DESCRIPTORS:
        return Call(pid, name, _target(pid, arguments[0]), arguments[0])
    if name in POLLS and arguments[0]:
        descriptor = struct.unpack("i", os.pread(memory, 4, arguments[0]))[0]
        return Call(pid, name, _target(pid, descriptor), descriptor)
    return Call(pid, name, "")


def _text(memory: int, address: int) -> str:
    # A page's end may be the memory's end.
    room = 4096 - address % 4096
    data = os.pread(memory, room, address) if address else b""
    if b"\0" not in data:
        data += os.pread(memory, 4096, address + room)
    return os.fsdecode(data.partition(b"\0")[0])


def _path(pid: int, path: str, folder: int | None) -> str:
    if path.startswith("/"):
        return path
    at = "cwd" if folder in (None, _AT_FDCWD) else f"fd/{folder}"
    try:
        return os.path.join(os.readlink(f"/proc/{pid}/{at}"), path).rstrip("/")
    except OSError:
        return path


def _target(pid: int, descriptor: int) -> str:
    if descriptor < len(_STANDARD):
        return _STANDARD[descriptor]
    try:
        return os.readlink(f"/proc/{pid}/fd/{descriptor}").partition(":[")[0]
    except OSError:
        return ""
