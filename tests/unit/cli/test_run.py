"""The commands, as a caller and a person at a terminal see them."""

import os
import pty
import subprocess

import pytest

from credhelper import __version__
from tests.conftest import COMMAND, Box
from tests.support import canary
from tests.support.servers.counting import TokenServer


def test_get_prints_one_json_line(box: Box, tokens: TokenServer) -> None:
    """The answer has exactly the documented members, in one line; stderr is empty."""
    box.itwin(tokens.url)
    ran = box.run("get")
    head, _comma, tail = ran.stdout.partition(',"Expiration":"')
    assert head == '{"Version":1,"AccessToken":"canary-token-1","TokenType":"Bearer"'
    assert tail[10:].startswith("T")
    assert tail[19:] == 'Z","Scope":"itwin-platform"}\n'
    assert ran.stderr == ""
    form = tokens.forms[0]
    assert form == {
        "grant_type": "client_credentials",
        "client_id": "service-test",
        "client_secret": canary.CLIENT_SECRET,
        "scope": "itwin-platform",
    }


@pytest.mark.parametrize(
    "arguments",
    [[], ["gte"], ["get", "a", "b"], ["get", "--client-secret=hunter2"], ["get", "--min-ttl"]],
)
def test_a_wrong_command_line_is_not_quoted(box: Box, arguments: list[str]) -> None:
    """A usage error has status 64 and repeats nothing that was typed: it may be a secret."""
    line = box.run(*arguments).refused(64)
    assert "hunter2" not in line
    assert "--help" in line or "did you mean" in line


@pytest.mark.parametrize(
    ("arguments", "problem", "hint"),
    [
        ("", "COMMAND is missing", "see `credhelper --help`"),
        ("gte", "there is no such command", "did you mean `get`?"),
        ("hunter2", "there is no such command", "see `credhelper --help`"),
        ("as", "PROTOCOL is missing", "see `credhelper as --help`"),
        ("get a b", "there is a word too many after get", "see `credhelper get --help`"),
        ("get --fersh", "get has no option `--fersh`", "did you mean `--fresh`?"),
        ("get --min-tll=5m", "get has no option `--min-tll`", "did you mean `--min-ttl`?"),
        ("get --hunter2", "get has no such option", "see `credhelper get --help`"),
        ("get -xhunter2", "get has no such option", "see `credhelper get --help`"),
        ("get --min-ttl", "--min-ttl needs a value", "see `credhelper get --help`"),
        ("get --min-ttl soon", "--min-ttl is not a duration", 'write it like "20s" or "5m"'),
        ("exec --min-ttl 1y -- true", "--min-ttl is not a duration", 'write it like "20s" or "5m"'),
        ("get --error-format xml", "--error-format does not take that value", "--help`"),
        ("setup", "CALLER is missing", "see `credhelper setup --help`"),
        ("setup git --write --remove", "--remove and --write exclude each other", "setup --help`"),
        ("forget --all p", "PROFILE and --all exclude each other", "forget --help`"),
        ("-v get", "-v stands before the command", "credhelper get -v"),
        ("exec", "exec has no command to run", "put `--` before the command"),
        ("exec true", "exec has no command to run", "put `--` before the command"),
        ("exec --env=a-b -- true", "--env is not the name of a variable", "--env ACCESS_TOKEN"),
    ],
)
def test_a_wrong_command_line_is_explained(
    box: Box, arguments: str, problem: str, hint: str
) -> None:
    """The line says which word is missing, unknown or misplaced, and what to write."""
    line = box.run(*arguments.split()).refused(64)
    assert line.startswith(f"credhelper: usage: {problem}; ")
    assert hint in line
    assert "hunter2" not in line


def test_help_and_version(box: Box) -> None:
    """Help names the commands and the exit classes; the version comes from one place."""
    ran = box.run("--help")
    assert (ran.status, ran.stderr) == (0, "")
    for word in ("get", "list", "forget", "demo", "64 usage"):
        assert word in ran.stdout
    assert box.run("--version").stdout == f"credhelper {__version__}\n"


