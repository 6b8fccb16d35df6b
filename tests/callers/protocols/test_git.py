"""The real git, with credhelper as its credential helper, against a real `git http-backend`."""

import base64
import subprocess
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box
from tests.support.servers import process
from tests.support.servers.counting import TokenServer
from tests.support.servers.http import Asked, Reply
from tests.support.servers.resource import ResourceServer

BASIC = 'Basic realm="test"'
BEARER = 'Bearer realm="test"'
HELPERS = {
    "by path": '[credential]\n\thelper = "{command} as git"\n',
    "by snippet": '[credential]\n\thelper = "!credhelper as git"\n',
    "by name": '[credential "http://{host}"]\n\thelper = credhelper\n',
}


@pytest.fixture
def remote(box: Box, tokens: TokenServer, resource: ResourceServer) -> ResourceServer:
    """Return a server of the empty repository `/r`; the box's profile serves it, git can find us.

    It takes the first token, as a Basic password.
    """
    process.need("git")
    box.itwin(tokens.url)
    box.environ |= {
        "CREDHELPER_HOSTS": resource.host,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "PATH": f"{Path(COMMAND).parent}:{box.environ['PATH']}",
    }
    git(box, "init", "-q", "--bare", "served/r")
    resource.answer = lambda asked: backend(box, asked)
    accept(resource, "canary-token-1", [BASIC])
    configure(box, resource, "by path")
    return resource


def accept(remote: ResourceServer, token: str, challenges: list[str]) -> None:
    """Let the server take this token and no other, only in the ways of these challenges."""
    ways = {BASIC: basic(token), BEARER: f"Bearer {token}"}
    remote.challenges = challenges
    remote.accepted = {ways[challenge] for challenge in challenges}


def basic(token: str) -> str:
    """Return the Basic value of a token (RFC 7617), with the user name that we send."""
    return f"Basic {base64.b64encode(f'oauth2:{token}'.encode()).decode()}"


def configure(box: Box, remote: ResourceServer, helper: str, more: str = "") -> None:
    """Write git's configuration."""
    text = HELPERS[helper].format(command=COMMAND, host=remote.host)
    (box.home / ".gitconfig").write_text(f"{text}{more}[user]\n\tname = t\n\temail = t@e\n")


def backend(box: Box, asked: Asked) -> Reply:
    """Let git's own CGI program (RFC 3875) answer a request."""
    path, _mark, query = asked.path.partition("?")
    variables = {
        "GIT_PROJECT_ROOT": str(box.home / "served"),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REMOTE_USER": "oauth2",
        "REQUEST_METHOD": asked.method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": asked.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(asked.body)),
        "HTTP_CONTENT_ENCODING": asked.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": asked.headers.get("Git-Protocol", ""),
    }
    done = subprocess.run(
        ["git", "http-backend"],
        env=box.environ | variables,
        input=asked.body,
        capture_output=True,
        check=True,
    )
    head, _blank, answer = done.stdout.partition(b"\r\n\r\n")
    lines = [line.partition(": ") for line in head.decode().split("\r\n")]
    headers = {name: value for name, _colon, value in lines}
    status = int(headers.pop("Status", "200").split()[0])
    return Reply(status, answer, headers)


def git(box: Box, *words: str, stdin: str = "") -> str:
    """Return what git prints; it must succeed."""
    done = box.call("git", *words, stdin=stdin)
    assert done.status == 0, done.stderr
    return done.stdout


def fill(box: Box, host: str) -> set[str]:
    """Return the lines of what git's helpers know about a host."""
    return set(git(box, "credential", "fill", stdin=f"protocol=http\nhost={host}\n\n").split("\n"))


def has_bearer() -> bool:
    """Return whether this git has true Bearer tokens: 2.46 and newer."""
    line = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = line.split()[2].split(".")[:2]
    return (int(major), int(minor)) >= (2, 46)


