"""The real keyring library, its command and twine, with credhelper and another store beside it."""

import base64
import subprocess
import sys

import pytest

from credhelper import caller
from credhelper.cli import keyring_backend
from credhelper.errors import UsageError
from credhelper.protocols import keyring
from tests.conftest import COMMAND, Box, Ran
from tests.support.imports import modules
from tests.support.servers.counting import TokenServer
from tests.support.servers.http import Asked, Reply
from tests.support.servers.resource import ResourceServer

HOST = "pypi.example.com"
URL = f"https://{HOST}/simple/"
# Another backend of a user's: it knows one password, and takes others into a file.
OTHER = """
from keyring.backend import KeyringBackend

class Other(KeyringBackend):
    priority = 5

    def get_password(self, service, username):
        return "other-password" if service in ("elsewhere", "{host}") else None

    def set_password(self, service, username, password):
        open("stored", "w").write(f"{{service}} {{username}}")

    def delete_password(self, service, username):
        open("deleted", "w").write(f"{{service}} {{username}}")
"""
CREDENTIAL = """
import keyring
found = keyring.get_credential({service!r}, {user!r})
print(found and (found.username, found.password), keyring.get_password({service!r}, "u"))
"""


@pytest.fixture
def store(box: Box, tokens: TokenServer) -> Box:
    """Return a box whose profile serves one host, and whose keyring has the other backend, too."""
    pytest.importorskip("keyring", reason="keyring is not installed")
    box.itwin(tokens.url)
    package = box.home / "package"
    information = package / "other-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[keyring.backends]\nother = other\n")
    (package / "other.py").write_text(OTHER.format(host=HOST))
    box.environ |= {"CREDHELPER_HOSTS": HOST, "PYTHONPATH": str(package)}
    del box.environ["PYTHONWARNINGS"]  # keyring and twine see to their own
    return box


def run(box: Box, *words: str, stdin: str = "") -> Ran:
    """Run Python with these words."""
    return box.call(sys.executable, *words, stdin=stdin)


def ring(box: Box, *words: str, stdin: str = "") -> Ran:
    """Run keyring's own command."""
    return run(box, "-m", "keyring", *words, stdin=stdin)


@pytest.mark.slow
def test_the_command_finds_the_token(store: Box, tokens: TokenServer) -> None:
    """The chainer asks us before the other store, which has an old password for our host."""
    listed = ring(store, "--list-backends").stdout
    assert "credhelper.cli.keyring_backend.Keyring (priority: 9)" in listed
    assert "chainer.ChainerBackend (priority: 10)" in listed
    for service in (URL, HOST):
        assert ring(store, "get", service, "build") == Ran(0, "canary-token-1\n", "")
    creds = ring(store, "--mode=creds", "get", URL)
    assert creds == Ran(0, "oauth2accesstoken\ncanary-token-1\n", "")
    assert tokens.count == 1


@pytest.mark.slow
def test_the_other_store_goes_on_working(store: Box, tokens: TokenServer) -> None:
    """What is not ours is got, set and deleted there; what nobody has is the usual status 1."""
    assert ring(store, "get", "elsewhere", "u") == Ran(0, "other-password\n", "")
    assert ring(store, "get", "nowhere", "u") == Ran(1, "", "")
    for service in ("elsewhere", HOST):
        assert ring(store, "set", service, "u", stdin="canary-password") == Ran(0, "", "")
        assert (store.home / "stored").read_text() == f"{service} u"
        assert ring(store, "del", service, "u") == Ran(0, "", "")
        assert (store.home / "deleted").read_text() == f"{service} u"
    assert tokens.count == 0


@pytest.mark.slow
@pytest.mark.parametrize("user", [None, "build"])
def test_the_library_finds_the_token(store: Box, tokens: TokenServer, user: str | None) -> None:
    """A login has the caller's user name, else the profile's; others' services get none of ours."""
    store.environ["CREDHELPER_USERNAME"] = "profile's"
    expected = (user or "profile's", "canary-token-1")
    for _ in range(2):
        ran = run(store, "-c", CREDENTIAL.format(service=URL, user=user))
        assert ran == Ran(0, f"{expected} canary-token-1\n", "")
    assert tokens.count == 1
    for service in (
        f"https://{HOST}.evil.example/",
        f"http://{HOST}/",
        "--help",
        "\0",
        "",
    ):
        ran = run(store, "-c", CREDENTIAL.format(service=service, user=user))
        assert ran == Ran(0, "None None\n", ""), service
    assert tokens.count == 1


def test_without_a_configuration_it_is_silent(store: Box) -> None:
    """Where credhelper is installed and never set up, keyring is as without it."""
    for name in [name for name in store.environ if name.startswith(("CREDHELPER_", "ITWIN_"))]:
        del store.environ[name]
    assert ring(store, "get", "elsewhere", "u") == Ran(0, "other-password\n", "")
    assert ring(store, "get", HOST, "u") == Ran(0, "other-password\n", "")