@pytest.mark.slow
def test_forget_drops_one_or_all(box: Box, tokens: TokenServer) -> None:
    """After `forget` the next call asks again; lock files stay."""
    box.itwin(tokens.url)
    assert box.run("forget").status == 0
    box.run("get").token()
    for number, arguments in enumerate((["forget"], ["forget", "env"], ["forget", "--all"])):
        assert box.run(*arguments).status == 0
        assert box.run("get").token() == f"canary-token-{number + 2}"
    assert [path for path in box.cache.iterdir() if path.suffix == ".lock"]


def test_verbose_tells_more_and_no_secret(box: Box, tokens: TokenServer) -> None:
    """With -v stderr says what was read, who was asked, and then that the cache answered."""
    secret = box.home / "secret"
    secret.write_text(f"{canary.CLIENT_SECRET}\n")
    secret.chmod(0o600)
    box.config(
        f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "x"\n'
        f'client_secret = "file:{secret}"\n'
    )
    first, second = box.run("get", "-v"), box.run("get", "-v")
    place = tokens.url.removeprefix("http://").removesuffix("/token")
    for words in ("mode 0600", f"reading file:{secret}", f"asking the token endpoint at {place}"):
        assert words in first.stderr
    assert f"the token cached in {box.cache} is good for 3" in second.stderr
    for ran in (first, second):
        assert "canary" not in ran.stderr
        assert ran.status == 0


def test_a_warning_is_for_a_terminal(box: Box, tokens: TokenServer) -> None:
    """A person at a terminal is told that the token could not be kept; a caller's pipe is not."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_CACHE_DIR"] = "/proc/credhelper"
    parent, child = pty.openpty()
    subprocess.run(
        [COMMAND, "get"], env=box.environ, stderr=child, stdout=subprocess.DEVNULL, check=True
    )
    os.close(child)
    assert b"could not be kept" in os.read(parent, 4096)
    os.close(parent)


def test_without_words_a_person_gets_the_overview(box: Box) -> None:
    """On stderr, with the status of a usage error: stdout may be somebody's token."""
    parent, child = pty.openpty()
    ran = subprocess.run(
        [COMMAND], env=box.environ, stderr=child, stdout=subprocess.PIPE, check=False
    )
    os.close(child)
    shown = os.read(parent, 65536)
    os.close(parent)
    assert (ran.returncode, ran.stdout) == (64, b"")
    assert b"usage: credhelper" in shown
    assert b"setup" in shown


def test_config_option(box: Box, tokens: TokenServer) -> None:
    """`--config` names another file, whose tokens are kept apart."""
    for name in ("a", "b"):
        path = box.home / f"{name}.toml"
        path.write_text(
            f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "x"\nclient_secret = "env:S"\n'
        )
        path.chmod(0o600)
    box.environ["S"] = "s"
    for name, number in (("a", 1), ("b", 2), ("a", 1), ("b", 2)):
        ran = box.run("get", "--config", str(box.home / f"{name}.toml"))
        assert ran.token() == f"canary-token-{number}"


def test_demo_runs_offline(box: Box) -> None:
    """`demo` prints a token that is plainly a demo's and says on stderr what happened."""
    ran = box.run("demo")
    assert ran.status == 0
    assert '"AccessToken":"eyJ' in ran.stdout
    assert "from the cache: still 1 token request" in ran.stderr
    assert not box.cache.exists()


def test_demo_serve_prints_the_settings_to_use(box: Box) -> None:
    """The three settings that `demo --serve` prints make `get` work."""
    process = box.start("demo", "--serve")
    assert process.stderr
    for _ in range(4):
        line = process.stderr.readline()
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals:
            box.environ[name] = value
    canary.permit(box.environ["ITWIN_CLIENT_SECRET"])
    assert box.run("get").token().startswith("eyJ")
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 128 + 15
