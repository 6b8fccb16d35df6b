"""Puts a result's table into the page about speed: `python tests/bench/page.py RESULT.json`.

It replaces what stands between `<!-- bench -->` and `<!-- /bench -->`.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.result import HerdRow, Result, load

PAGE = Path(__file__).resolve().parents[2] / "docs/pages/explanation/speed.md"
OPENING, CLOSING = "<!-- bench -->", "<!-- /bench -->"


def main() -> None:
    """Rewrite the page; without the markers it stays as it is, and the exit status is 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", type=Path)
    parser.add_argument("--page", type=Path, default=PAGE)
    arguments = parser.parse_args()
    text = arguments.page.read_text(encoding="utf-8")
    if text.count(OPENING) != 1 or text.count(CLOSING) != 1:
        sys.exit(f"{arguments.page.name} needs {OPENING} and {CLOSING}, once each")
    table = "\n".join(_lines(load(arguments.result)))
    arguments.page.write_text(replaced(text, table), encoding="utf-8")


def replaced(text: str, table: str) -> str:
    """Return the text with the table between its markers."""
    head, rest = text.split(OPENING)
    _old, tail = rest.split(CLOSING)
    return f"{head}{OPENING}\n{table}\n{CLOSING}{tail}"


def _lines(result: Result) -> Iterator[str]:
    machine = result.machine
    yield (
        f"Medians of {result.rounds} interleaved rounds on {machine['cores']} cores, Python "
        f"{machine['Python']}, {machine['date']}; a ratio of 1 is a Python interpreter that "
        "does nothing."
    )
    yield ""
    yield "| command | ms | ratio | peak MiB |"
    yield "|---|--:|--:|--:|"
    for row in result.rows:
        yield f"| {_cell(row.name)} | {row.ms:.1f} | {row.ratio:.2f} | {row.mib:.1f} |"
    yield ""
    yield "| at once | wall ms | to bare | failures | token requests | secret reads |"
    yield "|---|--:|--:|--:|--:|--:|"
    for herd in result.herds:
        yield _herd_line(herd)


def _herd_line(row: HerdRow) -> str:
    counts = ("" if n is None else str(n) for n in (row.token_requests, row.secret_reads))
    name = f"{row.number} {row.name}"
    return f"| {name} | {row.wall_ms:.0f} | {row.ratio:.2f} | {row.failures} | " + (
        " | ".join(counts) + " |"
    )


def _cell(name: str) -> str:
    return name.replace("|", "\\|")


if __name__ == "__main__":
    main()
