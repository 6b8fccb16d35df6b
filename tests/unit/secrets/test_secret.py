"""References and the wrapper: parsed strictly, shown never."""

import copy
import logging
import pickle
import traceback

import pytest

from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError
from credhelper.secrets import secret
from credhelper.secrets.secret import Secret
from credhelper.system import registry

CANARY = "canary-secret-value"


def test_a_secret_shows_itself_to_reveal_alone(caplog: pytest.LogCaptureFixture) -> None:
    """No repr, str, format, log line or pickle holds the value."""
    wrapped = Secret(CANARY)
    logging.getLogger("test").warning("%s %r", wrapped, wrapped)
    shown = f"{wrapped} {wrapped!r} {[wrapped]}" + caplog.text
    assert CANARY not in shown
    assert wrapped.reveal() == CANARY
    assert wrapped == Secret(CANARY)
    assert wrapped != Secret("other")
    with pytest.raises(TypeError):
        hash(wrapped)
    assert copy.copy(wrapped).reveal() == CANARY
    with pytest.raises((TypeError, pickle.PicklingError, AttributeError)):
        pickle.dumps(wrapped, protocol=0)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("env:NAME", ("env", "NAME", "")),
        ("file:/run/secrets/x", ("file", "/run/secrets/x", "")),
        ("vault:secret/itwin#client_secret", ("vault", "secret/itwin", "client_secret")),
        (
            "aws:arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf#a.b",
            ("aws", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf", "a.b"),
        ),
    ],
)
def test_references(text: str, parts: tuple[str, str, str]) -> None:
    """A reference is backend, path and field, and is written as it was read."""
    reference = SecretRef.parse(text, "k")
    assert (reference.backend, reference.path, reference.field) == parts
    assert str(reference) == text


@pytest.mark.parametrize(
    "value",
    [CANARY, f"{CANARY}:", f":{CANARY}", f"{CANARY}:x", f"../{CANARY}:x", f"env:{CANARY}\n",
     f"a.{CANARY}:b", "", None, 7, f"\x1b[31m{CANARY}:x", f"__init__:{CANARY}\x00"],
)  # fmt: skip
def test_what_is_no_reference_is_not_quoted(value: object) -> None:
    """It may be the secret itself, put in the wrong place."""
    with pytest.raises(ConfigError) as caught:
        SecretRef.parse(value, "profiles.p.client_secret")
    assert "profiles.p.client_secret" in caught.value.line()
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{CANARY}", "put `aws:` before it"),
        (f"arn:aws-cn:ssm:cn-north-1:123456789012:parameter/{CANARY}", "Secrets Manager: aws:NAME"),
        (f"ref+vault://secret/app#/{CANARY}", "write it without ref+ and //"),
        (f"https://vault.example.com/v1/secret/data/{CANARY}", "write vault:MOUNT/PATH#FIELD"),
        (f"https://v.vault.azure.net/secrets/{CANARY}/1", "Azure Key Vault"),
        (f"op://vault/item/{CANARY}", "1Password"),
        (f"projects/p/secrets/{CANARY}/versions/1", "Google Secret Manager"),
        ("${CANARY}", "write env:NAME"),
        (f"/run/secrets/{CANARY}", "write file:/absolute/path"),
    ],
)
def test_what_another_tool_writes_is_known_by_its_shape(value: str, told: str) -> None:
    """The next step is told, and the text is not."""
    with pytest.raises(ConfigError) as caught:
        SecretRef.parse(value, "profiles.p.client_secret")
    assert told in caught.value.hint
    assert CANARY not in caught.value.line()


@pytest.mark.parametrize(
    "value", [f"{CANARY}\n", f"{CANARY}\r\n", f"\x00{CANARY}", f"{CANARY}\x1b"]
)
def test_an_unfit_secret_is_refused_unseen(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A line break in a secret would be quoted by the library that refuses the header."""
    monkeypatch.setattr("os.environ", {"X": value})
    with pytest.raises(ConfigError, match=r"^the secret at env:X (ends|begins) ") as caught:
        secret.read(SecretRef("env", "X"), {}, key="k")
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_settings_for_a_backend_without_any_are_refused() -> None:
    """A table that nobody reads is a mistake."""
    with pytest.raises(ConfigError, match="takes no settings"):
        secret.read(SecretRef("env", "X"), {"region": "x"}, key="k")


def test_all_backends_are_found_by_their_files() -> None:
    """There is no table of backends to keep in step."""
    assert {"aws", "env", "file", "vault"} <= set(registry.names(registry.BACKENDS))


def test_the_variables_that_hold_secrets_are_found_anywhere() -> None:
    """In each table of a profile, and nothing else is taken for one."""
    table = {
        "client_secret": "env:A",
        "scope": "read",
        "vault": {"auth": {"secret_id": "env:B", "role_id": "r"}, "address": "https://env:1"},
        "ephemeral": True,
    }
    assert secret.holders({"p": table, "q": {"client_secret": "file:/x"}}) == {"A", "B"}
