"""Show profiles, where their secret lives, and the state of their token."""

import dataclasses
import json
import os
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace

from credhelper import cache
from credhelper.config import load
from credhelper.config.load import Profiles
from credhelper.config.profile import Profile
from credhelper.errors import LINE_LIMIT, ConfigError, CredhelperError, printable
from credhelper.renewal import fetch, refusal
from credhelper.system import output, terminal, url
from credhelper.token import rfc3339

HEAD = ("PROFILE", "ENDPOINT", "SECRET", "TOKEN", "LIFE", "LAST ERROR")
COLOURS = {"fresh": "32", "soft": "33", "expired": "33", "refused": "1;31", "broken": "1;31"}
WORDS = {"soft": "soft (renewing)"}  # the others are words already


@dataclass(frozen=True)
class Row:
    """What is known of a profile; None where nothing is.

    `state` is none, fresh, soft, expired, refused (the server's refusal stands) or broken (the
    config is wrong). `expiration` is RFC 3339, `remaining_s` the seconds until then. `last_error`
    is that of the last exchange, `at` (RFC 3339) when it was, `ago_s` seconds ago; of a broken
    profile it is the config's, which has no time.
    """

    profile: str
    default: bool
    host: str | None = None
    secret_reference: str | None = None
    state: str = "none"
    expiration: str | None = None
    remaining_s: int | None = None
    last_error: Mapping[str, str | int | None] | None = None


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: SimpleNamespace) -> int:
    """Write a row per profile, never with a value of a secret or a token; return 0."""
    found = rows(load.profiles(os.environ, options.config), time.time())
    if options.json:
        output.write(json.dumps([dataclasses.asdict(row) for row in found]) + "\n")
    else:
        output.write(text(found, terminal.columns()))
    return 0


def rows(profiles: Profiles, now: float) -> list[Row]:
    """Return a row per profile, in the config's order; one that is broken hides no other."""
    found = []
    for name in profiles.tables:
        row = Row(name, name == profiles.default)
        try:
            found.append(_filled(row, profiles.get(name), profiles.source, now))
        except ConfigError as error:
            found.append(dataclasses.replace(row, state="broken", last_error=_told(error)))
    return found


def _filled(row: Row, item: Profile, source: cache.Source, now: float) -> Row:
    slot = source.slot(cache.Folder(cache.directory(os.environ)), item.name)
    row = dataclasses.replace(
        row,
        host=url.host_of(item.address),
        secret_reference=str(item.client_secret),
        last_error=_last_error(item, source, now),
    )
    entry = cache.read(slot, os.environ)
    if entry is None or entry.identity != item.identity():
        state = "none"
    elif entry.serves(now):
        left_s, expiration = int(entry.token.expires_at - now), entry.token.expiration()
        state = "fresh" if entry.is_fresh(now) else "soft"
        return dataclasses.replace(row, state=state, expiration=expiration, remaining_s=left_s)
    else:
        state = "expired"
    if refusal.read(slot, stamp=source.stamp, environ=os.environ):
        state = "refused"
    return dataclasses.replace(row, state=state)


def _last_error(
    item: Profile, source: cache.Source, now: float
) -> Mapping[str, str | int | None] | None:
    """Return the newest failure of these settings' exchanges, if none has succeeded since."""
    folder = cache.Folder(cache.directory(os.environ))
    failures = [refusal.last(source.slot(folder, item.name, grant)) for grant in fetch.GRANTS]
    known = [each for each in failures if each and each.identity == item.identity()]
    if not known:
        return None
    newest = max(known, key=lambda failure: failure.at)
    ago_s = max(0, int(now - newest.at))
    return {**_told(newest.error), "at": rfc3339(newest.at), "ago_s": ago_s}


def _told(error: CredhelperError) -> Mapping[str, str | int | None]:
    return {
        "class": error.word,
        "code": printable(error.code) or None,
        "problem": printable(error.problem)[:LINE_LIMIT],
        "hint": printable(error.hint)[:LINE_LIMIT],
        "at": None,
        "ago_s": None,
    }


def text(found: list[Row], columns: int) -> str:
    """Return the rows as aligned columns; for a terminal of so many columns (0: none) cut to it."""
    table = [HEAD, *map(_cells, found)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    while columns and sum(widths) + 2 * len(widths) - 2 > max(columns, 60):
        widths[widths.index(max(widths))] -= 1  # the widest column gives way
    lines = []
    for number, cells in enumerate(table):
        cut = [_cut(cell, width) for cell, width in zip(cells, widths, strict=True)]
        colour = COLOURS.get(found[number - 1].state) if number and columns else None
        if colour:
            cut[3] = terminal.coloured(cut[3], colour)
        lines.append("  ".join(cut).rstrip() + "\n")
    return "".join(lines)


def _cut(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 1] + "…"


def _cells(row: Row) -> tuple[str, ...]:
    error, life = row.last_error, "-"
    if row.remaining_s is not None:
        life = terminal.duration(row.remaining_s)
    return (
        row.profile + (" *" if row.default else ""),
        row.host or "-",
        row.secret_reference or "-",
        WORDS.get(row.state, row.state),
        life,
        _sentence(error) if error else "-",
    )


def _sentence(error: Mapping[str, str | int | None]) -> str:
    ago_s = error["ago_s"]
    ago = f", {terminal.duration(ago_s)} ago" if isinstance(ago_s, int) else ""
    return f"{error['class']}{ago}: {error['problem']}; {error['hint']}"
