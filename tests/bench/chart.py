"""Draws the bar chart of a result: `python tests/bench/chart.py RESULT.json CHART.svg`.

The ending of the second name decides between SVG and PNG. Needs matplotlib.
"""

import argparse
import sys
from pathlib import Path

import matplotlib as mpl

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.result import Result, Row, load

COLOURS = {"bare": "#9aa0a6", "warm": "#1a7f37", "cold": "#0969da", "peer": "#bc4c00"}


def main() -> None:
    """Read the JSON, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", type=Path)
    parser.add_argument("chart", type=Path)
    arguments = parser.parse_args()
    draw(load(arguments.result), arguments.chart)


def draw(result: Result, path: Path) -> None:
    """Draw one bar for each command, the fastest on top, on a logarithmic scale."""
    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "credhelper"  # the same result gives the same file
    from matplotlib import pyplot as plt  # after `use`

    rows = sorted(result.rows, key=lambda row: row.ratio, reverse=True)
    figure, axes = plt.subplots(figsize=(8, 0.32 * len(rows) + 1.2), layout="constrained")
    bars = axes.barh(
        [row.name for row in rows],
        [row.ratio for row in rows],
        color=[COLOURS[row.kind] for row in rows],
    )
    axes.bar_label(bars, [_label(row) for row in rows], padding=3, fontsize=8)
    axes.axvline(1, color="black", linewidth=0.6)
    axes.set_xscale("log")
    axes.set_xlim(right=max(row.ratio for row in rows) * 2.5)
    axes.set_xlabel("time, 1 = a Python interpreter that does nothing (logarithmic)")
    axes.spines[["top", "right"]].set_visible(False)
    metadata = {"Date": None} if path.suffix == ".svg" else {}
    figure.savefig(path, dpi=150, metadata=metadata)
    plt.close(figure)


def _label(row: Row) -> str:
    return f"{row.ratio:.2f} · {row.ms:.0f} ms"


if __name__ == "__main__":
    main()
