"""A soak of some seconds, and how its bounds break. Ten minutes: `python -m tests.long.soak`.

Its tokens are good for a few seconds each, as their life is little above the hard limit.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.long.soak import report, trial
from tests.long.soak.endpoint import Asked, Granted
from tests.long.soak.long_process import Look
from tests.long.soak.profiles import FRESH, KEPT, Home
from tests.long.soak.record import Record, Run
from tests.support import canary

BRIEF = trial.Plan(
    8, 1, faults=0.2, lives=(36, 39), renew_before_s=32, deadline_s=3, residents=1, rotate_s=3
)
NOW = 1_800_000_000.0


@pytest.mark.slow
def test_a_brief_soak(tmp_path: Path) -> None:
    """Nobody fails who need not, and nothing is left behind."""
    canary.permit(trial.SECRET)  # one profile's secret is a mere variable to the child of another
    seen = trial.run(BRIEF, tmp_path)
    assert report.broken(seen) == []
    assert len(seen.granted) > BRIEF.residents + 2
    assert all(figures for _name, figures in report.table(seen))


def quiet() -> Record:
    """Return what a soak has seen in which one caller got the token that it asked for."""
    record = Record(Home(Path("/nowhere"), 40, 8), 60.0)
    record.runs = [Run("get", "usual", NOW, NOW + 1, "", ("a",), 0)]
    record.granted = {"a": Granted("usual", NOW, 60)}
    record.looks, record.endings = [[Look(3, 30_000, 50.0)] * 3], [-15]
    return record


def test_a_quiet_soak_is_not_broken() -> None:
    """What the next test changes is all that breaks it."""
    assert report.broken(quiet()) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "temporary", "good_until": 1e11}, "though a good token was cached"),
        ({"kind": "temporary"}, "though the endpoint did not"),
        ({"kind": "bug"}, "in another class"),
        ({"tokens": ("b",)}, "a wrong or an ended token"),
        ({"tokens": ()}, "a wrong or an ended token"),
        ({"profile": "other"}, "a wrong or an ended token"),
        ({"started": NOW + 40}, "a wrong or an ended token"),
    ],
)
def test_a_run_that_breaks_a_bound(change: dict[str, object], told: str) -> None:
    """A failure, or an answer that nobody should get, is told."""
    record = quiet()
    record.runs = [*record.runs, replace(record.runs[0], **change)]  # type: ignore[arg-type]  # any member
    assert [sentence for sentence in report.broken(record) if told in sentence]


def test_a_token_too_early() -> None:
    """A second one within ten seconds is told, unless somebody has asked for a fresh one."""
    record = quiet()
    run, first = record.runs[0], record.granted["a"]
    record.granted["b"] = replace(first, at=first.at + 10)
    assert report.broken(record) == ["a token was asked for too early"]
    record.runs.append(replace(run, caller=FRESH, started=first.at + 9, ended=first.at + 11))
    assert report.broken(record) == []


@pytest.mark.parametrize(
    ("member", "value", "told"),
    [
        ("asked", [Asked(KEPT, 0.0, "granted")] * 99, "asks too often"),
        ("looks", [[Look(3, 30_000, 50.0), Look(4, 30_000, 50.0)]], "more descriptors"),
        ("looks", [[Look(3, 30_000, 50.0), Look(3, 40_000, 50.0)]], "has grown"),
        ("looks", [[Look(3, 30_000, -1.0)]], "no good token"),
        ("looks", [[Look(3, 30_000, None)]], "no good token"),
        ("endings", [0], "did not end by its signal"),
        ("left_files", 1, "left behind"),
        ("strays", [".entry.abc"], "a file too many"),
        ("runs", [], "came to an end"),
    ],
)
def test_what_else_breaks_a_bound(member: str, value: object, told: str) -> None:
    """Growth, litter, a bad file, and a soak in which nothing happened."""
    record = quiet()
    setattr(record, member, value)
    assert [sentence for sentence in report.broken(record) if told in sentence]
