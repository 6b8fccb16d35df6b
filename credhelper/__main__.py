"""The fast door: answer from the cache, or hand over to the command line.

The door may only say yes. On a hit it imports nothing beyond a bare interpreter's modules and
ours; any doubt (an option, an old or odd entry, a full disk) goes to `cli`, which decides and
explains.
"""

import os
import sys
import time

from credhelper import cache
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

    from credhelper.lock import Lock


def main() -> "NoReturn":
    """Run the command line and leave with its exit status."""
    if sys.platform == "win32":
        # No owner bits and no flock there, so no cache that could be trusted.
        sys.exit("credhelper: config: Windows is not supported yet; use it under WSL")
    arguments = sys.argv[1:]
    held = None
    _fill_descriptors()
    question = _question(arguments)
    if question:
        profile, reply = question
        try:
            found = _entry_or_lock(profile)
        except KeyboardInterrupt:
            os._exit(130)
        if isinstance(found, cache.Entry):
            if _answered(reply, found.token):
                # Skips finalization, 1.1 ms of a hit's 8: all is written, nothing is left to close.
                os._exit(0)
        else:
            held = found
    from credhelper import cli

    cli.leave(cli.run(arguments, held=held))


def _question(arguments: "Sequence[str]") -> "tuple[str, Callable[[Token], str]] | None":
    """Return the profile and the way to reply of a plain `get` or `as`; None leaves it to `cli`."""
    if any(word[:1] == "-" for word in arguments):
        return None
    if arguments[:1] == ["get"] and len(arguments) <= 2:
        # What `as process` prints, without its two modules: 0.3 ms of a hit's 8.
        return "".join(arguments[1:]) or os.environ.get("CREDHELPER_PROFILE", ""), Token.json
    if arguments[:1] == ["as"]:
        from credhelper import protocols

        if protocol := protocols.own("".join(arguments[1:2])):
            asked = protocols.ask(arguments[2:], os.environ)
            return asked.profile, lambda token: protocol.reply(token, asked)
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


def _answered(reply: "Callable[[Token], str]", token: Token) -> bool:
    """Return whether stdout took the whole answer; if not, `cli` tries again and explains."""
    try:
        answer = reply(token).encode()
        while answer:
            answer = answer[os.write(1, answer) :]
    except Exception:  # noqa: BLE001 - the door may only say yes; `cli` meets it again
        return False
    return True


if __name__ == "__main__":
    main()
