"""Walk the whole chain and say what is wrong and what to do."""

import dataclasses
import json
import os
import shutil
import textwrap
from argparse import ArgumentParser
from collections.abc import Iterator
from types import SimpleNamespace

from credhelper import output
from credhelper.walk import Finding, Walk, go

COLOURS = {"ok": "32", "warning": "33", "failed": "1;31", "skipped": "2"}  # ECMA-48, SGR


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("profile", nargs="?", default="", metavar="PROFILE")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: SimpleNamespace) -> int:
    """Write a line per link of the chain as it is found; return the first failure's status."""
    found = []
    for finding in findings(options):
        found.append(finding)
        if not options.json:
            output.write(line(finding, _columns()))
    status = next((finding.status for finding in found if finding.status), 0)
    if options.json:
        links = [dataclasses.asdict(finding) for finding in found]
        output.write(json.dumps({"version": 1, "status": status, "findings": links}) + "\n")
    return status


def findings(options: SimpleNamespace) -> Iterator[Finding]:
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

    walk = Walk(options.config, options.profile or os.environ.get("CREDHELPER_PROFILE", ""))
    way = (config, reference, identity, secret, name, proxy, connection, clock)
    for link in (*way, exchange, scopes, claims, cache, startup):
        yield go(walk, link.__name__.rpartition(".")[2], link.check)


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
    return _coloured(head, text, COLOURS[finding.state]) + "\n"


def _coloured(head: str, text: str, colour: str) -> str:
    """Return both, the head in colour, unless the user wants none (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return head + text
    return f"\x1b[{colour}m{head}\x1b[0m{text}"


def _columns() -> int:
    """Return the width of the terminal that stdout is, 0 if it is none."""
    return shutil.get_terminal_size().columns if os.isatty(1) else 0
