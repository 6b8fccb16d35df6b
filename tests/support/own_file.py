"""A file that nobody but us can change."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def file() -> Iterator[Path]:
    """Return a file of ours, two folders deep, where other users may look as well."""
    with tempfile.TemporaryDirectory() as base:
        path = Path(base) / "team" / "config" / "file"
        path.parent.mkdir(parents=True)
        path.write_text("text")
        for each in path.parents[:3]:
            each.chmod(0o755)
        path.chmod(0o644)
        yield path
