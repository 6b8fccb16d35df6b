"""The fast door: answer from the cache, or hand over to the command line.

The door may only say yes. On a hit it imports nothing beyond a bare interpreter's modules and
ours; any doubt (an option, an old or odd entry, a full disk) goes to `cli`, which decides and
explains.
"""

import _signal  # type: ignore[import-not-found]  # `signal` costs 2 ms more, and has the types
import os
import sys
import time

from credhelper import cache
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

    from credhelper.errors import CredhelperError
    from credhelper.hosts import Rule
    from credhelper.lock import Lock
    from credhelper.protocols import Question


def main() -> "NoReturn":
    """Run the command line and leave with its exit status."""
    if sys.platform == "win32":
        # No owner bits and no flock there, so no cache that could be trusted.
        sys.exit("credhelper: config: Windows is not supported yet; use it under WSL")
    _die_silently()
    _fill_descriptors()
    arguments, question, held = sys.argv[1:], None, None
    try:
        question = _question(sys.argv[0].rpartition("/")[2], arguments)
        held = _plain_get(arguments) if question is None else _reply_to(question)
        _name_profiles(arguments)
    except Exception:  # noqa: BLE001, S110 - the door may only say yes; `cli` meets it again
        pass
    try:
        from credhelper import cli
    except Exception as error:  # noqa: BLE001 - a module cannot be read
        line = f"credhelper: io: {type(error).__name__} in the installation; retry or reinstall\n"
        os.write(2, line.encode())
        os._exit(74)
    cli.leave(cli.run(arguments, question=question, held=held))


def _question(command: str, arguments: list[str]) -> "Question | None":
    """Return what a caller asks in its dialect: under a name of its own, or by a plain `as`."""
    if command not in ("credhelper", "__main__.py"):
        from credhelper import executable

        name, words = executable.parse(command, arguments)
    elif arguments[:1] == ["as"] and not any(word[:1] == "-" for word in arguments):
        name, words = "".join(arguments[1:2]), arguments[2:]
    else:
        return None
    from credhelper import protocols

    protocol = protocols.own(name)
    return protocols.hear(protocol, words) if protocol else None


def _plain_get(arguments: "Sequence[str]") -> "CredhelperError | Lock | None":
    """Answer a `get` without options from the cache and leave; else as `_serve`."""
    if arguments[:1] != ["get"] or len(arguments) > 2 or arguments[-1][:1] == "-":
        return None
    # What `as process` prints, without its two modules: 0.3 ms of a hit's 8.
    profile = "".join(arguments[1:]) or os.environ.get("CREDHELPER_PROFILE", "")
    return _serve(lambda: find(profile), Token.json)


def _reply_to(question: "Question") -> "CredhelperError | Lock | None":
    """Reply to a caller from the cache and leave; else as `_serve`."""
    from credhelper.protocols import Answer, Asked

    asked = question.asked
    if isinstance(asked, Answer) and not asked.line and _written(asked.text):
        os._exit(asked.status)
    if not isinstance(asked, Asked) or asked.newer_than:
        return None
    if asked.url:
        rule = _rule(asked.url, asked.profile)
        if rule is None:
            return None
        asked = asked.under(rule)
    return _serve(
        lambda: find(asked.profile, asked.grant),
        lambda token: question.protocol.reply(token, asked),
    )


def _name_profiles(arguments: "Sequence[str]") -> None:
    """Print the profiles' names and leave, where a completion asks and the index knows them."""
    if arguments == ["completion", "profiles"]:
        names = cache.read_index(cache.directory(os.environ), cache.source(os.environ))[2]
        if names and _written("\n".join([*names, ""])):
            os._exit(0)


def _die_silently() -> None:
    """Let SIGINT end us as it ends any program, instead of by a traceback on stderr.

    Later `hardening` takes it over. A caller that ignores it goes on ignoring it.
    """
    if _signal.getsignal(_signal.SIGINT) == _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def _fill_descriptors() -> None:
    """Occupy closed standard descriptors, else the next file opened would be stdout.

    Read-only, so that writing to it still fails and is reported.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)


def find(profile: str, grant: str = "") -> "tuple[str, cache.Entry | None]":
    """Return the name of a profile's entry, and the entry if it serves under these settings."""
    where = cache.directory(os.environ)
    settings = cache.source(os.environ)
    profile = profile or cache.read_index(where, settings)[0]
    name = settings.entry_name(profile, grant)
    return name, cache.read_serving(where, name, settings, os.environ, time.time())


def _rule(url: str, profile: str) -> "Rule | None":
    """Return the rule that lets a token go to this URL, as far as the index knows."""
    from credhelper import hosts

    index = cache.read_index(cache.directory(os.environ), cache.source(os.environ))
    return hosts.match(hosts.rules(index[1]), url, profile)


def _serve(
    find: "Callable[[], tuple[str, cache.Entry | None]]", reply: "Callable[[Token], str]"
) -> "CredhelperError | Lock | None":
    """Reply with the cached token and leave; or return the lock under which to fetch one.

    An error is what the server told another caller moments ago; None leaves it to `cli`. Of many
    callers one gets the lock and goes on; the others wait here, having imported nothing.
    """
    name, entry = find()
    found: cache.Entry | CredhelperError | Lock | None = entry
    if entry is None or not entry.is_fresh(time.time()):
        from credhelper import lock

        where = cache.directory(os.environ)
        found = lock.settle(
            where,
            name,
            read=lambda: find()[1],
            read_refusal=lambda: _refusal(where, find()[0]),
        )
    if not isinstance(found, cache.Entry):
        return found
    try:
        text = reply(found.token)
    except Exception:  # noqa: BLE001 - the door may only say yes; `cli` meets it again
        return None
    # The machine may have slept since it was read.
    if found.serves(time.time()) and _written(text):
        # Skips finalization, 1.1 ms of a hit's 8: all is written, nothing is left to close.
        os._exit(0)
    return None


def _refusal(where: str, name: str) -> "CredhelperError | None":
    from credhelper import refusal

    stamp = cache.source(os.environ).stamp
    return refusal.read(where, name, stamp=stamp, environ=os.environ)


def _written(text: str) -> bool:
    """Return whether stdout took the whole answer; if not, `cli` tries again and explains."""
    try:
        data = text.encode()
        while data:
            data = data[os.write(1, data) :]
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
