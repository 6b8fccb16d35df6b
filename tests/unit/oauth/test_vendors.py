"""What servers in the field answer is sorted by what it means: one table for every caller of it."""

from typing import Any

import pytest

from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import ClientRefusedError, CredhelperError, TemporaryError
from credhelper.oauth import exchange
from credhelper.renewal import refusal
from credhelper.secrets.secret import Secret
from credhelper.system import http
from tests.support.servers.scripted import Script, Scripted, answer
from tests.support.vendors import ANSWERS

SECRET = "s3cret-of-16-chr"
pytestmark = pytest.mark.usefixtures("clean_environ")


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries follow at once."""
    monkeypatch.setattr(http, "BACKOFF_BASE_S", 0.01)


def at(server: Scripted, **settings: Any) -> Profile:  # noqa: ANN401 - as many kinds as the fields have
    """Return a profile for a scripted server."""
    reference = SecretRef("vault", "secret/app", "s")
    known = {"token_url": server.url, "ca": server.ca, "client_secret": reference, "scope": "api"}
    return Profile(**{"name": "p", "client_id": "app", **known, **settings})


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_sorted_by_what_it_means(scripted: Script, name: str) -> None:
    """Class, rotation, tries, what is shared, the server's code, and what to do next."""
    said = ANSWERS[name]
    server = scripted(answer(said.status, said.text()), kind="")
    with pytest.raises(CredhelperError) as caught:
        exchange.exchange(at(server), Secret(SECRET), attempts=2)
    error = caught.value
    assert type(error) is said.kind
    assert len(server.requests) == (2 if said.kind is TemporaryError else 1)
    assert refusal.lasts_s(error) == said.shared_s
    assert error.code == said.code
    assert said.hint in error.hint
    assert error.problem.startswith(f"{server.whom} answered {said.status}")
    assert said.words in error.problem
    assert "<" not in error.line()
    if said.code:
        assert "portal" not in error.line()
        assert "firewall" not in error.line()
    assert ("secret at" in error.hint) is isinstance(error, ClientRefusedError)


def test_there_are_many_of_them() -> None:
    """Fewer than 36 kinds of answers tell little of the field."""
    assert len(ANSWERS) >= 36
