"""The fast door: answer from the cache, or hand over to the command line.

The door answers only if it is sure: a cached token, a recent refusal, or an answer without a token.
On a hit it imports nothing beyond a bare interpreter's modules and ours; any doubt (an option, an
old or odd entry, a full disk) goes to `cli`, which decides and explains.
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

    from credhelper.caller import Asked, Question
    from credhelper.errors import CredhelperError
    from credhelper.renewal.lock import Lock

    Where = tuple[cache.Folder, cache.Source]


OWN_NAMES = ("credhelper", "__main__.py")


class Late(BaseException):
    """The time limit has passed. The door hands over to `cli`, which says so.

    A BaseException, so that it is not taken for a fault of the caller's question.
    """


def main() -> "NoReturn":
    """Run the command line and leave with its exit status."""
    if sys.platform == "win32":
        # No owner bits and no flock there, so no cache that could be trusted.
        sys.exit("credhelper: config: Windows is not supported yet; use it under WSL")
    inherited = _take_over()
    started = inherited[-1]
    command, arguments = sys.argv[0].rpartition("/")[2], sys.argv[1:]
    question, lock, spare = None, None, ""
    try:
        if _is_plain_get(command, arguments):
            lock, spare = _get(arguments, started)
            from credhelper import caller
            from credhelper.protocols import process

            question = caller.hear(process, arguments[1:])
        elif question := _question(command, arguments):
            lock, spare = _reply_to(question, started)
    except (Exception, Late):  # noqa: BLE001, S110 - the door may only say yes; `cli` explains
        pass
    try:
        from credhelper.cli import run
        from credhelper.cli.call import Call

        call = Call(arguments, inherited=inherited, question=question, lock=lock, spare=spare)
        run.leave(run.run(call))
    except Late:  # before `cli` has a limit of its own
        line, status = "temporary: no answer in time; try again later", 75
    except Exception as error:  # noqa: BLE001 - a module cannot be read
        if spare and _written(1, spare):
            os._exit(0)
        word = getattr(error, "strerror", None) or type(error).__name__
        line, status = f"io: {word} in the installation; retry or reinstall", 74
    os.write(2, f"credhelper: {line}\n".encode())
    os._exit(status)


def _take_over() -> "tuple[int, set[int], set[int], float, float]":
    """Set umask, descriptors, signals and time limit. Return what the caller had.

    That is its umask, the signals that it had blocked and those that it ignored, the seconds left
    of its own alarm, and the time now (monotonic).
    """
    umask = os.umask(0o077)
    _fill_descriptors()
    blocked = _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (_signal.SIGALRM, _signal.SIGCHLD))
    ignored = set()
    if _signal.signal(_signal.SIGALRM, _expire) == _signal.SIG_IGN:
        ignored.add(_signal.SIGALRM)
    if _signal.getsignal(_signal.SIGCHLD) == _signal.SIG_IGN:
        _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
        ignored.add(_signal.SIGCHLD)
    # SIGINT ends us as it ends any program, not by a traceback on stderr; later `hardening` takes
    # it over. A caller that ignores it goes on ignoring it.
    if _signal.getsignal(_signal.SIGINT) == _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    # Again each second: an alarm that strikes in a destructor is lost.
    left_s = _signal.setitimer(_signal.ITIMER_REAL, cache.BUDGET_S, 1.0)[0]
    return umask, blocked, ignored, left_s, time.monotonic()


def _expire(_number: int, _frame: object) -> None:
    raise Late


def _question(command: str, arguments: list[str]) -> "Question | None":
    """Return what a caller asks in its protocol: under a name of its own, or by a plain `as`.

    An error is part of the question, so that `cli` does not read the caller's words as ours.
    """
    is_plain = arguments[:1] == ["as"] and not any(word[:1] == "-" for word in arguments)
    is_named = command not in OWN_NAMES
    if not is_named and not is_plain:
        return None
    from credhelper import caller

    name, words, protocol = "".join(arguments[1:2]), arguments[2:], None
    try:
        if is_named:
            name, words = caller.of_name(command, arguments)
        protocol = caller.load(name)
        return caller.hear(protocol, words) if protocol else None
    except Late:
        from credhelper.errors import TemporaryError

        hint = "see what its stdin is connected to, and try again"
        error: Exception = TemporaryError("the caller's question has no end", hint=hint)
    except Exception as caught:  # noqa: BLE001 - `cli` raises it again, and explains it
        error = caught
    # Without its protocol if that cannot be loaded.
    return caller.Question(protocol, words=words, asked=error)  # type: ignore[arg-type]


def _is_plain_get(command: str, arguments: "Sequence[str]") -> bool:
    """Return whether it is a `get` without options, called under our own name."""
    is_get = command in OWN_NAMES and arguments[:1] == ["get"]
    return is_get and len(arguments) <= 2 and arguments[-1][:1] != "-"


def _get(arguments: "Sequence[str]", started: float) -> "tuple[Lock | None, str]":
    """Answer a `get` without options from the cache and leave; else return as `_serve`."""
    # What `as process` prints, without its two modules, which cost 0.3 ms.
    profile = "".join(arguments[1:]) or os.environ.get("CREDHELPER_PROFILE", "")
    return _serve(
        _folder_and_source(),
        (profile, ""),
        started,
        Token.json,
        lambda error: (2, f"{error.line()}\n", error.status),
    )


def _reply_to(question: "Question", started: float) -> "tuple[Lock | None, str]":
    """Reply to a caller from the cache and leave; else return as `_serve`."""
    from credhelper.caller import Answer, Asked

    asked, protocol = question.asked, question.protocol
    if isinstance(asked, Answer) and not asked.line and _written(1, asked.text):
        os._exit(asked.status)
    if not isinstance(asked, Asked) or asked.newer_than:
        return None, ""
    where = _folder_and_source()
    allowed = _under_its_rule(asked, where) if asked.url or asked.server else asked
    if allowed is None:
        return None, ""

    def refuse(error: "CredhelperError") -> "tuple[int, str, int]":
        answer = getattr(protocol, "refuse", None)
        line = Answer(line=error.line(), status=error.status)
        said = answer(error, question.words) if answer else line
        return (2, f"{said.line}\n", said.status) if said.line else (1, said.text, said.status)

    wanted = (allowed.profile, allowed.grant)
    return _serve(where, wanted, started, lambda token: protocol.reply(token, allowed), refuse)


def _fill_descriptors() -> None:
    """Occupy closed standard descriptors, else the next file opened would be stdout.

    Read-only, so that writing to it still fails and is reported.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)