@pytest.mark.parametrize("helper", HELPERS)
def test_clone_and_push(box: Box, tokens: TokenServer, remote: ResourceServer, helper: str) -> None:
    """Both ways of configuration work, for reading and for writing, with one token request."""
    configure(box, remote, helper)
    url = f"http://{remote.host}/r"
    git(box, "clone", "-q", url, "work")
    git(box, "-C", "work", "commit", "-q", "--allow-empty", "-m", "first")
    git(box, "-C", "work", "push", "-q", url, "HEAD:refs/heads/main")
    git(box, "clone", "-q", "-b", "main", url, "again")
    assert git(box, "-C", "again", "log", "--format=%s") == "first\n"
    # A password, also from a git that knows Bearer: this server takes nothing else.
    assert set(remote.seen) == {"", basic("canary-token-1")}
    assert tokens.count == 1


@pytest.mark.parametrize("challenges", [[BASIC, BEARER], [BEARER, BASIC]], ids=str)
def test_a_server_that_offers_bearer_gets_it(
    box: Box, tokens: TokenServer, remote: ResourceServer, challenges: list[str]
) -> None:
    """Git 2.46 and newer send a true Bearer token, older ones the password."""
    accept(remote, "canary-token-1", challenges)
    for _ in range(2):
        git(box, "ls-remote", f"http://{remote.host}/r")
    value = "Bearer canary-token-1" if has_bearer() else basic("canary-token-1")
    assert set(remote.seen) == {"", value}
    assert tokens.count == 1


@pytest.mark.parametrize("challenges", [[BASIC], [BEARER, BASIC]], ids=str)
def test_a_rejected_token_is_replaced(
    box: Box, tokens: TokenServer, remote: ResourceServer, challenges: list[str]
) -> None:
    """A 401 fails the command, and git's `erase` drops the token: the next run has a new one."""
    accept(remote, "canary-token-1", challenges)
    git(box, "ls-remote", f"http://{remote.host}/r")
    accept(remote, "canary-token-2", challenges)
    refused = box.call("git", "ls-remote", f"http://{remote.host}/r")
    assert (refused.status, tokens.count) == (128, 1)
    assert "Authentication failed" in refused.stderr
    for _ in range(2):
        git(box, "ls-remote", f"http://{remote.host}/r")
    assert tokens.count == 2


def test_a_good_token_survives_the_rejection_of_another(
    box: Box, tokens: TokenServer, remote: ResourceServer
) -> None:
    """Only the rejected password's own entry is dropped, and only by the host it is for."""
    held = "username=oauth2\npassword=canary-token-1"
    assert set(held.split("\n")) <= fill(box, remote.host)
    for host, password in [(remote.host, "canary-token-0"), ("other.example", "canary-token-1")]:
        said = f"protocol=http\nhost={host}\nusername=oauth2\npassword={password}\n\n"
        git(box, "credential", "reject", stdin=said)
    fill(box, remote.host)
    assert tokens.count == 1
    git(box, "credential", "reject", stdin=f"protocol=http\nhost={remote.host}\n{held}\n\n")
    assert "password=canary-token-2" in fill(box, remote.host)


def test_a_rejected_bearer_token_is_dropped(
    box: Box, tokens: TokenServer, remote: ResourceServer
) -> None:
    """The words in which git 2.47 reports one, also where the machine's own git is older."""
    assert box.run("get").token() == "canary-token-1"
    for token in ("canary-token-0", "canary-token-1"):
        assert box.run("get").token() == "canary-token-1"
        erase = f"capability[]=authtype\nauthtype=Bearer\ncredential={token}\nephemeral=1\n"
        erase += f"protocol=http\nhost={remote.host}\nwwwauth[]={BEARER}\n"
        assert box.call(COMMAND, "as", "git", "erase", stdin=erase).status == 0
    assert box.run("get").token() == "canary-token-2"


