"""Rows in which each combination of so many values occurs at least once."""

import random
from collections.abc import Mapping, Sequence
from itertools import combinations, product

Row = dict[str, str]
TRIES = 3  # random orders per row


def rows(factors: Mapping[str, Sequence[str]], *, strength: int, seed: int) -> list[Row]:
    """Return rows that together have each combination of values of `strength` factors.

    Greedy: each row takes a combination that is still open, and completes it by the values that
    close the most others; the best of some random orders counts.
    """
    dice = random.Random(seed)
    names = sorted(factors)
    # A dict keeps the order, so that a seed always gives the same rows.
    open_ones = dict.fromkeys(
        tuple(zip(group, values, strict=True))
        for group in combinations(names, strength)
        for values in product(*(factors[name] for name in group))
    )
    found: list[Row] = []
    while open_ones:
        start = next(iter(open_ones))
        tries = (_row(dict(start), factors, open_ones, strength, dice) for _ in range(TRIES))
        best = max(tries, key=lambda row: len(_closed(row, open_ones, strength)))
        for combination in _closed(best, open_ones, strength):
            del open_ones[combination]
        found.append(best)
    return found


def _row(
    row: Row,
    factors: Mapping[str, Sequence[str]],
    open_ones: Mapping[tuple[tuple[str, str], ...], None],
    strength: int,
    dice: random.Random,
) -> Row:
    """Complete a row factor by factor, in a random order."""
    for name in dice.sample(missing := sorted(factors.keys() - row.keys()), len(missing)):
        others = list(combinations(sorted(row.items()), strength - 1))
        scores = {
            value: sum(tuple(sorted([*other, (name, value)])) in open_ones for other in others)
            for value in dice.sample(factors[name], len(factors[name]))
        }
        row[name] = max(scores, key=scores.__getitem__)
    return row


def _closed(
    row: Row, open_ones: Mapping[tuple[tuple[str, str], ...], None], strength: int
) -> list[tuple[tuple[str, str], ...]]:
    """Return the open combinations that a row has."""
    return [each for each in combinations(sorted(row.items()), strength) if each in open_ones]
