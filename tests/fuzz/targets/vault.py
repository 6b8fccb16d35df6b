"""What Vault answers: mounts, data, metadata, logins, look-ups; each a status and any body."""

from credhelper import vault_login
from credhelper.backends import vault
from credhelper.errors import CredhelperError
from credhelper.secret import Secret
from credhelper.walk import Walk, go
from tests.fuzz import judge, world


def _spoken(data: bytes, auth: vault_login.Auth, *, previous: bool = False) -> None:
    hidden, login = judge.canary(data, "field"), judge.canary(data, "login")
    answers = [
        world.http(each.replace(b"{secret}", hidden.encode()).replace(b"{login}", login.encode()))
        for each in data.split(b"\x1e")
    ]
    settings = vault.Settings(address=world.ADDRESS, auth=auth)
    environ = {"HOME": "/nowhere", "VAULT_TOKEN": login}
    with world.around(environ, answers=answers) as around:
        try:
            read = vault.read_previous if previous else vault.read
            assert isinstance(read("secret/app", "password", settings), str)
        except CredhelperError as error:
            judge.check(error, hidden, login)
        assert around.waited_s < 40
    with world.around(environ, answers=answers):
        try:
            for text in vault.describe("secret/app", "password", settings):
                finding = go(Walk("", ""), "link", lambda _walk, text=text: (text, ""))  # type: ignore[misc]
                assert finding.detail.isprintable()
        except CredhelperError as error:
            judge.check(error, login)


def fuzz_vault_token(data: bytes) -> None:
    """Read the mount, then the data; for `check` the token itself before both."""
    _spoken(data, vault_login.Auth())


def fuzz_vault_previous(data: bytes) -> None:
    """Read the mount, the data with its metadata, and the version before."""
    _spoken(data, vault_login.Auth(), previous=True)


def fuzz_vault_login(data: bytes) -> None:
    """Read an AppRole's login, and what comes after it."""
    secret_id = Secret(judge.canary(data, "login"))
    _spoken(data, vault_login.Auth(method="approle", role_id="r", secret_id=secret_id))
