"""A token of every character that one may have: each caller must see exactly that."""

import base64
import json
import pkgutil
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from credhelper import caller, protocols
from credhelper.caller import Asked
from credhelper.protocols import aws
from credhelper.token import Token
from tests.conftest import COMMAND, Box
from tests.support.servers.counting import TokenServer
from tests.support.servers.resource import ResourceServer

# RFC 6749 appendix A.12, without space, quote and backslash.
ODD = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\')
Read = Callable[[str], str]


def header(text: str) -> str:
    """Return the token of an Authorization header's value."""
    scheme, _space, token = text.partition(" ")
    assert scheme == "Bearer"
    return token


def member(*path: str | int) -> Read:
    """Return the way to a string in a JSON text."""

    def read(text: str) -> str:
        found = json.loads(text)
        for step in path:
            found = found[step]
        return str(found)

    return read


def line(start: str) -> Read:
    """Return the way to what follows in the one line that starts so."""
    return lambda text: next(
        each.removeprefix(start) for each in text.split("\n") if each.startswith(start)
    )


SERVER = ["api.example.com"]
JWT = ["urn:ietf:params:oauth:token-type:jwt"]
# What the caller said, and how it finds the token in the answer, by the protocol.
READ: dict[str, list[tuple[Sequence[str], Read]]] = {
    "bazel": [([], lambda text: header(member("headers", "Authorization", 0)(text)))],
    "cargo": [
        ([], lambda text: header(text[:-1])),
        (["bare"], lambda text: text[:-1]),
        (["--cargo-plugin"], lambda text: header(member("Ok", "token")(text))),
    ],
    # A config's string has escapes for backslash and quote alone.
    "curl": [([], lambda text: header(text[len('header = "Authorization: ') : -2]))],
    "docker": [(SERVER, member("Secret"))],
    "env": [(["sh"], lambda text: shlex.split(text)[1].partition("=")[2])],
    "git": [([], line("password=")), (["authtype"], line("credential="))],
    "goauth": [([], lambda text: header(line("Authorization: ")(text)))],
    "google": [(JWT, member("id_token"))],
    "header": [([], lambda text: header(line("Authorization: ")(text)))],
    "headers": [([], lambda text: header(member("Authorization")(text)))],
    "keyring": [
        (["u", "creds", "plain"], lambda text: text.split("\n")[1]),
        (["u", "password", "plain"], lambda text: text[:-1]),
        (["u", "creds", "json"], member("password")),
    ],
    "kubelet": [(["v", *SERVER], member("auth", SERVER[0], "password"))],
    "kubernetes": [(["v1"], member("status", "token"))],
    "pnpm": [([], lambda text: header(text[:-1]))],
    "process": [([], member("AccessToken"))],
    "reclient": [
        ([], member("token")),
        ([], lambda text: header(member("headers", "Authorization")(text))),
    ],
    "terraform": [([], member("token"))],
    "token": [([], lambda text: text[:-1])],
}


@pytest.fixture
def odd(box: Box, tokens: TokenServer) -> Box:
    """Return a box whose token is the odd one."""
    tokens.token = ODD.replace("{", "{{").replace("}", "}}")
    box.itwin(tokens.url)
    return box


def test_every_protocol_is_read_here() -> None:
    """A new one says how its caller reads it; AWS's has keys instead."""
    names = {module.name for module in pkgutil.iter_modules(protocols.__path__)}
    assert {*READ, "aws"} == names


@pytest.mark.parametrize("name", READ)
def test_an_answer_holds_the_token(name: str) -> None:
    """As the caller's own reader unpacks it, and in as many lines as with any other."""
    protocol = caller.load(name)
    assert protocol
    plain, odd = (
        Token(each, token_type="Bearer", expires_at=2_000_000_000, scope="") for each in ("t", ODD)
    )
    for words, read in READ[name]:
        asked = Asked("p", words=words, environ={}, url="https://api.example.com")
        text = protocol.reply(odd, asked)
        assert read(text) == ODD
        assert text.count("\n") == protocol.reply(plain, asked).count("\n")


def test_awss_keys_are_packed_in_one_way() -> None:
    """Four parts, or no keys: a token of another kind is none."""
    parts = ["ASIAIOSFODNN7EXAMPLE", "a+/b=!%$'&", "s|<>(){}#^`=", "123456789012"]
    token = Token("~".join(parts), token_type="Bearer", expires_at=2_000_000_000, scope="")
    answer = json.loads(aws.reply(token, Asked("p", environ={})))
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "AccountId")
    assert [answer[name] for name in names] == parts
    for other in (ODD, "a~b~c", "a~b~c~d~e"):
        token = Token(other, token_type="Bearer", expires_at=2_000_000_000, scope="")
        with pytest.raises(ValueError, match="unpack"):
            aws.reply(token, Asked("p", environ={}))


