"""Google's own libraries, with credhelper as the executable of an external account."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from credhelper import hosts
from credhelper.errors import ProtocolError
from credhelper.hosts import Rule
from credhelper.protocols import google
from tests.conftest import COMMAND, Box
from tests.support.callers import npm
from tests.support.servers import http
from tests.support.servers.counting import TokenServer
from tests.support.servers.http import Asked, Reply

AUDIENCE = "//iam.example.com/projects/7/locations/global/workloadIdentityPools/p/providers/x"
WORKFORCE = "//iam.googleapis.com/locations/global/workforcePools/p/providers/x"
JWT = google.KINDS[0]
HOST, SLASH, PATH = AUDIENCE[2:].partition("/")
# Audiences that must never get a token while `hosts` has AUDIENCE and `api.example.com`.
HOSTILE = [
    # nothing, or too little, or too much
    *("", "/", "//", "///", AUDIENCE[:-1], AUDIENCE + "x", AUDIENCE + "/", AUDIENCE + "//"),
    *(AUDIENCE[1:], AUDIENCE[2:], "/" + AUDIENCE, "x" + AUDIENCE, f"//{HOST}", f"//{HOST}/"),
    *(AUDIENCE + "/y", AUDIENCE + "?", AUDIENCE + "?x", AUDIENCE + "#", AUDIENCE + "#x"),
    *(AUDIENCE * 2, f"{AUDIENCE},{AUDIENCE}", f"{AUDIENCE} {AUDIENCE}", AUDIENCE + ","),
    # another pool, provider, project, place, host
    *(AUDIENCE.replace("/x", "/y"), AUDIENCE.replace("/p/", "/q/"), AUDIENCE.replace("7", "8")),
    *(AUDIENCE.replace("7", "07"), AUDIENCE.replace("7", "7.0"), AUDIENCE.replace("7", "-")),
    *(AUDIENCE.replace("global", "eu"), AUDIENCE.replace("workload", "workforce")),
    *(AUDIENCE.replace("example", "evil"), AUDIENCE.replace("iam.", "")),
    *(AUDIENCE.replace(HOST, f"{HOST}.evil.example"), AUDIENCE.replace(HOST, f"{HOST}:443")),
    *(AUDIENCE.replace(HOST, f"evil.example@{HOST}"), AUDIENCE.replace(HOST, f"{HOST}@evil")),
    *(AUDIENCE.replace(HOST, f"{HOST}."), AUDIENCE.replace(HOST, f".{HOST}")),
    # a pattern is no audience
    *("//*", f"//{HOST}/*", AUDIENCE[:-1] + "*", "//*.example.com/" + PATH, "*", "*.example.com"),
    # a URL is none, either, even of a host that another caller may name
    *(f"https:{AUDIENCE}", f"http:{AUDIENCE}", f"HTTPS:{AUDIENCE}", f"urn:{AUDIENCE}"),
    *("https://api.example.com", "https://api.example.com/x", "//api.example.com"),
    *("api.example.com", "api.example.com:443", "//api.example.com:443"),
    # other spellings
    *(AUDIENCE.upper(), AUDIENCE.lower(), AUDIENCE.replace("iam", "IAM"), AUDIENCE.title()),
    *(AUDIENCE.replace("/p/", "/p//"), AUDIENCE.replace("/p/", "/./p/")),
    *(AUDIENCE.replace("/p/", "/q/../p/"), AUDIENCE.replace("/", "\\")),
    *(AUDIENCE.replace("/p/", "%2fp/"), AUDIENCE.replace("p/", "%70/"), AUDIENCE + "%00"),
    *(AUDIENCE.replace("a", "\u0430"), AUDIENCE.replace("p/", "\uff50/"), AUDIENCE + "\u200b"),
    *(AUDIENCE.replace("/", "\u2215"), AUDIENCE.replace(".", "\u3002"), AUDIENCE + "\u00ad"),
    # white space and control characters
    *(f" {AUDIENCE}", f"{AUDIENCE} ", f"{AUDIENCE}\t", f"\t{AUDIENCE}", f"{AUDIENCE}\n"),
    *(f"\n{AUDIENCE}", f"{AUDIENCE}\r\n", f"{AUDIENCE}\0", f"{AUDIENCE}\0evil", f"\0{AUDIENCE}"),
    *(f"{AUDIENCE}\x1b[0m", f"{AUDIENCE}\x7f", f"{AUDIENCE}\u2028", f"{AUDIENCE}\u00a0"),
    *(f"//evil.example/x\n{AUDIENCE}", f"{AUDIENCE}\tenv", f"\ufeff{AUDIENCE}"),
]


def rule_for(audience: str) -> Rule | None:
    """Return the rule that lets the token go to an audience, as the door and `cli` look for it."""
    rules = [Rule(each, profile="env", username="") for each in (AUDIENCE, "api.example.com:443")]
    environ = {
        "GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE": audience,
        "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE": JWT,
    }
    try:
        asked = google.ask([], environ)
    except ProtocolError:
        return None
    assert asked.url, "without a URL the default profile would be served"
    return hosts.match(rules, asked.url, asked.profile)


@pytest.mark.parametrize("audience", HOSTILE, ids=ascii)
def test_a_hostile_audience_gets_no_token(audience: str) -> None:
    """No rule fits what is not the audience of the config, letter for letter."""
    assert rule_for(audience) is None


def test_the_table_is_large_enough() -> None:
    """At least sixty, no two alike, and the good one is served in the same way."""
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60
    assert rule_for(AUDIENCE)


@pytest.fixture
def pool() -> Iterator[tuple[str, list[str]]]:
    """Return the address of Google's token service, and the subject tokens it was sent."""
    seen: list[str] = []

    def answer(asked: Asked) -> Reply:
        form = dict(parse_qsl(asked.body.decode()))
        assert form["audience"] in (AUDIENCE, WORKFORCE)
        assert form["subject_token_type"] == JWT
        seen.append(form["subject_token"])
        said = {"access_token": f"google-{len(seen)}", "expires_in": 3600}
        said |= {"token_type": "Bearer", "issued_token_type": f"{JWT[:-3]}access_token"}
        return Reply(body=json.dumps(said), headers={"Content-Type": "application/json"})

    with http.serving(answer) as served:
        yield f"{served.url}/v1/token", seen


