"""The fast door: answer from the cache, or hand over to the command line.

The door may only say yes. On a hit it imports nothing beyond a bare interpreter's modules and
ours; any doubt (an option, an old or odd entry, a full disk) goes to `cli`, which decides and
explains.
"""

import os
import sys
import time

from credhelper import cache, protocols
from credhelper.protocols import process
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from credhelper.contracts import Protocol
    from credhelper.lock import Lock


def main() -> "NoReturn":
    """Run the command line and leave with its exit status."""
    arguments = sys.argv[1:]
    held = None
    _fill_descriptors()
    call = _call(arguments)
    if call:
        protocol, asked = call
        try:
            found = _entry_or_lock(asked.profile)
        except KeyboardInterrupt:
            os._exit(130)
        if isinstance(found, cache.Entry):
            if _answered(protocol, found.token, asked):
                # Skips finalization, 1.1 ms of a hit's 8: all is written, nothing is left to close.
                os._exit(0)
        else:
            held = found
    from credhelper import cli

    cli.leave(cli.run(arguments, held=held))


def _call(arguments: "Sequence[str]") -> "tuple[Protocol, protocols.Asked] | None":
    """Return the protocol and the question of a plain `get` or `as`; None leaves it to `cli`."""
    if any(word[:1] == "-" for word in arguments):
        return None
    if arguments[:1] == ["get"] and len(arguments) <= 2:
        return process, protocols.ask(arguments[1:], os.environ)
    if arguments[:1] == ["as"] and (protocol := protocols.own("".join(arguments[1:2]))):
        return protocol, protocols.ask(arguments[2:], os.environ)
    return None


def _fill_descriptors() -> None:
    """Occupy closed standard descriptors, else the next file opened would be stdout.

    Read-only, so that writing to it still fails and is reported.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)


def find(profile: str) -> "tuple[str, cache.Entry | None]":
    """Return the name of a profile's entry, and the entry if it serves under these settings."""
    where = cache.directory(os.environ)
    settings = cache.source(os.environ)
    profile = profile or cache.read_default(where, settings)
    name = settings.entry_name(profile)
    entry = cache.read(where, name, os.environ)
    if entry and entry.stamp == settings.stamp and entry.serves(time.time()):
        return name, entry
    return name, None


def _entry_or_lock(profile: str) -> "cache.Entry | Lock":
    """Return the cached entry, or the lock under which this process must fetch a token.

    Of many callers one gets the lock and goes on; the others wait here, having imported nothing.
    """
    name, entry = find(profile)
    if entry and entry.is_fresh(time.time()):
        return entry
    from credhelper import lock

    where = cache.directory(os.environ)
    return lock.entry_or_lock(where, name, read=lambda: find(profile)[1])


def _answered(protocol: "Protocol", token: Token, asked: protocols.Asked) -> bool:
    """Return whether stdout took the whole answer; if not, `cli` tries again and explains."""
    try:
        answer = protocol.reply(token, asked).encode()
        while answer:
            answer = answer[os.write(1, answer) :]
    except Exception:  # noqa: BLE001 - the door may only say yes; `cli` meets it again
        return False
    return True


if __name__ == "__main__":
    main()