# What a user writes, by the shell.
SHELLS = {
    "sh": "eval \"$('{command}' as env)\"",
    "dash": "eval \"$('{command}' as env)\"",
    "bash": "set -H; eval \"$('{command}' as env env sh)\"",
    "zsh": "eval \"$('{command}' as env)\"",
    "fish": "'{command}' as env env fish | source",
    "pwsh": "& '{command}' as env env powershell | Out-String | Invoke-Expression",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_assigns_it(odd: Box, shell: str) -> None:
    """Nothing in it is expanded, substituted, or ends the string."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    script = SHELLS[shell].format(command=COMMAND) + "\nprintenv ACCESS_TOKEN\n"
    assert odd.call(shell, "-c", script).stdout == f"{ODD}\n"


def test_the_other_shells_rules() -> None:
    """Where they are not installed: fish escapes a quote by a backslash, PowerShell doubles it."""
    protocol = caller.load("env")
    assert protocol
    token = Token("a'b''c", token_type="Bearer", expires_at=2_000_000_000, scope="")
    said = {
        shell: protocol.reply(token, Asked("p", words=[shell], environ={})).split("\n")[0]
        for shell in ("fish", "powershell")
    }
    assert said["fish"] == r"set -gx ACCESS_TOKEN 'a\'b\'\'c'"
    assert said["powershell"] == "$Env:ACCESS_TOKEN = 'a''b''''c'"


@pytest.mark.parametrize(("protocol", "option"), [("curl", "-K -"), ("header", "-H @-")])
def test_curl_sends_it(odd: Box, resource: ResourceServer, protocol: str, option: str) -> None:
    """The real curl, by its config and by its header."""
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    odd.environ["NO_PROXY"] = "127.0.0.1"
    resource.accepted = {f"Bearer {ODD}"}
    script = f"'{COMMAND}' as {protocol} | curl -qsSf {option} http://{resource.host}/"
    assert odd.call("sh", "-c", script).stdout == "good\n"
    assert resource.seen == [f"Bearer {ODD}"]


def test_git_reads_it(odd: Box) -> None:
    """The real git, which unpacks the lines."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    odd.environ |= {"CREDHELPER_HOSTS": "git.example.com", "GIT_CONFIG_NOSYSTEM": "1"}
    words = ("-c", "credential.helper=", "-c", f"credential.helper={COMMAND} as git")
    asked = "protocol=https\nhost=git.example.com\n\n"
    told = odd.call("git", *words, "credential", "fill", stdin=asked).stdout
    assert line("password=")(told) == ODD


@pytest.mark.slow
def test_docker_reads_it(odd: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real SDK, by the credential helper on the PATH."""
    odd.environ["CREDHELPER_HOSTS"] = "registry.example.com"
    monkeypatch.setenv("PATH", f"{Path(COMMAND).parent}:{odd.environ['PATH']}")
    store = pytest.importorskip("docker.credentials", reason="docker is not installed").Store(
        "credhelper", environment=odd.environ
    )
    assert store.get("registry.example.com")["Secret"] == ODD


def test_a_command_gets_it(odd: Box) -> None:
    """By `exec`, in its variable and in its file."""
    printed = odd.call(COMMAND, "exec", "--", "printenv", "ACCESS_TOKEN")
    assert (printed.stdout, printed.stderr) == (f"{ODD}\n", "")
    file = odd.home / "token"
    script = f"cat {file}"
    printed = odd.call(COMMAND, "exec", "--refresh-file", str(file), "--", "sh", "-c", script)
    assert printed.stdout == f"{ODD}\n"


def test_a_basic_password_is_it(odd: Box, resource: ResourceServer) -> None:
    """RFC 7617: the user name ends at the first colon, the password has as many as it likes."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    odd.environ |= {
        "CREDHELPER_HOSTS": resource.host,
        "GIT_CONFIG_NOSYSTEM": "1",
        "NO_PROXY": "127.0.0.1",
    }
    resource.challenges = ['Basic realm="test"']
    words = ("git", "-c", f"credential.helper={COMMAND} as git", "ls-remote")
    subprocess.run(
        [*words, f"http://{resource.host}/r"],
        env=odd.environ,
        capture_output=True,
        check=False,
        timeout=20,
    )
    sent = {each.removeprefix("Basic ") for each in resource.seen if each}
    assert {base64.b64decode(each).decode() for each in sent} == {f"oauth2:{ODD}"}
