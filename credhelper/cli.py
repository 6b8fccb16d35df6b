"""The command line: every command, and all that reaches stdout, stderr and the exit status."""

import logging
import os
import sys
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import NoReturn

from credhelper import cache, deadline, lock, profile, protocols, store, table
from credhelper.contracts import Protocol
from credhelper.errors import (
    BugError,
    ConfigError,
    CredhelperError,
    OutputError,
    TemporaryError,
    UsageError,
)
from credhelper.issue import Order, issue
from credhelper.protocols import process

PROTOCOLS = "credhelper.protocols"  # the entry point group of third parties' protocols


def run(arguments: Sequence[str], *, held: lock.Lock | None = None) -> int:
    """Run one command line and return its exit status. Raises nothing: errors become a line."""
    try:
        _harden()
        options = _plain(arguments)
        if options is None:
            from credhelper import parser  # argparse costs 5 ms, which a plain `get` need not pay

            options = parser.parse(arguments)
        _log(options)
        COMMANDS[options.command](options, held)
    except CredhelperError as error:
        return _refuse(error)
    except deadline.DeadlineExceeded:  # it struck while it was being stopped
        return _refuse(TemporaryError("the time is over", hint="try again later"))
    except deadline.Signalled as signal:
        return 128 + signal.number
    except BrokenPipeError:
        return 141  # as if SIGPIPE had ended us: the reader has gone and reads no message
    except SystemExit as leaving:
        return _flushed(int(leaving.code or 0))
    except Exception as error:  # noqa: BLE001 - the last resort; the text may quote a secret
        place = _place(error)
        hint = "please report it with this line"
        return _refuse(BugError(f"unforeseen {type(error).__name__} at {place}", hint=hint))
    return 0


def _plain(arguments: Sequence[str]) -> SimpleNamespace | None:
    """Return the options of a `get` or `as` without any, None for every other command line."""
    if any(word.startswith("-") for word in arguments):
        return None
    plain = SimpleNamespace(config="", fresh=False, min_ttl="0s", verbose=False)
    if arguments[:1] == ["get"] and len(arguments) <= 2:
        plain.command, plain.profile = "get", "".join(arguments[1:])
        return plain
    if arguments[:1] == ["as"] and len(arguments) >= 2:
        plain.command, plain.protocol, plain.words = "as", arguments[1], arguments[2:]
        return plain
    return None


def leave(status: int) -> NoReturn:
    """End the process without finalization: all is written, and libraries' threads need no end."""
    os._exit(status)


def _harden() -> None:
    """Close what a caller's environment leaves open; the fast door cannot afford it."""
    os.umask(0o077)
    os.environ.pop("SSLKEYLOGFILE", None)  # urllib3 and botocore would write session keys there
    deadline.watch_signals()


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return (
        f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""
    )


def _log(options: SimpleNamespace) -> None:
    """Show our own log with -v. Libraries' loggers stay shut: at DEBUG botocore prints secrets."""
    for name in ("boto3", "botocore", "urllib3", "requests", "hvac"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if options.verbose:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("credhelper: %(message)s"))
        logging.getLogger("credhelper").addHandler(handler)
        logging.getLogger("credhelper").setLevel(logging.INFO)


def _get(options: SimpleNamespace, held: lock.Lock | None) -> None:
    arguments = [options.profile] if options.profile else []
    _answer(options, process, protocols.ask(arguments, os.environ), held)


def _as(options: SimpleNamespace, held: lock.Lock | None) -> None:
    protocol = _protocol(options.protocol)
    _answer(options, protocol, protocols.ask(options.words, os.environ), held)


