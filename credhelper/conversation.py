"""A caller's question answered: for which profile, from where, and in its own dialect."""

import logging
import os
import time
from collections.abc import Callable
from types import SimpleNamespace

from credhelper import cache, hosts, lock, output, profile, protocols, store, table
from credhelper.contracts import Protocol
from credhelper.errors import ConfigError, CredhelperError, UsageError
from credhelper.issue import Order, issue

GROUP = "credhelper.protocols"  # the entry point group of third parties' protocols


def respond(
    options: SimpleNamespace, question: protocols.Question, held: CredhelperError | lock.Lock | None
) -> int:
    """Do what a caller asks; return the exit status.

    What fails is told in the caller's dialect, if that has a shape for it; else it is raised, as a
    CredhelperError.
    """
    try:
        return _respond(options, question, held)
    except CredhelperError as error:
        if refuse := getattr(question.protocol, "refuse", None):
            return _say(refuse(error, question.words))
        raise


def find(name: str) -> Protocol:
    """Return a protocol, ours or a third party's. Raises UsageError."""
    if module := protocols.own(name):
        return module
    import pkgutil
    from importlib.metadata import entry_points  # 25 ms, and never for our own protocols

    points = {point.name: point for point in entry_points(group=GROUP)}
    if name in points:
        loaded: Protocol = points[name].load()
        return loaded
    known = [module.name for module in pkgutil.iter_modules(protocols.__path__)] + list(points)
    raise UsageError("that protocol is unknown", hint=table.nearest(name, known))


def _respond(
    options: SimpleNamespace, question: protocols.Question, held: CredhelperError | lock.Lock | None
) -> int:
    asked = question.asked
    if isinstance(asked, Exception):
        raise asked
    if isinstance(asked, protocols.Answer):
        return _say(asked)
    if isinstance(asked, protocols.Asked):
        _answer(options, question.protocol, asked, held)
        return 0
    profiles = profile.load(os.environ, options.config)
    if isinstance(asked, protocols.Rejected):
        _drop(profiles, asked)
        output.write(asked.text)
    else:
        listing: Callable[[list[hosts.Rule]], str] = question.protocol.listing  # type: ignore[attr-defined]
        output.write(listing(profiles.rules()))
    return 0


def _say(answer: protocols.Answer) -> int:
    """Tell a caller something that is no token; return the exit status that belongs to it."""
    output.write(answer.text)
    if answer.line:
        output.complain(answer.line)
    return answer.status


def _drop(profiles: profile.Profiles, rejected: protocols.Rejected) -> None:
    """Drop the cached token if it is the rejected one: the next caller gets another."""
    rule = hosts.match(profiles.rules(), rejected.url, rejected.profile)
    if rule is None:
        return
    where, name = cache.directory(os.environ), profiles.source.entry_name(rule.profile)
    entry = cache.read(where, name, os.environ)
    if entry and rejected.access_token in ("", entry.token.access_token):
        store.forget(where, name)


def _answer(
    options: SimpleNamespace,
    protocol: Protocol,
    asked: protocols.Asked,
    held: CredhelperError | lock.Lock | None,
) -> None:
    min_ttl_s = table.duration_s(options.min_ttl, key="--min-ttl")
    profiles = profile.load(os.environ, options.config)
    needs_index = bool(asked.url) or not asked.profile
    rules = profiles.rules() if needs_index else []
    if asked.url:
        asked = asked.under(_rule(profiles, rules, asked))
    order = Order(
        profiles.get(asked.profile),
        profiles.source,
        min_ttl_s=min_ttl_s,
        newer_than=time.time() if options.fresh else asked.newer_than,
        grant=asked.grant,
    )
    if needs_index:
        write_index(profiles, rules)
    issued = issue(order, held)
    output.write(protocol.reply(issued.token, asked))
    # Callers that merge stderr into stdout must see nothing on success; people at a terminal may.
    if issued.warning and (options.verbose or os.isatty(2)):
        output.complain(issued.warning)


def _rule(
    profiles: profile.Profiles, rules: list[hosts.Rule], asked: protocols.Asked
) -> hosts.Rule:
    """Return the rule that lets a token go where the caller says. Raises ConfigError."""
    if asked.profile:
        profiles.choose(asked.profile)
    rule = hosts.match(rules, asked.url, asked.profile)
    if rule:
        return rule
    where = hosts.origin(asked.url) or "an address that is no plain https:// one"
    hint = f"add it to the `hosts` of one profile in {profiles.source.path or 'CREDHELPER_HOSTS'}"
    raise ConfigError(f"no token may go to {where}", hint=hint, code=protocols.UNKNOWN_HOST)


def write_index(profiles: profile.Profiles, rules: list[hosts.Rule]) -> None:
    """Let the next callers' door know default, hosts and names, though this one fail."""
    where = cache.directory(os.environ)
    index = (profiles.default, [rule.line() for rule in rules], list(profiles.tables))
    if cache.read_index(where, profiles.source) == index:
        return
    try:
        store.write_index(where, profiles.source, *index)
    except (OSError, ValueError):
        logging.getLogger(__name__).info("the index of profiles could not be kept in %s", where)
