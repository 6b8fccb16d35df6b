"""Every parser holds for the whole corpus, and for what hypothesis makes of it.

`FUZZ_EXAMPLES=20000 pytest tests/long/test_fuzz.py` looks further, at other examples each time;
`python -m tests.long.fuzz` (extra `fuzz`) is led by coverage.
"""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.configuration import set_hypothesis_home_dir

from tests.long.fuzz import catalogue, inputs

TARGETS = catalogue.find()
CHOSEN = int(os.environ.get("FUZZ_EXAMPLES", "0"))
CORPUS = [(name, file) for name in TARGETS for file in catalogue.corpus(name)]
PROFILE = settings(
    max_examples=CHOSEN or 100,
    derandomize=not CHOSEN,  # the same examples each time: a suite must not fail by chance
    database=None,
    deadline=None,  # `checks.bounded` counts the processor's time; a busy machine is no failure
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink] if CHOSEN else [Phase.generate],
)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path) -> Iterator[None]:
    """Keep hypothesis's own files out of the checkout."""
    set_hypothesis_home_dir(tmp_path)
    with warnings.catch_warnings():
        yield
    set_hypothesis_home_dir(None)


def test_every_target_has_a_corpus() -> None:
    """A target starts from something good, so that it reaches what lies deep."""
    assert {name for name, _file in CORPUS} == set(TARGETS)
    assert {path.name for path in catalogue.CORPUS.iterdir()} <= set(TARGETS)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "file"), CORPUS)
def test_corpus(name: str, file: str) -> None:
    """Each file of the corpus holds: seeds, and whatever failed once."""
    catalogue.run(TARGETS[name], catalogue.corpus(name)[file])


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_more(name: str) -> None:
    """What is made of the corpus by edits, and any bytes, hold."""

    @PROFILE
    @given(inputs.of(name))
    def check(data: bytes) -> None:
        catalogue.run(TARGETS[name], data)

    check()
