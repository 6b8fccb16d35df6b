"""What the tests of the backends share."""

from collections.abc import Callable

import pytest

from credhelper.system import http


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, clean_environ: Callable[[str, str], None]) -> None:
    """Retry at once, in an environment without anyone's Vault."""
    del clean_environ
    monkeypatch.setattr(http, "BACKOFF_BASE_S", 0.01)
