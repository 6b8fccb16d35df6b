"""A caller's question answered: for which profile, from where, and in its own dialect."""

import dataclasses
import logging
import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from credhelper import cache, caller, hosts
from credhelper.cli import protocol_names
from credhelper.config import load
from credhelper.errors import LINE_LIMIT, CredhelperError, UsageError
from credhelper.renewal import issue, lock, order, removal, store
from credhelper.system import deadline, output, redaction, registry
from credhelper.system.registry import PROTOCOLS

if TYPE_CHECKING:
    from credhelper.caller import Protocol

log = logging.getLogger(__name__)
# What the functions of `caller.Protocol` return.
RETURNED: dict[str, Any] = {
    "ask": caller.Asked | caller.Answer | caller.Rejected | caller.Listing,
    "reply": str,
    "refuse": caller.Answer,
    "listing": str,
}


def respond(options: SimpleNamespace, question: caller.Question, held: lock.Lock | None) -> int:
    """Do what a caller asks; return the exit status.

    A failure is written in the caller's dialect, if that has a form for it; else it is raised, as a
    CredhelperError.
    """
    try:
        return _respond(options, question, held)
    except CredhelperError as error:
        refuse = getattr(question.protocol, "refuse", None)
        if refuse and deadline.claim_line():
            said = refuse(error, question.words)
            if error.problem not in said.text + said.line:  # a caller that asks about every host
                log.info("%s; %s", error.problem, error.hint)
            return _say(said)
        raise


def find(name: str) -> "Protocol":
    """Return a protocol, ours or a third party's. Raises UsageError."""
    if module := caller.load(name):
        return module
    if not registry.is_known(PROTOCOLS, name):
        if protocols := protocol_names.of_caller(name):
            spoken = " or ".join(f"`{each}`" for each in protocols)
            raise UsageError(f"{name.lower()} speaks {spoken}", hint=f"write {spoken}")
        raise protocol_names.unknown("protocol", name, registry.names(PROTOCOLS))
    return _guest(name)


def _guest(name: str) -> "Protocol":
    """Return a third party's protocol, whose functions cannot reach our stdout or stderr."""
    from credhelper.system import guest  # our own protocols need none

    whose = f"protocol {name}"

    def guarded(function: Callable[..., object], kind: type) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            with guest.visit(whose):
                found = function(*arguments)
                if not isinstance(found, kind):
                    raise TypeError
                str(found).encode()
            return _shown(found) if isinstance(found, caller.Answer) else found

        return call

    with guest.visit(whose):
        module = registry.load(PROTOCOLS, name)
        found = {each: getattr(module, each, None) for each in RETURNED}
    ours = {each: guarded(known, RETURNED[each]) for each, known in found.items() if known}
    return cast("Protocol", SimpleNamespace(**ours))


def _shown(answer: caller.Answer) -> caller.Answer:
    line = redaction.sentence(answer.line, limit=LINE_LIMIT)
    return caller.Answer(answer.text, line=line, status=answer.status)


def _respond(options: SimpleNamespace, question: caller.Question, held: lock.Lock | None) -> int:
    asked = question.asked
    if isinstance(asked, Exception):
        raise asked
    if isinstance(asked, caller.Answer):
        return _say(asked)
    if isinstance(asked, caller.Asked):
        _answer(options, question.protocol, asked, held)
        return 0
    profiles = load.profiles(os.environ, options.config)
    if isinstance(asked, caller.Rejected):
        _drop(profiles, asked)
        output.write(asked.text)
    else:
        listing: Callable[[list[hosts.Rule]], str] = question.protocol.listing  # type: ignore[attr-defined]
        output.write(listing(profiles.rules()))
    return 0


def _say(answer: caller.Answer) -> int:
    """Write an answer that is no token; return its exit status."""
    output.write(answer.text)
    if answer.line:
        output.complain(answer.line)
    return answer.status


def _drop(profiles: load.Profiles, rejected: caller.Rejected) -> None:
    """Drop the cached token if it is the rejected one: the next caller gets another."""
    rules = profiles.rules()
    rule = hosts.match(rules, rejected.url, rejected.profile)
    if rule is None:
        from credhelper.cli import serving  # which only a host that is not ours needs

        refusal = serving.refusal(profiles, rules, rejected.url, rejected.profile)
        log.info("%s; nothing is dropped", refusal.problem)
        return
    slot = profiles.source.slot(cache.Folder(cache.directory(os.environ)), rule.profile)
    entry = cache.read(slot, os.environ)
    if entry and rejected.access_token in ("", entry.token.access_token):
        removal.forget(slot)


def _answer(
    options: SimpleNamespace,
    protocol: "Protocol",
    asked: caller.Asked,
    held: lock.Lock | None,
) -> None:
    profiles = load.profiles(os.environ, options.config)
    if asked.url or asked.server:
        from credhelper.cli import serving  # a caller that names no URL need not pay for it

        asked = serving.choose(profiles, profiles.rules(), asked)
    chosen = profiles.get(asked.profile)
    wanted = order.place(
        chosen,
        profiles.source,
        started=options.started,
        min_ttl_s=options.min_ttl_s,
        newer_than=asked.newer_than,
        grant=asked.grant,
    )
    if options.fresh:
        wanted = dataclasses.replace(wanted, newer_than=wanted.placed_at)
    write_index(profiles, wanted.folder)
    if held and held.name != wanted.slot().name:
        try:
            held.remove()  # the index's, which is there now
        except OSError:
            held.release()  # the answer matters more
        held = None
    issued = issue.issue(wanted, held)
    output.write(protocol.reply(issued.token, asked))
    # Callers that merge stderr into stdout must see nothing on success; people at a terminal may.
    if issued.warning and (options.verbose or os.isatty(2)):
        output.complain(issued.warning)
    if issued.entry.stored_at >= wanted.placed_at:
        _sweep(profiles, wanted.folder)


def _sweep(profiles: load.Profiles, folder: cache.Folder) -> None:
    """Delete what serves nobody any more, once a new token has been answered. Raises nothing."""
    try:
        removal.sweep(folder, profiles.source, profiles.tables)
    except (OSError, ValueError, deadline.DeadlineExceeded):
        return


def write_index(profiles: load.Profiles, folder: cache.Folder) -> None:
    """Let the next callers' door know the profiles and where their tokens may go.

    Before the exchange, which may fail. Raises nothing.
    """
    index = cache.read_index(folder, profiles.source)
    if index:
        return
    try:
        store.write_index(folder, profiles.source, profiles.index())
    except (OSError, ValueError):
        log.info("the index of profiles could not be kept in %s", folder.path)
