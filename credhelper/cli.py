"""The command line: every command, and all that reaches stdout, stderr and the exit status."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from credhelper import __version__, cache, deadline, lock, profile, protocols, store, table
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
EPILOG = "exit status: 64 usage, 78 config, 77 denied, 75 temporary, 76 protocol, 74 io, 70 bug"


class _Parser(argparse.ArgumentParser):
    """argparse with our exit class; it knows no other way than a subclass."""

    def error(self, message: str) -> NoReturn:
        # argparse quotes what was typed, and a secret may have been typed.
        del message
        raise UsageError("the command line is wrong", hint=f"see `{self.prog} --help`")


def run(arguments: Sequence[str], *, held: lock.Lock | None = None) -> int:
    """Run one command line and return its exit status. Raises nothing: errors become a line."""
    try:
        _harden()
        options = _parser().parse_args(arguments)
        _log(options)
        options.run(options, held)
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


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="credhelper", description=__doc__.splitlines()[0], epilog=EPILOG)
    parser.description = "print an OAuth access token; the client secret stays in its manager"
    parser.add_argument("--version", action="version", version=f"credhelper {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    get = commands.add_parser("get", help="print the token as JSON", epilog=EPILOG)
    get.add_argument("profile", nargs="?", default="", metavar="PROFILE")
    get.set_defaults(run=_get)

    speak = commands.add_parser("as", help="print it in another tool's dialect", epilog=EPILOG)
    speak.add_argument("protocol", metavar="PROTOCOL")
    speak.add_argument("words", nargs="*", metavar="PROFILE", help="and what the dialect adds")
    speak.set_defaults(run=_as)

    for command in (get, speak):
        command.add_argument("--fresh", action="store_true", help="past the cache")
        command.add_argument(
            "--min-ttl", default="0s", metavar="DURATION", help="remaining life it needs"
        )

    listing = commands.add_parser("list", help="show profiles and the state of their tokens")
    listing.set_defaults(run=_list)

    forget = commands.add_parser("forget", help="drop cached tokens")
    which = forget.add_mutually_exclusive_group()
    which.add_argument("profile", nargs="?", default="", metavar="PROFILE")
    which.add_argument("--all", action="store_true", help="of all profiles of all configs")
    forget.set_defaults(run=_forget)

    demo = commands.add_parser("demo", help="try it offline, with an embedded server")
    demo.add_argument("--serve", action="store_true", help="keep that server running")
    demo.set_defaults(run=_demo)

    for command in (get, speak, listing, forget, demo):
        command.add_argument("-v", "--verbose", action="store_true", help="say what happens")
    for command in (get, speak, listing, forget):
        command.add_argument(
            "--config", default="", metavar="FILE", help="instead of the usual one"
        )
    return parser


def _log(options: argparse.Namespace) -> None:
    """Show our own log with -v. Libraries' loggers stay shut: at DEBUG botocore prints secrets."""
    for name in ("boto3", "botocore", "urllib3", "requests", "hvac"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if options.verbose:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("credhelper: %(message)s"))
        logging.getLogger("credhelper").addHandler(handler)
        logging.getLogger("credhelper").setLevel(logging.INFO)


def _get(options: argparse.Namespace, held: lock.Lock | None) -> None:
    arguments = [options.profile] if options.profile else []
    _answer(options, process, protocols.ask(arguments, os.environ), held)


def _as(options: argparse.Namespace, held: lock.Lock | None) -> None:
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
    options: argparse.Namespace,
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


def _list(options: argparse.Namespace, _held: lock.Lock | None) -> None:
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


def _forget(options: argparse.Namespace, _held: lock.Lock | None) -> None:
    where = cache.directory(os.environ)
    if options.all:
        store.forget(where, "")
        return
    profiles = profile.load(os.environ, options.config)
    name = profiles.choose(options.profile or os.environ.get("CREDHELPER_PROFILE", ""))
    store.forget(where, profiles.source.entry_name(name))


def _demo(options: argparse.Namespace, _held: lock.Lock | None) -> None:
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
