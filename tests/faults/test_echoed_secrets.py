"""Whatever server echoes a secret, in whatever field and spelling: nobody is shown it."""

import dataclasses
import logging
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import botocore.loaders
import pytest

from credhelper import cache, caller
from credhelper.caller import Asked
from credhelper.cli import run
from credhelper.protocols import bazel, docker, git
from credhelper.system import deadline, http, redaction
from tests.conftest import Box
from tests.support import echo_fields, echo_server
from tests.support.echo_server import (
    AWS_SECRET_KEY,
    CLIENT_SECRET,
    SECRET_ID,
    VAULT_TOKEN,
    Cut,
    Echo,
    Field,
)
from tests.support.in_process import handed_on
from tests.support.servers.scripted import Script

COMMANDS: dict[str, list[str]] = {
    "get": ["get"],
    "get -v": ["get", "-v", "--fresh"],
    "check --json": ["check", "--json"],
    "check": ["check"],
    "list": ["list"],
    "list --json": ["list", "--json"],
}
MANAGERS = ("data", "GetSecretValue")  # the answers that have the client secret
CALLERS = {"as git": git, "as docker": docker, "as bazel": bazel}
ALL = (*COMMANDS, *CALLERS)
PROFILE = 'client_id = "id-p"\nscope = "api"\nhosts = ["a.example"]\n'
ENV = 'client_secret = "env:ECHO_SECRET"\n'
# What differs from run to run and is nobody's word: times, checksums, ports.
_OURS = re.compile(
    rb"\b[0-9]{10}(\.[0-9]+)?|[0-9-]{10}T[0-9:]{8}Z|credhelper 3 \w+|127\.0\.0\.1:\d+|took_s\S+ \S+"
)


@dataclasses.dataclass(frozen=True)
class Group:
    """Fields that belong together: the good answers, the profile, and whose secret is echoed."""

    fields: dict[str, Field]
    good: dict[str, echo_server.Reply]
    profile: str
    secrets: tuple[str, ...] = (CLIENT_SECRET,)
    command: str = "check --json"  # the one that shows most
    cuts: int = 4


