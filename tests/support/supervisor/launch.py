"""Run a command whose named system calls wait for a word of the process at the other end.

`launch.py SOCKET UID NUMBERS COMMAND …`; UID is "" for the same user, NUMBERS have commas. The
listener's descriptor goes to the socket. Another user need not be able to read our installation, so
for one all is imported before, and the command is the product's, in this process.
"""

import ctypes
import functools
import importlib
import os
import socket
import struct
import sys

SYS_SECCOMP = 317
SET_MODE_FILTER, NEW_LISTENER = 1, 8
NOTIFY, ALLOW = 0x7FC00000, 0x7FFF0000
ARCH_X86_64 = 0xC000003E
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
NO_NEW_PRIVILEGES = 38
# What a token from a variable's secret, and `forget`, need.
OURS = (
    "__main__",
    "renewal.miss",
    "renewal.refusal",
    "cli.run",
    "cli.parser",
    "cli.answer",
    "protocols.process",
    "config.document",
    "system.trust",
    "secrets.secret",
    "secrets.backends.env",
    "renewal.issue",
    "renewal.store",
    "system.resolver",
    "renewal.rotation",
    "oauth.exchange",
    "system.http",
    "system.roots",
    "system.proxies",
    "system.tls",
    "oauth.answers",
    "cli.commands.forget",
)
# Lists of a folder's files, which the parser needs.
LISTS = (("system.registry", "own_names"), ("cli.commands.completion", "shells"))
THEIRS = (
    *("tomllib", "requests", "http.client", "stringprep", "pwd", "grp", "_blake2"),
    *(f"encodings.{name}" for name in ("idna", "ascii", "latin_1", "utf_16_le", "rot_13")),
)


def program(numbers: list[int]) -> bytes:
    """Return the filter: these calls of this architecture ask first, all others go on."""
    count = len(numbers)
    steps = [(LOAD, 0, 0, 4), (JUMP_IF_EQUAL, 0, count + 1, ARCH_X86_64), (LOAD, 0, 0, 0)]
    steps += [(JUMP_IF_EQUAL, count - n, 0, number) for n, number in enumerate(numbers)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, NOTIFY)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def listen(numbers: list[int]) -> int:
    """Put the filter in force; return the listener. Raises OSError."""
    code = program(numbers)
    text = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(text))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    listener: int = libc.syscall(SYS_SECCOMP, SET_MODE_FILTER, NEW_LISTENER, header)
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return listener


def main() -> None:
    """Become the user, put the filter in force, hand over the listener, and run the command."""
    channel, user, numbers, *command = sys.argv[1:]
    if user:
        for name in [*THEIRS, *(f"credhelper.{each}" for each in OURS)]:
            importlib.import_module(name)
        for module, name in LISTS:
            inside = vars(importlib.import_module(f"credhelper.{module}"))
            inside[name] = functools.cache(inside[name])
        sys.modules["credhelper.cli.parser"].parse(["forget", "--all"])
        os.setgroups([])
        os.setresgid(*[int(user)] * 3)
        os.setresuid(*[int(user)] * 3)
    with socket.socket(fileno=int(channel)) as other:
        listener = listen([int(number) for number in numbers.split(",")])
        socket.send_fds(other, [b"listener"], [listener])
    os.close(listener)
    if not user:
        os.execv(command[0], command)
    sys.argv = ["credhelper", *command]
    sys.modules["credhelper.__main__"].main()


if __name__ == "__main__":
    main()
