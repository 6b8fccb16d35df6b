"""What a soak has seen as a table, and which of its bounds are broken."""

from collections import Counter

from tests.long.soak.record import SILENT, Record

# How much of an interpreter's heap may come and go; a leak per renewal shows in a long run.
RESIDENT_KIB = 8192
CLASSES = ("", "temporary", "protocol")


def broken(record: Record) -> list[str]:
    """Return a sentence for each bound that is broken."""
    descriptors, resident_kib = record.growth()
    # Tokens that live for less than two minutes are renewed every ten seconds, in three attempts.
    at_most = 3 * len(record.looks) * (6 + 60 / record.seconds)
    bounds = {
        "no caller came to an end": len(record.runs) > len(record.of(*SILENT)),
        "a caller failed though a good token was cached": not record.needless(),
        "a caller failed though the endpoint did not": not record.unexplained(),
        "a caller failed in another class": all(run.kind in CLASSES for run in record.runs),
        "a caller got a wrong or an ended token": not record.unfit(),
        "a token was asked for too early": all(record.early()),
        "a resident asks too often": record.requests_per_minute(kept=True) <= at_most,
        "a resident has more descriptors than before": descriptors <= 0,
        "a resident has grown": resident_kib <= RESIDENT_KIB,
        "a refreshed file held no good token": not record.dead_files(),
        "a resident did not end by its signal": set(record.endings) == {-15},
        "a refreshed file was left behind": not record.left_files,
        "the cache has a file too many": not record.strays,
    }
    return [sentence for sentence, holds in bounds.items() if not holds]


def table(record: Record) -> list[tuple[str, str]]:
    """Return what was counted, as rows of a name and figures."""
    descriptors, resident_kib = record.growth()
    early = record.early()
    callers, failed = (
        Counter(run.caller for run in record.runs),
        Counter(run.kind for run in record.runs if run.kind),
    )
    last = [looks[-1] for looks in record.looks]
    looks = sum(map(len, record.looks))
    return [
        ("seconds", f"{record.seconds:.0f}"),
        ("runs", f"{len(record.runs)}"),
        ("runs by caller", _counts(callers)),
        ("failures by class", _counts(failed) or "none"),
        ("failures while a token above the hard limit was cached", f"{record.needless()}"),
        ("failures without a fault of the endpoint", f"{record.unexplained()}"),
        ("wrong or ended tokens given out", f"{record.unfit()}"),
        ("token requests by outcome", _counts(Counter(each.outcome for each in record.asked))),
        ("token requests a minute, by callers", f"{record.requests_per_minute(kept=False):.1f}"),
        ("token requests a minute, by residents", f"{record.requests_per_minute(kept=True):.1f}"),
        ("tokens granted while the one before still did", f"{len(early)}"),
        ("of which no forget, --fresh or long wait explains", f"{len(early) - sum(early)}"),
        ("looks at refreshed files; without a good token", f"{looks}; {record.dead_files()}"),
        (
            "descriptors of residents; growth",
            f"{[each.descriptors for each in last]}; {descriptors}",
        ),
        ("KiB resident; growth", f"{[each.resident_kib for each in last]}; {resident_kib}"),
        ("files in the cache; strays", f"{record.files}; {', '.join(record.strays) or 'none'}"),
    ]


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())
