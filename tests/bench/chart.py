"""Draws the bar chart of a result: `python tests/bench/chart.py RESULT.json CHART.svg`."""

import argparse
import math
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.result import Result, Row, load

LEFT, DECADE, STEP, BAR = 240, 150, 24, 16  # pixels
LEAST = 0.1  # the ratio at the left end of a bar; the scale is logarithmic
# Colours of a light page, then of a dark one.
STYLE = """\
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .bare { fill: #8b949e; } .warm { fill: #1a7f37; }
  .cold { fill: #0969da; } .peer { fill: #bc4c00; }
  path { stroke: #59636e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .warm { fill: #3fb950; } .cold { fill: #58a6ff; } .peer { fill: #db6d28; }
    path { stroke: #9198a1; }
  }"""


def main() -> None:
    """Read the JSON, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", type=Path)
    parser.add_argument("chart", type=Path)
    arguments = parser.parse_args()
    arguments.chart.write_text(svg(load(arguments.result)), encoding="utf-8")


def svg(result: Result) -> str:
    """Return one bar for each command, the fastest on top; readable on a light and a dark page."""
    rows = sorted(result.rows, key=lambda row: row.ratio)
    return "\n".join(_lines(rows)) + "\n"


def _lines(rows: list[Row]) -> Iterator[str]:
    bottom = STEP * len(rows) + 6
    one = _x(1)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {bottom + 24}" role="img" '
        'aria-labelledby="t">'
    )
    yield '<title id="t">Time of each command, relative to an interpreter that does nothing</title>'
    yield f"<style>\n{STYLE}\n</style>"
    for number, row in enumerate(rows):
        top, end = STEP * number + 6, _x(row.ratio)
        baseline = top + BAR - 3
        yield f'<text x="{LEFT - 8}" y="{baseline}" text-anchor="end">{escape(row.name)}</text>'
        yield (
            f'<rect class="{row.kind}" x="{LEFT}" y="{top}" width="{end - LEFT}" height="{BAR}"/>'
        )
        yield f'<text x="{end + 6}" y="{baseline}">{row.ratio:.2f} · {row.ms:.0f} ms</text>'
    yield f'<path d="M{one} 2V{bottom}"/>'
    yield (
        f'<text x="{one}" y="{bottom + 16}" text-anchor="middle">'
        "1 = an interpreter that does nothing; logarithmic</text>"
    )
    yield "</svg>"


def _x(ratio: float) -> int:
    return LEFT + round(DECADE * math.log10(max(ratio, LEAST) / LEAST))


if __name__ == "__main__":
    main()