def _under_its_rule(asked: "Asked", where: "Where") -> "Asked | None":
    """Return the question with the profile of the rule that fits; None if the index has none."""
    from credhelper import hosts

    index = cache.read_index(*where)
    return asked.allowed(hosts.rules(index.hosts), index.default) if index else None


def _folder_and_source() -> "Where":
    return cache.Folder(cache.directory(os.environ)), cache.source(os.environ)


def _serve(
    where: "Where",
    wanted: "tuple[str, str]",
    started: float,
    reply: "Callable[[Token], str]",
    refuse: "Callable[[CredhelperError], tuple[int, str, int]]",
) -> "tuple[Lock | None, str]":
    """Reply with the cached token, or refuse as others were refused, and leave.

    Else return a lock and a spare reply: the lock under which `cli` fetches a token, or None, and
    the reply with the old token if that still serves, or "". Of many callers one gets the lock and
    goes on; the others wait here, having imported nothing.
    """
    (folder, source), (profile, grant) = where, wanted
    if not profile and (index := cache.read_index(folder, source)):
        profile = index.default
    entry = None
    if cache.is_name(profile):  # "" is no name
        slot = source.slot(folder, profile, grant)
        entry = cache.read_serving(slot, source, os.environ, time.time())
    elif profile:
        return None, ""
    lock = None
    if entry is None or not entry.is_fresh(time.time()):
        from credhelper.renewal import miss

        settled = miss.settle(folder, source, profile, grant, started=started)
        if settled.refusal:
            number, text, status = refuse(settled.refusal)
            if _written(number, text):
                os._exit(status)
        entry, lock = settled.entry or settled.spare, settled.lock
    if entry is None:
        return lock, ""
    try:
        text = reply(entry.token)
    except Exception:  # noqa: BLE001 - the door may only say yes; `cli` meets it again
        return lock, ""
    # The machine may have slept since it was read.
    if not lock and entry.serves(time.time()) and _written(1, text):
        # Skips finalization, 1.1 ms: all is written, nothing is left to close.
        os._exit(0)
    return lock, (text if lock else "")


def _written(descriptor: int, text: str) -> bool:
    """Return whether all of a text was written; if nothing was, `cli` tries again and explains.

    After a part of it is written, it continues or exits with 74: nothing is written twice.
    """
    data, begun = text.encode(), False
    while data:
        try:
            data = data[os.write(descriptor, data) :]
            begun = True
        except BlockingIOError:
            time.sleep(0.01)  # the reader is slow; the time limit ends the wait
        except OSError:
            if begun:
                os._exit(74)
            return False
    return True


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # `python -m` puts the current directory there
    main()
