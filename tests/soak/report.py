"""What a soak has seen as a table, and which of its bounds are broken."""

from collections import Counter

from tests.soak.tally import SILENT, Tally

# How much of an interpreter's heap may come and go; a leak per renewal shows in a long run.
RESIDENT_KIB = 8192
CLASSES = ("", "temporary", "protocol")


def broken(tally: Tally) -> list[str]:
    """Return a sentence for each bound that is broken."""
    descriptors, resident_kib = tally.growth()
    # Tokens that live for less than two minutes are renewed every ten seconds, in three attempts.
    at_most = 3 * len(tally.looks) * (6 + 60 / tally.seconds)
    bounds = {
        "no caller came to an end": len(tally.runs) > len(tally.of(*SILENT)),
        "a caller failed though a good token was cached": not tally.needless(),
        "a caller failed though the endpoint did not": not tally.unexplained(),
        "a caller failed in another class": all(run.kind in CLASSES for run in tally.runs),
        "a caller got a wrong or an ended token": not tally.unfit(),
        "a token was asked for too early": all(tally.early()),
        "a resident asks too often": tally.requests_per_minute(kept=True) <= at_most,
        "a resident has more descriptors than before": descriptors <= 0,
        "a resident has grown": resident_kib <= RESIDENT_KIB,
        "a refreshed file held no good token": not tally.dead_files(),
        "a resident did not end by its signal": set(tally.endings) == {-15},
        "a refreshed file was left behind": not tally.left_files,
        "the cache has a file too many": not tally.strays,
    }
    return [sentence for sentence, holds in bounds.items() if not holds]


def table(tally: Tally) -> list[tuple[str, str]]:
    """Return what was counted, as rows of a name and figures."""
    descriptors, resident_kib = tally.growth()
    early = tally.early()
    callers, failed = (
        Counter(run.caller for run in tally.runs),
        Counter(run.kind for run in tally.runs if run.kind),
    )
    last = [looks[-1] for looks in tally.looks]
    looks = sum(map(len, tally.looks))
    return [
        ("seconds", f"{tally.seconds:.0f}"),
        ("runs", f"{len(tally.runs)}"),
        ("runs by caller", _counts(callers)),
        ("failures by class", _counts(failed) or "none"),
        ("failures while a token above the hard limit was cached", f"{tally.needless()}"),
        ("failures without a fault of the endpoint", f"{tally.unexplained()}"),
        ("wrong or ended tokens given out", f"{tally.unfit()}"),
        ("token requests by outcome", _counts(Counter(each.outcome for each in tally.asked))),
        ("token requests a minute, by callers", f"{tally.requests_per_minute(kept=False):.1f}"),
        ("token requests a minute, by residents", f"{tally.requests_per_minute(kept=True):.1f}"),
        ("tokens granted while the one before still did", f"{len(early)}"),
        ("of which no forget, --fresh or long wait explains", f"{len(early) - sum(early)}"),
        ("looks at refreshed files; without a good token", f"{looks}; {tally.dead_files()}"),
        (
            "descriptors of residents; growth",
            f"{[each.descriptors for each in last]}; {descriptors}",
        ),
        ("KiB resident; growth", f"{[each.resident_kib for each in last]}; {resident_kib}"),
        ("files in the cache; strays", f"{tally.files}; {', '.join(tally.strays) or 'none'}"),
    ]


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())
