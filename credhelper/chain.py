"""The whole chain, link after link, and what a person or a machine is told of each."""

import textwrap
from collections.abc import Iterable, Iterator

from credhelper import output, terminal
from credhelper.walk import Finding, Walk, go

COLOURS = {"ok": "32", "warning": "33", "failed": "1;31", "skipped": "2"}  # ECMA-48, SGR


def findings(walk: Walk) -> Iterator[Finding]:
    """Yield what each link of the chain has found, top down."""
    # Some need the network stack, 65 ms, which no other command's start should pay for.
    from credhelper.checks import (
        cache,
        claims,
        clock,
        config,
        connection,
        exchange,
        identity,
        name,
        proxy,
        reference,
        scopes,
        secret,
        startup,
    )

    way = (config, reference, identity, secret, name, proxy, connection, clock)
    for link in (*way, exchange, scopes, claims, cache, startup):
        yield go(walk, link.__name__.rpartition(".")[2], link.check)


def tell(found: Iterable[Finding]) -> list[Finding]:
    """Write a line per finding as it comes; return them all."""
    told = []
    for finding in found:
        output.write(line(finding, terminal.columns()))
        told.append(finding)
    return told


def status(found: Iterable[Finding]) -> int:
    """Return the exit status of the first failure, 0 if there is none."""
    return next((finding.status for finding in found if finding.status), 0)


def line(finding: Finding, columns: int) -> str:
    """Return a finding as one line; for a terminal of so many columns (0: none) it is folded."""
    took = "" if finding.state == "skipped" else f"{finding.took_s * 1000:.0f} ms"
    head = f"{finding.state:8} {finding.link:10} {took:>8}  "
    text = finding.detail + (f"; {finding.hint}" if finding.hint else "")
    if not columns:
        return (head + text).rstrip() + "\n"
    room = max(columns - len(head), 40)
    folded = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    text = ("\n" + " " * len(head)).join(folded)
    return terminal.coloured(head, COLOURS[finding.state]) + text + "\n"
