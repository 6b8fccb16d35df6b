"""What every backend must do, ours and third parties': run each of `CHECKS` with a `Case`."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError, CredhelperError
from credhelper.secrets import secret

KEY = "profiles.t"


@dataclass(frozen=True)
class Case:
    """A backend with one secret in it.

    `good` refers to the secret, `missing` to none, and each of `wrong` reaches the secret by a
    reference that must be refused (a field it has not, a part of it that is no string).
    """

    good: str
    missing: str
    expected: str
    wrong: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)


def read(reference: str, settings: Mapping[str, object] | None = None) -> str:
    """Return the secret as the product reads it: parsed, looked up, its settings checked."""
    parsed = SecretRef.parse(reference, f"{KEY}.client_secret")
    return secret.read(parsed, settings or {}, key=KEY).reveal()


def refused(
    kind: type[CredhelperError],
    reference: str,
    settings: Mapping[str, object] | None = None,
    *,
    secrets: tuple[str, ...] = (),
) -> CredhelperError:
    """Return the error of a read that must fail with it: with a hint, and without the secrets."""
    with pytest.raises(kind) as caught:
        read(reference, settings)
    error = caught.value
    assert type(error) is kind
    assert error.hint
    shown = "".join(traceback.format_exception(error)) + repr(error) + error.line()
    for value in secrets:
        assert value not in shown
    return error


def reads_the_secret(case: Case) -> None:
    """Check that the secret is returned as it was stored, each time."""
    assert [read(case.good, case.settings) for _ in range(6)] == [case.expected] * 6


def refuses_a_missing_one(case: Case) -> None:
    """Check that a secret that is not there is an error of the config, never an empty answer."""
    refused(ConfigError, case.missing, case.settings, secrets=(case.expected,))


def keeps_the_secret_out_of_errors(case: Case) -> None:
    """Check that a refusal does not show the secret, not in its traceback either."""
    for reference in case.wrong:
        refused(ConfigError, reference, case.settings, secrets=(case.expected,))


def refuses_an_unknown_setting(case: Case) -> None:
    """Check that a setting that the backend does not know is refused, and its key named."""
    settings = {**case.settings, "surprise": "x"}
    error = refused(ConfigError, case.good, settings, secrets=(case.expected,))
    assert KEY in error.problem


CHECKS: tuple[Callable[[Case], None], ...] = (
    reads_the_secret,
    refuses_a_missing_one,
    keeps_the_secret_out_of_errors,
    refuses_an_unknown_setting,
)