def configure(box: Box, tokens: TokenServer, pool: str, audience: str = AUDIENCE) -> Path:
    """Return a credential configuration with an output file, whose audience may get a token."""
    box.itwin(tokens.url)
    box.environ |= {
        "CREDHELPER_HOSTS": audience,
        "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES": "1",
    }
    executable = {
        "command": f"{COMMAND} as google env",
        "timeout_millis": 20000,
        "interactive_timeout_millis": 30000,
        "output_file": str(box.home / "output.json"),
    }
    path = box.home / "external.json"
    information = {
        "type": "external_account",
        "audience": audience,
        "subject_token_type": JWT,
        "token_url": pool,
        "credential_source": {"executable": executable},
    }
    path.write_text(json.dumps(information))
    return path


def python(box: Box, path: Path, wish: str) -> tuple[int, str, str]:
    """Return how Google's library for Python ends: exit status, stdout, stderr."""
    pytest.importorskip("google.auth", reason="google-auth is not installed")
    program = npm.HERE / "google_python.py"
    done = subprocess.run(
        [sys.executable, program, path, wish],
        # The library leaves files open, which is not ours to hear about.
        env=box.environ | {"PYTHONWARNINGS": "ignore"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_the_python_library_exchanges_the_token(
    box: Box, tokens: TokenServer, pool: tuple[str, list[str]]
) -> None:
    """It reads stdout first, then the file while that is good, then the cache's answer again."""
    path, output = configure(box, tokens, pool[0]), box.home / "output.json"
    assert python(box, path, "exchange") == (0, "google-1\n", "")
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    kept = json.loads(output.read_text())
    output.write_text(json.dumps(kept | {"id_token": "from-the-file"}))
    assert python(box, path, "exchange") == (0, "google-2\n", "")
    output.write_text(json.dumps(kept | {"expiration_time": 1, "id_token": "old"}))
    assert python(box, path, "exchange") == (0, "google-3\n", "")
    assert pool[1] == ["canary-token-1", "from-the-file", "canary-token-1"]
    assert tokens.count == 1
    assert sorted(each.name for each in box.home.iterdir() if "output" in each.name) == [
        "output.json"
    ]


@pytest.mark.slow
def test_the_python_library_at_a_terminal(
    box: Box, tokens: TokenServer, pool: tuple[str, list[str]]
) -> None:
    """In interactive mode stdout is the user's: the token goes to the file; revoking drops both."""
    path, output = configure(box, tokens, pool[0], WORKFORCE), box.home / "output.json"
    assert python(box, path, "interactive") == (0, "google-1\n", "")
    assert json.loads(output.read_text())["id_token"] == "canary-token-1"
    assert python(box, path, "revoke") == (0, "", "")
    assert not output.exists()
    assert python(box, path, "interactive") == (0, "google-2\n", "")
    assert pool[1] == ["canary-token-1", "canary-token-2"]


@pytest.mark.slow
def test_the_python_library_tells_the_failure(
    box: Box, tokens: TokenServer, pool: tuple[str, list[str]]
) -> None:
    """The user reads our code, problem and hint, and no secret."""
    path = configure(box, tokens, pool[0])
    tokens.status, tokens.document = 401, {"error": "invalid_client"}
    status, stdout, stderr = python(box, path, "exchange")
    assert (status, stdout, pool[1]) == (1, "", [])
    assert "code: invalid_client, message: credhelper: denied: " in stderr
    assert "canary" not in stderr


@pytest.mark.toolchain
def test_the_javascript_library_exchanges_the_token(
    box: Box, tokens: TokenServer, pool: tuple[str, list[str]], tmp_path: Path
) -> None:
    """It takes the same answers, from stdout and from the file."""
    path = configure(box, tokens, pool[0])
    command = npm.place(tmp_path / "node", "google.mjs", "google-auth-library@11.3.4")
    for number in (1, 2):
        done = subprocess.run(
            [*command, path], env=box.environ, capture_output=True, text=True, check=False
        )
        assert (done.stdout, done.stderr) == (f"google-{number}\n", "")
        assert (box.home / "output.json").exists()
    assert pool[1] == ["canary-token-1"] * 2
    assert tokens.count == 1


def test_only_a_file_is_replaced(box: Box, tokens: TokenServer) -> None:
    """A link, a folder, a fifo or no folder at all: the answer comes, and nothing is touched."""
    (box.home / "target").write_text("kept")
    (box.home / "link").symlink_to("target")
    (box.home / "folder").mkdir()
    os.mkfifo(box.home / "fifo")
    box.itwin(tokens.url)
    box.environ |= {
        "CREDHELPER_HOSTS": AUDIENCE,
        "GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE": AUDIENCE,
        "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE": JWT,
    }
    before = sorted(box.home.iterdir())
    (box.home / "keys").write_text("ssh-ed25519 AAAA")
    before.append(box.home / "keys")
    before.sort()
    for name in ("link", "folder", "fifo", "absent/x", "", "keys"):
        box.environ["GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE"] = f"{box.home}/{name}"
        answer = box.run("as", "google")
        assert (answer.status, answer.stderr) == (0, "")
        assert json.loads(answer.stdout)["id_token"] == "canary-token-1"
    assert sorted({*box.home.iterdir()} - {box.home / ".cache"}) == before
    assert (box.home / "target").read_text() == "kept"
    assert (box.home / "keys").read_text() == "ssh-ed25519 AAAA"
    assert (box.home / "link").is_symlink()
    box.environ["GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE"] = "1"
    answer = box.run("as", "google")
    assert (answer.status, json.loads(answer.stdout)["code"]) == (0, "io")
    box.environ["GOOGLE_EXTERNAL_ACCOUNT_REVOKE"] = "1"
    assert box.run("as", "google").stdout == google.REVOKED
    assert (box.home / "keys").read_text() == "ssh-ed25519 AAAA"
    assert "canary" not in answer.stdout