_VAULT = 'client_secret = "vault:secret/app#k"\nvault = {{ address = "{url}"{more} }}\n'
_AUTH = ', auth = {{ method = "approle", role_id = "r", secret_id = "env:ECHO_SECRET_ID" }}'
_AWS = (
    'client_secret = "aws:s"\n'
    'aws = {{ endpoint_url = "{url}", sts_endpoint_url = "{url}"{more} }}\n'
)
_ROLE = ', role_arn = "arn:aws:iam::123456789012:role/r"'
_TOKEN_URL = 'token_url = "{url}/token"\n'
_GOOD = {"token": echo_server.granted()}
GROUPS = {
    "token": Group(echo_fields.TOKEN, _GOOD, _TOKEN_URL + ENV),
    "endpoint": Group(echo_fields.ENDPOINT, _GOOD, _TOKEN_URL + ENV, command="get"),
    "issuer": Group(echo_fields.ISSUER, echo_fields.ISSUER_GOOD, 'issuer = "{url}"\n' + ENV),
    "vault": Group(
        echo_fields.VAULT,
        echo_fields.VAULT_GOOD,
        _TOKEN_URL + _VAULT.replace("{more}", ""),
        (CLIENT_SECRET, VAULT_TOKEN),
    ),
    "login": Group(
        echo_fields.LOGIN,
        echo_fields.LOGIN_GOOD,
        _TOKEN_URL + _VAULT.replace("{more}", _AUTH),
        (SECRET_ID,),
    ),
    "aws": Group(
        echo_fields.AWS,
        echo_fields.AWS_GOOD,
        _TOKEN_URL + _AWS.replace("{more}", ""),
        (CLIENT_SECRET, AWS_SECRET_KEY),
        cuts=2,
    ),
    "role": Group(
        echo_fields.ROLE,
        echo_fields.AWS_GOOD,
        _TOKEN_URL + _AWS.replace("{more}", _ROLE),
        (AWS_SECRET_KEY,),
        cuts=2,
    ),
}
ENVIRON = {
    "ECHO_SECRET": CLIENT_SECRET,
    "ECHO_SECRET_ID": SECRET_ID,
    "VAULT_TOKEN": VAULT_TOKEN,
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": AWS_SECRET_KEY,
    "AWS_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclasses.dataclass(frozen=True)
class Shown:
    """What a command has shown, or left in the cache."""

    command: str
    status: int
    data: bytes


@dataclasses.dataclass
class Stage:
    """A profile whose servers are the echo, and the commands run in this process."""

    home: Path
    group: Group
    server: Echo
    capfd: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def show(
        self, place: str, reply: echo_server.Reply, commands: Iterable[str]
    ) -> Iterator[Shown]:
        """Yield what commands show, one after the other with an empty cache before the first."""
        self.server.answers = {**self.group.good, place: reply}
        shutil.rmtree(self.home / "cache", ignore_errors=True)
        for command in commands:
            self.monkeypatch.setattr(redaction, "_secrets", set())  # each is a process of its own
            self.monkeypatch.setenv(cache.CHAIN, "")
            for name, value in ENVIRON.items():
                self.monkeypatch.setenv(name, value)
            words = COMMANDS.get(command, ["as"])
            status = run.run(handed_on(words, _question(command)))
            deadline.stop()
            logging.getLogger("credhelper").handlers.clear()  # of `-v`
            out, err = self.capfd.readouterr()
            kept = [path.read_bytes() for path in (self.home / "cache").glob("*")]
            yield Shown(command, status, b"\n".join([out.encode(), err.encode(), *kept]))


def _question(command: str) -> caller.Question | None:
    """Return what a caller asks, as if its protocol had heard it; None for a command."""
    if command not in CALLERS:
        return None
    asked = Asked("", words=["a.example"], environ={}, url="https://a.example/x")
    return caller.Question(CALLERS[command], words=["get"], asked=asked)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands run in this process: what belongs to one of their own is left out."""
    monkeypatch.setattr("credhelper.system.hardening.apply", lambda: 0)
    monkeypatch.setattr("os.fsync", lambda _descriptor: None)  # a third of the time
    monkeypatch.setattr("credhelper.cli.check.machine.check_startup", lambda _: ("", ""))
    monkeypatch.setattr("credhelper.system.resolver.make_interruptible", lambda: None)
    monkeypatch.setattr(http, "BACKOFF_BASE_S", 0.0)
    monkeypatch.setattr("credhelper.secrets.aws_session.CONFIG.retries", {"total_max_attempts": 1})
    loader = botocore.loaders.create_loader()  # which has read AWS's models once
    monkeypatch.setattr("botocore.loaders.create_loader", lambda *_paths: loader)


@pytest.fixture
def stage(  # noqa: PLR0913 - a fixture names what it needs
    request: pytest.FixtureRequest,
    alone: None,
    tmp_path: Path,
    *,
    scripted: Script,
    clean_environ: Callable[[str, str], None],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Stage:
    """Return the commands before the echo of a group."""
    group = GROUPS[request.param]
    server = Echo(group.good)
    url = scripted(server.behave, kind="").url.removesuffix("/token")
    config = tmp_path / "config.toml"
    config.write_text(f"[profiles.p]\n{PROFILE}{group.profile.format(url=url)}")
    config.chmod(0o600)
    clean_environ("CREDHELPER_CONFIG", str(config))
    clean_environ("CREDHELPER_CACHE_DIR", str(tmp_path / "cache"))
    return Stage(tmp_path, group, server, capfd, monkeypatch)


def windows(text: str) -> set[str]:
    """Return each six characters in a row, as they are and of letters and digits alone."""
    text = text.lower().replace("\0", "")
    bare = "".join(filter(str.isalnum, text))
    found = {text[i : i + 6] for i in range(len(text) - 5)}
    return found | {b for i in range(len(bare) - 5) if not (b := bare[i : i + 6]).isdigit()}


def seen(data: bytes) -> set[str]:
    """Return the windows of what was shown, without what differs from run to run."""
    return windows(_OURS.sub(b" ", data).decode("utf-8", "surrogateescape"))


def leaks(stage: Stage, spelling: str, cuts: Sequence[Cut], commands: Iterable[str]) -> list[str]:
    """Return what is shown of the cuts of a spelling in each field, or kept of it."""
    found = []
    for name, (place, build) in stage.group.fields.items():
        # The raw secret stands in none of our own words; its hex may share some digits.
        harmless = stage.show(place, build("harmless"), () if spelling == "raw" else commands)
        usual = set().union(windows("Basic "), *(seen(each.data) for each in harmless))
        for cut in cuts:
            reply = build(cut.text)
            told = windows(cut.text) - usual
            if spelling in ("spaced", "dashed"):  # letters apart are looked for as if together
                told = set(filter(str.isalnum, told))
            # An address that is used is held to what a token is.
            least = 6 if "token_endpoint" in name else 2
            # Nobody knows a client secret that a manager keeps back, or a single character.
            is_kept_back = place in MANAGERS and CLIENT_SECRET not in reply.body
            if cut.characters < least or (is_kept_back and cut.secret == CLIENT_SECRET):
                continue
            for shown in stage.show(place, reply, commands):
                if hit := told & seen(shown.data):
                    found += [f"{name}, {spelling} {cut.text!r}, {shown.command}: {hit}"]
    return found


def some(cuts: Iterable[Cut], number: int) -> list[Cut]:
    """Return a few of the cuts, the whole spelling among them."""
    every = sorted(cuts, key=lambda cut: (-len(cut.text), cut.text))
    return every[:: max(1, len(every) // number)][:number]


@pytest.mark.slow
@pytest.mark.parametrize("stage", GROUPS, indirect=True)
def test_the_stage_is_good(stage: Stage) -> None:
    """Without an echo the commands end well, so what is not shown was there to be shown."""
    commands = ("get", "check", "as docker")
    place, reply = next(iter(stage.group.good.items()))
    statuses = {each.command: each.status for each in stage.show(place, reply, commands)}
    assert statuses == dict.fromkeys(commands, 0)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["endpoint", "issuer", "vault", "login"], indirect=True)
def test_an_echo_is_not_shown(stage: Stage) -> None:
    """A secret as it is, in each field of each answer, by the command that shows most of it."""
    for secret in stage.group.secrets:
        assert leaks(stage, "raw", [Cut(secret, len(secret), secret)], ["check --json"]) == []


@pytest.mark.long
@pytest.mark.parametrize("spelling", echo_server.SPELLINGS)
@pytest.mark.parametrize("stage", [n for n in GROUPS if n != "token"], indirect=True)
def test_no_spelling_of_an_echo_is_shown(stage: Stage, spelling: str) -> None:
    """In whatever spelling and part of it."""
    for secret in stage.group.secrets:
        cuts = some(echo_server.cuts(secret, spelling), stage.group.cuts)
        assert leaks(stage, spelling, cuts, [stage.group.command]) == []


@pytest.mark.long
@pytest.mark.parametrize("stage", ["endpoint", "issuer"], indirect=True)
def test_no_part_of_an_echo_is_shown(stage: Stage) -> None:
    """Of the raw secret, all parts of six characters or more."""
    cuts = list(echo_server.cuts(CLIENT_SECRET, "raw"))
    assert leaks(stage, "raw", cuts, [stage.group.command]) == []


@pytest.mark.long
@pytest.mark.parametrize("stage", [n for n in GROUPS if n != "token"], indirect=True)
def test_no_command_shows_an_echo(stage: Stage) -> None:
    """Callers and people are told the same: nothing of it."""
    for secret in stage.group.secrets:
        for spelling in ("raw", "hex"):
            assert leaks(stage, spelling, some(echo_server.cuts(secret, spelling), 2), ALL) == []


def holds(cut: Cut) -> bool:
    """Return whether a token would tell a part of the secret: six characters, or a bare piece."""
    bare = "".join(filter(str.isalnum, cut.text))
    return cut.characters >= 6 or len(bare) >= 6


@pytest.mark.slow
@pytest.mark.parametrize("spelling", echo_server.SPELLINGS)
@pytest.mark.parametrize("stage", ["token"], indirect=True)
def test_a_token_that_holds_a_secret_is_refused(stage: Stage, spelling: str) -> None:
    """Nobody gets it, and it is kept nowhere; the status says who broke the contract."""
    refuse(stage, some(echo_server.cuts(CLIENT_SECRET, spelling), 1), ("get",))


@pytest.mark.long
@pytest.mark.parametrize("spelling", echo_server.SPELLINGS)
@pytest.mark.parametrize("stage", ["token"], indirect=True)
def test_no_token_that_holds_a_part_of_a_secret_is_taken(stage: Stage, spelling: str) -> None:
    """In each part of six characters or more."""
    cuts = list(echo_server.cuts(CLIENT_SECRET, spelling))
    refuse(stage, cuts, ("get",))
    refuse(stage, some(cuts, 1), ALL)


def refuse(stage: Stage, cuts: Sequence[Cut], commands: Iterable[str]) -> None:
    """Fail unless each answer with such a token is refused, and not shown."""
    for name, (place, build) in stage.group.fields.items():
        for cut in cuts:
            # In the midst of a token, or beside another scope, it is six characters that count.
            if cut.characters < 6 and (" part " in name or "one of" in name or not holds(cut)):
                continue
            for shown in stage.show(place, build(cut.text), commands):
                told = windows(cut.text) & seen(shown.data)
                assert not told, (name, cut, shown)
                assert shown.status in (76, 1 if shown.command == "as docker" else 0), (name, cut)
                assert shown.status or "list" in shown.command, (name, cut, shown)


@pytest.mark.long
@pytest.mark.parametrize("name", echo_fields.ENDPOINT)
def test_no_process_shows_an_echo(box: Box, scripted: Script, name: str) -> None:
    """Processes of their own: the second `get` has what it says from the marker of the first."""
    place, build = echo_fields.ENDPOINT[name]
    server = Echo({place: build(CLIENT_SECRET)})
    box.itwin(scripted(server.behave, kind="").url, CLIENT_SECRET)
    for words in (["get"], ["get"], ["check"], ["list"], ["get", "-v", "--fresh"]):
        ran = box.run(*words)
        kept = b"".join(path.read_bytes() for path in box.cache.iterdir())
        told = windows(CLIENT_SECRET) & seen(f"{ran.stdout}\n{ran.stderr}\n".encode() + kept)
        assert not told, (words, ran)
