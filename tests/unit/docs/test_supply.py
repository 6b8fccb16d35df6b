"""The locked environment is the one that pyproject.toml asks for."""

import re
import tomllib

from packaging.requirements import Requirement

from tests.support.paths import ROOT

EXTRAS = ("setup", "test", "dev", "docs")


def test_the_lock_has_what_is_asked_for() -> None:
    """Each requirement is there in a version that fits, with a hash; `.ci/lock` writes it anew."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in EXTRAS for line in extras[extra])]
    lock = (ROOT / ".ci" / "lock.txt").read_text()
    locked = dict(
        re.findall(r"^([a-z0-9-]+)==(\S+)[^\n]*\\\n    --hash=sha256:", lock, re.MULTILINE)
    )
    for wanted in map(Requirement, lines):
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        assert wanted.specifier.contains(locked[name]), name


def test_the_proofs_of_the_promises_are_there() -> None:
    """Each test that SECURITY.md names exists."""
    named = re.findall(r"`([a-z_/]+\.py)(?:::(\w+))?`", (ROOT / "SECURITY.md").read_text())
    assert len(named) > 15
    for file, function in named:
        assert f"def {function}" in (ROOT / "tests" / file).read_text(), (file, function)