def test_a_refusal_is_an_error_of_keyrings(store: Box, tokens: TokenServer) -> None:
    """For our host the program is told why there is no token; the old password is not sent."""
    tokens.status, tokens.document = 400, {"error": "invalid_client"}
    ran = ring(store, "get", URL, "u")
    assert (ran.status, ran.stdout) == (1, "")
    assert "KeyringError: credhelper: denied: " in ran.stderr
    assert "canary" not in ran.stderr
    assert ring(store, "get", "elsewhere", "u").stdout == "other-password\n"


def test_a_module_of_our_name_is_not_run(store: Box, tokens: TokenServer) -> None:
    """The working directory, which may be anybody's project, does not get into the child."""
    (store.home / "credhelper.py").write_text("print('evil\\nevil')\n")
    store.environ["PYTHONSAFEPATH"] = "1"  # for keyring itself
    code = "import os, keyring; del os.environ['PYTHONSAFEPATH']\n"
    ran = run(store, "-c", code + CREDENTIAL.format(service=URL, user=None))
    assert ran.stdout == "('oauth2accesstoken', 'canary-token-1') canary-token-1\n"


def backend() -> keyring_backend.Keyring:
    """Return our backend, as keyring makes it."""
    return keyring_backend.Keyring()  # type: ignore[no-untyped-call]  # keyring's own


@pytest.mark.parametrize("name", ["", None, "/nonexistent/python"])
def test_without_an_interpreter_there_is_none(
    monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    """A program that embeds Python has no `sys.executable` that could be run."""
    monkeypatch.setattr(sys, "executable", name)
    assert backend().get_password(URL, "u") is None


def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, store: Box) -> None:
    """The caller goes on without a login after the time limit."""
    (store.home / "hang").write_text("#!/bin/sh\nexec sleep 30\n")
    (store.home / "hang").chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(store.home / "hang"))
    monkeypatch.setattr(keyring_backend, "LIMIT_S", 0.2)
    assert backend().get_credential(URL, None) is None


def test_only_keyring_imports_keyring(store: Box) -> None:
    """`credhelper` runs where keyring is not installed; our protocol of that name is another."""
    code = "import os, sys, credhelper.cli.run; from credhelper.protocols import keyring\n"
    code += "os.write(2, ' '.join(sys.modules).encode())"
    assert "credhelper.protocols.keyring" in modules(store, code)
    assert "keyring" not in modules(store, code)


@pytest.mark.parametrize("user", ["a\nb", "a\rb", "a\0b", "a\x1b[0m", "a\udcff"])
def test_a_user_that_would_forge_a_line_is_refused(user: str) -> None:
    """The user name is said again on a line of its own."""
    question = caller.hear(keyring, ["get", URL, user, "--mode", "creds"])
    assert isinstance(question.asked, UsageError)


def test_keyring_del_drops_the_token(store: Box, tokens: TokenServer) -> None:
    """The link's `del` is the way to another token for who knows no other command of ours."""
    link = store.home / "keyring"
    link.symlink_to(COMMAND)

    def say(*words: str) -> Ran:
        process = store.start(*words, command=str(link))
        stdout, stderr = process.communicate(timeout=30)
        return Ran(process.returncode, stdout, stderr)

    assert say("get", URL, "u") == Ran(0, "canary-token-1\n", "")
    assert say("del", "https://pypi.example.org/", "u") == Ran(0, "", "")
    assert say("get", URL, "u") == Ran(0, "canary-token-1\n", "")
    assert say("del", URL, "u") == Ran(0, "", "")
    assert say("get", URL, "u") == Ran(0, "canary-token-2\n", "")
    assert tokens.count == 2


@pytest.mark.slow
def test_twine_sends_the_token(store: Box, tokens: TokenServer, resource: ResourceServer) -> None:
    """An upload has the login of the repository's host, and asks nobody."""
    pytest.importorskip("twine", reason="twine is not installed")
    bodies = []

    def take(asked: Asked) -> Reply:
        bodies.append(asked.body)
        return Reply(body="taken")

    login = base64.b64encode(b"oauth2accesstoken:canary-token-1").decode()
    resource.answer, resource.accepted = take, {f"Basic {login}"}
    store.environ["CREDHELPER_HOSTS"] = resource.host
    archive = store.home / "demo-1.0.tar.gz"
    source = store.home / "demo-1.0"
    source.mkdir()
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
    subprocess.run(["tar", "czf", archive, "demo-1.0"], cwd=store.home, check=True)
    url = f"http://{resource.host}/legacy/"
    for _ in range(2):
        words = ["upload", "--disable-progress-bar", "--repository-url", url, str(archive)]
        ran = run(store, "-m", "twine", *words)
        assert ran.status == 0, ran.stdout + ran.stderr
        assert "canary" not in ran.stdout + ran.stderr
    assert resource.seen == [f"Basic {login}"] * 2
    assert all(b"demo" in body for body in bodies)
    assert tokens.count == 1