def test_another_host_gets_nothing(box: Box, tokens: TokenServer, remote: ResourceServer) -> None:
    """The same server under a name that `hosts` lacks is sent no token, nor is one requested."""
    port = remote.host.rpartition(":")[2]
    refused = box.call("git", "ls-remote", f"http://localhost:{port}/r")
    assert (refused.status, set(remote.seen)) == (128, {""})
    assert "credhelper" not in refused.stderr
    assert tokens.count == 0


def test_another_helper_serves_its_hosts(
    box: Box, tokens: TokenServer, remote: ResourceServer
) -> None:
    """Where we say nothing git asks on, and where we answer it does not."""
    other = "!f() { echo username=u; echo password=p; }; f"
    configure(box, remote, "by path", f'[credential]\n\thelper = "{other}"\n')
    assert {"username=u", "password=p"} <= fill(box, "other.example")
    assert {"username=oauth2", "password=canary-token-1"} <= fill(box, remote.host)


@pytest.mark.slow
@pytest.mark.parametrize(
    "host",
    [
        *("api.example.com%2f.evil.example", "api.example.com%2F@evil.example"),
        *("api.example.com%3f.evil.example", "api.example.com%23.evil.example"),
        *("api.example.com%5c.evil.example", "api.example.com%40evil.example"),
        *("evil.example%40api.example.com", "api.example.com%20", "api.example.com%09"),
        *("api.example.com%00.evil.example", "api.example.com%252f.evil.example"),
        *(
            "api.example.com%2e",
            "api.example.com%3a80",
            "%61pi.example.org",
            "api.example.com%c2%ad",
        ),
    ],
)
def test_what_git_decodes_is_compared_decoded(box: Box, tokens: TokenServer, host: str) -> None:
    """The real git unpacks `%2f` and its like, and names the host as it then is."""
    process.need("git")
    box.itwin(tokens.url)
    box.environ |= {
        "CREDHELPER_HOSTS": "api.example.com",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    words = ("-c", "credential.helper=", "-c", f"credential.helper={COMMAND} as git")
    for asked, count in (("%61pi%2eexample%2ecom", 1), (host, 1)):
        said = box.call("git", *words, "credential", "fill", stdin=f"url=https://{asked}/r\n\n")
        assert ("password=canary-token-1\n" in said.stdout) == (asked != host), said.stdout
        assert tokens.count == count


@pytest.mark.slow
@pytest.mark.parametrize("last", ["api.example.com", "evil.example"])
def test_of_a_repeated_attribute_the_last_counts(box: Box, tokens: TokenServer, last: str) -> None:
    """As for git itself, which hands the last one to its helpers."""
    process.need("git")
    box.itwin(tokens.url)
    box.environ |= {"CREDHELPER_HOSTS": "api.example.com", "GIT_TERMINAL_PROMPT": "0"}
    first = {"api.example.com": "evil.example", "evil.example": "api.example.com"}[last]
    asked = f"protocol=http\nprotocol=https\nhost={first}\nhost={last}\n\n"
    words = ("-c", "credential.helper=", "-c", f"credential.helper={COMMAND} as git")
    by_git = box.call("git", *words, "credential", "fill", stdin=asked).stdout
    ours = box.call(COMMAND, "as", "git", "get", stdin=asked).stdout
    assert ("password=" in by_git) == ("password=" in ours) == (last == "api.example.com")


@pytest.mark.parametrize("operation", ["get", "erase"])
def test_why_a_host_gets_nothing_is_told_on_request(box: Box, operation: str) -> None:
    """Git asks for every host, so its helper is silent; with -v it says why."""
    box.itwin("https://idp.example/token")
    question = "protocol=https\nhost=other.example\npassword=x\n\n"
    quiet = box.call(COMMAND, "as", "git", operation, stdin=question)
    assert (quiet.status, quiet.stdout, quiet.stderr) == (0, "", "")
    told = box.call(COMMAND, "as", "git", operation, "-v", stdin=question)
    assert (told.status, told.stdout) == (0, "")
    assert told.stderr.startswith("credhelper: no token may go to other.example:443")
