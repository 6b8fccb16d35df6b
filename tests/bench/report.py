"""A result as text: three tables and what was skipped."""
# ruff: noqa: T201 - printing is its job

from tests.bench.result import Result


def show(result: Result) -> None:
    """Print it all."""
    print(", ".join(f"{name} {value}" for name, value in result.machine.items()))
    print(f"\nmedians of {result.rounds} interleaved rounds; ratios to the bare interpreter")
    print(f"{'':36} {'ms':>8} {'ratio':>7} {'MiB':>7} {'ratio':>7}")
    for row in result.rows:
        numbers = f"{row.ms:8.1f} {row.ratio:7.2f} {row.mib:7.1f} {row.memory_ratio:7.2f}"
        print(f"{row.name:36} {numbers}")
    _show_herds(result)
    print(f"\n{'goal':44} {'figure':>8}  limit")
    for goal in result.goals:
        verdict = "met" if goal.met else "MISSED"
        print(f"{goal.name:44} {goal.figure:8.3f}  {goal.limit:14} {verdict}")
    for name, why in result.skipped.items():
        print(f"skipped: {name}: {why}")


def _show_herds(result: Result) -> None:
    print(f"\nat once: medians of {result.herd_rounds} interleaved rounds, counts of the worst")
    print(f"{'':36} {'wall ms':>8} {'ratio':>7} {'failed':>7} {'tokens':>7} {'reads':>7}")
    for row in result.herds:
        counts = f"{row.failures:7} {_count(row.token_requests):>7} {_count(row.secret_reads):>7}"
        name = f"{row.number} {row.name}"
        print(f"{name:36} {row.wall_ms:8.0f} {row.ratio:7.2f} {counts}")


def _count(number: int | None) -> str:
    return "" if number is None else str(number)
