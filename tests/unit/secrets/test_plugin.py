"""Backends of third parties: they cannot reach our stdout, and what they say is one line."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError, CredhelperError, ProtocolError
from credhelper.secrets import secret
from credhelper.system import registry

HIDDEN = "hidden-of-a-third-party-7d"
REFERENCE = SecretRef("theirs", "x")


def noise(*_arguments: object) -> str:
    """Write what reaches descriptors; capturing replaces Python's own streams."""
    os.write(1, b"out")
    os.write(2, HIDDEN.encode())
    return HIDDEN


@dataclass(frozen=True)
class Settings:
    """A setting whose check says more than it should."""

    key: str = ""

    def __post_init__(self) -> None:
        """Fail where it is set, as no check of ours does."""
        if self.key:
            sys.exit(noise())


def told(*_arguments: object) -> Iterator[object]:
    """Tell too much."""
    noise()
    yield f"user \x1b[31mx, {HIDDEN}"
    yield "version 1", "renew it"


def use(monkeypatch: pytest.MonkeyPatch, **functions: object) -> None:
    """Offer a backend by an entry point whose import makes noise, too."""
    module = SimpleNamespace(**functions)

    def load() -> SimpleNamespace:
        noise()
        return module

    point = SimpleNamespace(name="theirs", load=load)
    monkeypatch.setattr(registry, "_entry_points", lambda _kind: [point])


def test_nothing_of_it_is_printed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not when it is imported, reads, describes, or is asked for its variables."""
    use(monkeypatch, read=noise, read_previous=noise, describe=told, VARIABLES=("X",))
    assert secret.read(REFERENCE, {}, key="k").reveal() == HIDDEN
    previous = secret.read_previous(REFERENCE, {}, key="k")
    assert previous
    assert previous.reveal() == HIDDEN
    assert list(secret.describe(REFERENCE, {}, key="k")) == [("", ""), ("version 1", "renew it")]
    assert secret.variables(REFERENCE) == ("X",)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, RuntimeError, BaseException])
@pytest.mark.parametrize("where", ["read", "read_previous", "describe"])
def test_whatever_it_raises_is_one_line(
    monkeypatch: pytest.MonkeyPatch, kind: type[BaseException], where: str
) -> None:
    """Without its text."""

    def fail(*_arguments: object) -> str:
        raise kind(HIDDEN)

    use(monkeypatch, **{where: fail})
    call = getattr(secret, where)
    with pytest.raises(ProtocolError) as caught:
        list(call(REFERENCE, {}, key="k"))
    assert caught.value.problem == f"backend theirs broke its contract ({kind.__name__})"
    assert caught.value.__cause__ is None


def test_its_settings(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Its own check is its code; a key that is wrong is told in our words."""
    use(monkeypatch, read=noise, Settings=Settings)
    with pytest.raises(ProtocolError, match="broke its contract"):
        secret.read(REFERENCE, {"key": "x"}, key="k")
    with pytest.raises(ConfigError, match=r"k\.theirs\.kye is not a key") as caught:
        secret.read(REFERENCE, {"kye": "x"}, key="k")
    assert caught.value.hint == "did you mean `key`?"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("value", [None, 7, b"bytes"])
def test_what_is_no_text(monkeypatch: pytest.MonkeyPatch, value: object) -> None:
    """A secret is text."""
    use(monkeypatch, read=lambda *_: value)
    with pytest.raises(ProtocolError, match="backend theirs returned no text"):
        secret.read(REFERENCE, {}, key="k")


def test_json_of_it_is_never_sent_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule is that of all backends."""
    use(monkeypatch, read=lambda *_: '{"user": "db", "password": "x"}')
    with pytest.raises(ConfigError, match="is a JSON object with the fields password, user"):
        secret.read(REFERENCE, {}, key="k")


def test_one_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is named."""

    def load() -> None:
        raise ImportError(HIDDEN, name="their_library")

    point = SimpleNamespace(load=load)
    monkeypatch.setattr(registry, "_entry_point", lambda _kind, _name: point)
    with pytest.raises(CredhelperError) as caught:
        secret.read(REFERENCE, {}, key="k")
    assert caught.value.line() == (
        "credhelper: config: backend theirs cannot be imported; install their_library"
    )


def test_it_says_how_its_secret_is_stored(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """For `init`; one that cannot say so is no error."""

    def hint(path: str, _field: str) -> str:
        noise()
        return f"theirs put {path}"

    use(monkeypatch, read=noise, store_hint=hint)
    assert secret.store_hint(REFERENCE) == "theirs put x"
    use(monkeypatch, read=noise)
    assert secret.store_hint(REFERENCE) == "Put the client secret where theirs:x says."
    assert capfd.readouterr() == ("", "")
