"""What Vault answers: mounts, data, metadata, logins, look-ups; each a status and any body."""

from credhelper.cli.check.run import Results, run_step
from credhelper.errors import CredhelperError
from credhelper.secrets import vault_login
from credhelper.secrets.backends import vault
from credhelper.secrets.secret import Secret
from tests.long.fuzz import checks, isolated


def _spoken(data: bytes, auth: vault_login.Auth, *, previous: bool = False) -> None:
    hidden, login = checks.canary(data, "field"), checks.canary(data, "login")
    answers = [
        isolated.http(
            each.replace(b"{secret}", hidden.encode()).replace(b"{login}", login.encode())
        )
        for each in data.split(b"\x1e")
    ]
    settings = vault.Settings(address=isolated.ADDRESS, auth=auth)
    environ = {"HOME": "/nowhere", "VAULT_TOKEN": login}
    with isolated.around(environ, answers=answers) as around:
        try:
            read = vault.read_previous if previous else vault.read
            assert isinstance(read("secret/app", "password", settings), str)
        except CredhelperError as error:
            checks.check(error, hidden, login)
        assert around.waited_s < 40
    with isolated.around(environ, answers=answers):
        try:
            for text in vault.describe("secret/app", "password", settings):
                finding = run_step("x", lambda _, text=text: (text, ""), Results("", ""))  # type: ignore[misc]
                assert finding.detail.isprintable()
        except CredhelperError as error:
            checks.check(error, login)


def fuzz_vault_token(data: bytes) -> None:
    """Read the mount, then the data; for `check` the token itself before both."""
    _spoken(data, vault_login.Auth())


def fuzz_vault_previous(data: bytes) -> None:
    """Read the mount, the data with its metadata, and the version before."""
    _spoken(data, vault_login.Auth(), previous=True)


def fuzz_vault_login(data: bytes) -> None:
    """Read an AppRole's login, and what comes after it."""
    secret_id = Secret(checks.canary(data, "login"))
    _spoken(data, vault_login.Auth(method="approle", role_id="r", secret_id=secret_id))