def _protocol(name: str) -> Protocol:
    """Return a protocol, ours or a third party's. Raises UsageError."""
    if module := protocols.own(name):
        return module
    import pkgutil
    from importlib.metadata import entry_points  # 25 ms, and never for our own protocols

    points = {point.name: point for point in entry_points(group=PROTOCOLS)}
    if name in points:
        loaded: Protocol = points[name].load()
        return loaded
    known = [module.name for module in pkgutil.iter_modules(protocols.__path__)] + list(points)
    raise UsageError("that protocol is unknown", hint=table.nearest(name, known))


def _answer(
    options: SimpleNamespace,
    protocol: Protocol,
    asked: protocols.Asked,
    held: lock.Lock | None,
) -> None:
    min_ttl_s = table.duration_s(options.min_ttl, key="--min-ttl")
    profiles = profile.load(os.environ, options.config)
    order = Order(
        profiles.get(asked.profile),
        profiles.source,
        min_ttl_s=min_ttl_s,
        newer_than=time.time() if options.fresh else 0.0,
    )
    issued = issue(order, held)
    if not asked.profile:
        _remember_default(profiles)
    _write(protocol.reply(issued.token, asked))
    # Callers that merge stderr into stdout must see nothing on success; people at a terminal may.
    if issued.warning and (options.verbose or os.isatty(2)):
        _complain(issued.warning)


def _remember_default(profiles: profile.Profiles) -> None:
    where = cache.directory(os.environ)
    try:
        store.write_default(where, profiles.source, profiles.default)
    except (OSError, ValueError):
        logging.getLogger(__name__).info("the default profile could not be kept in %s", where)


def _list(options: SimpleNamespace, _held: lock.Lock | None) -> None:
    profiles = profile.load(os.environ, options.config)
    lines = []
    for name in profiles.tables:
        mark = "*" if name == profiles.default else " "
        try:
            item = profiles.get(name)
        except ConfigError as error:  # one broken profile hides no other
            lines.append(f"{mark} {name}\t{error.line()}\n")
            continue
        endpoint = item.token_url or item.issuer
        state = _state(profiles, item)
        lines.append(f"{mark} {name}\t{endpoint}\t{item.client_secret}\t{state}\n")
    _write("".join(lines))


def _state(profiles: profile.Profiles, item: profile.Profile) -> str:
    where, name = cache.directory(os.environ), profiles.source.entry_name(item.name)
    entry = cache.read(where, name, os.environ)
    if entry is None or entry.identity != item.identity():
        return "no token"
    if not entry.serves(time.time()):
        return "expired"
    return f"valid until {entry.token.expiration()}"


def _forget(options: SimpleNamespace, _held: lock.Lock | None) -> None:
    where = cache.directory(os.environ)
    if options.all:
        store.forget(where, "")
        return
    profiles = profile.load(os.environ, options.config)
    name = profiles.choose(options.profile or os.environ.get("CREDHELPER_PROFILE", ""))
    store.forget(where, profiles.source.entry_name(name))


def _demo(options: SimpleNamespace, _held: lock.Lock | None) -> None:
    from credhelper import demo  # an HTTP server, which no other command needs

    if options.serve:
        demo.serve()
    else:
        _write(demo.run())


def _write(text: str) -> None:
    """Write all of it to stdout, or raise OutputError: a half-written answer is no success."""
    data = text.encode()
    try:
        while data:
            data = data[os.write(1, data) :]
    except BrokenPipeError:
        raise
    except OSError:
        raise OutputError("stdout cannot be written", hint="check where it goes") from None


def _flushed(status: int) -> int:
    """Return the status after argparse's own output is out: `leave` flushes nothing."""
    try:
        sys.stdout.flush()
    except OSError:
        return OutputError.status
    return status


def _complain(line: str) -> None:
    try:
        os.write(2, line.encode("utf-8", "replace") + b"\n")
    except OSError:
        return  # nobody is listening, and the exit status tells the rest


def _refuse(error: CredhelperError) -> int:
    _complain(error.line())
    return error.status


COMMANDS = {"get": _get, "as": _as, "list": _list, "forget": _forget, "demo": _demo}
