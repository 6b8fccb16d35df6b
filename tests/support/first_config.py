"""The flags of a first `init`, and the file that it writes."""

from pathlib import Path

from tests.conftest import Box

FLAGS = ("--provider", "itwin", "--client-id", "x", "--secret-reference", "env:S", "--no-check")


def path_of(box: Box) -> Path:
    """Return where the config file is, or would be."""
    return box.home / ".config" / "credhelper" / "config.toml"
