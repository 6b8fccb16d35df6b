"""The config file, the profile that the environment makes, and what they refer to."""

import os
import tempfile

from credhelper import profile, secret, sts, table
from credhelper.backends import aws
from credhelper.errors import ConfigError, CredhelperError
from credhelper.secret import SecretRef
from tests.fuzz import judge, world


def _read(profiles: profile.Profiles, *secrets: str) -> None:
    """Read every table as far as no server is needed."""
    for rule in profiles.rules():
        assert rule.line().isprintable() or rule.line().count("\t") == 2
    for name in profiles.tables:
        try:
            found = profiles.get(name)
            assert len(found.identity()) == 64
            assert 0 < found.deadline <= 600
            kind = getattr(secret.find(found.client_secret.backend), "Settings", None)
            if kind:
                table.parse(kind, found.settings, key=f"profiles.{name}")
            if found.sts:
                sts.settings(found)
        except ConfigError as error:
            judge.check(error, *secrets)
    try:
        profiles.get("")
    except ConfigError as error:
        judge.check(error, *secrets)


def fuzz_config(data: bytes) -> None:
    """Read a config file of any bytes; a literal secret in it is not quoted."""
    hidden = judge.canary(data, "literal")
    text = data.replace(b'client_secret = "{secret}"', f'client_secret = "{hidden}"'.encode())
    with tempfile.TemporaryDirectory() as folder, world.around({"HOME": folder}):
        path = f"{folder}/config.toml"
        with open(path, "xb") as file:
            file.write(text)
        os.chmod(path, 0o600)
        try:
            _read(profile.load(os.environ, path), hidden)
        except ConfigError as error:
            judge.check(error, hidden)


def fuzz_environment(data: bytes) -> None:
    """Read variables, one a line."""
    pairs = (line.partition("=") for line in judge.word(data).split("\n"))
    environ = {name: value for name, equals, value in pairs if name and equals}
    environ |= {"HOME": "/nowhere", "CREDHELPER_CONFIG": ""}
    with world.around(environ):
        try:
            _read(profile.load(os.environ))
        except ConfigError as error:
            judge.check(error)


def fuzz_reference(data: bytes) -> None:
    """Read a reference back as it was written; what is none may be the secret itself."""
    hidden = judge.canary(data, "literal")
    text = judge.word(data).replace("{secret}", hidden)
    try:
        found = SecretRef.parse(text, "k")
    except ConfigError as error:
        judge.check(error, hidden)
        return
    assert SecretRef.parse(str(found), "k") == found
    assert callable(secret.find(found.backend).read)


def fuzz_secret_json(data: bytes) -> None:
    """Read a field of a secret's JSON; the JSON is not quoted."""
    hidden = judge.canary(data, "field")
    field, text = judge.parts(data, 2)
    try:
        value = aws._field(  # noqa: SLF001 - the place where it is parsed
            text.decode("utf-8", "replace").replace("{secret}", hidden),
            judge.word(field),
            "it",
        )
        assert isinstance(value, str)
    except CredhelperError as error:
        judge.check(error, hidden)
