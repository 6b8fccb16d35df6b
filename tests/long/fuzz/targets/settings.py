"""The config file, the profile that the environment makes, and what they refer to."""

import os
import tempfile

from credhelper.config import load, schema
from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError, CredhelperError
from credhelper.oauth.grants import aws_sts
from credhelper.secrets import backend
from credhelper.secrets.field import of_text
from tests.long.fuzz import checks, isolated


def _read(profiles: load.Profiles, *secrets: str) -> None:
    """Read every table as far as no server is needed."""
    for rule in profiles.rules():
        assert rule.line().isprintable() or rule.line().count("\t") == 2
    for name in profiles.tables:
        try:
            found = profiles.get(name)
            assert len(found.identity()) == 64
            assert 0 < found.deadline <= 600
            kind = getattr(backend.find(found.client_secret.backend), "Settings", None)
            if kind:
                schema.parse(kind, found.settings, key=f"profiles.{name}")
            if found.sts:
                aws_sts.settings(found)
        except ConfigError as error:
            checks.check(error, *secrets)
    try:
        profiles.get("")
    except ConfigError as error:
        checks.check(error, *secrets)


def fuzz_config(data: bytes) -> None:
    """Read a config file of any bytes; a literal secret in it is not quoted."""
    hidden = checks.canary(data, "literal")
    text = data.replace(b'client_secret = "{secret}"', f'client_secret = "{hidden}"'.encode())
    with tempfile.TemporaryDirectory() as folder, isolated.around({"HOME": folder}):
        path = f"{folder}/config.toml"
        with open(path, "xb") as file:
            file.write(text)
        os.chmod(path, 0o600)
        try:
            _read(load.profiles(os.environ, path), hidden)
        except ConfigError as error:
            checks.check(error, hidden)


def fuzz_environment(data: bytes) -> None:
    """Read variables, one a line."""
    pairs = (line.partition("=") for line in checks.word(data).split("\n"))
    environ = {name: value for name, equals, value in pairs if name and equals}
    environ |= {"HOME": "/nowhere", "CREDHELPER_CONFIG": ""}
    with isolated.around(environ):
        try:
            _read(load.profiles(os.environ))
        except ConfigError as error:
            checks.check(error)


def fuzz_reference(data: bytes) -> None:
    """Read a reference back as it was written; what is none may be the secret itself."""
    hidden = checks.canary(data, "literal")
    text = checks.word(data).replace("{secret}", hidden)
    try:
        found = SecretRef.parse(text, "k")
    except ConfigError as error:
        checks.check(error, hidden)
        return
    assert SecretRef.parse(str(found), "k") == found
    assert callable(backend.find(found.backend).read)


def fuzz_secret_json(data: bytes) -> None:
    """Read a field of a secret's JSON; the JSON is not quoted."""
    hidden = checks.canary(data, "field")
    field, text = checks.parts(data, 2)
    try:
        value = of_text(
            text.decode("utf-8", "replace").replace("{secret}", hidden),
            checks.word(field),
            what="it",
        )
        assert isinstance(value, str)
    except CredhelperError as error:
        checks.check(error, hidden)
