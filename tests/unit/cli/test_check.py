"""`check` against real servers: a good profile, and many faults, one at a time."""

import base64
import json
import os
import subprocess
from pathlib import Path

import jsonschema
import pytest

from credhelper.cli.check import machine
from credhelper.cli.check.run import Finding, Results, line, needed, run_step
from tests.conftest import Box, Ran
from tests.support import canary
from tests.support.broken_profiles import FAULTS, NEVER_SHOWN, new_token, set_clock
from tests.support.canary import leaks
from tests.support.paths import ROOT
from tests.support.scene import Scene, scene
from tests.support.servers.counting import TokenServer
from tests.support.terminal import seen_on_terminal

__all__ = ["scene"]  # a fixture
pytestmark = pytest.mark.xdist_group("openbao")
STEPS = ["config", "reference", "identity", "secret", "name", "proxy", "connection", "clock",
         "exchange", "scopes", "claims", "cache", "startup"]  # fmt: skip
SCHEMA = json.loads((ROOT / "docs/pages/schemas/check.json").read_text())


def checked(scene: Scene, *arguments: str) -> Ran:
    """Run the command on the scene's profile; no secret and no token of anyone is printed."""
    scene.write()
    ran = scene.box.run("check", *arguments)
    known = [*NEVER_SHOWN, scene.authorization.client_secret, *scene.authorization.issued[-3:]]
    known += [scene.box.environ.get("VAULT_TOKEN", scene.openbao.token)]
    assert not leaks((ran.stdout + ran.stderr).encode(), *known)
    assert ran.stderr == ""
    return ran


def findings(ran: Ran) -> dict[str, Finding]:
    """Return the findings of a run with --json, by step."""
    document = json.loads(ran.stdout)
    jsonschema.validate(document, SCHEMA)
    assert document["status"] == ran.status
    found = [Finding(each.pop("link"), **each) for each in document["findings"]]
    assert [finding.step for finding in found] == STEPS
    return {finding.step: finding for finding in found}


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        ("env", ["names nobody", "neither version nor age"]),
        ("file", [f"user {os.geteuid()}", "written 20"]),
        ("aws", ["arn:aws:", "eu-west-1", "AWSCURRENT", "created 20"]),
        ("vault", ["policies root", "without an end", "version 1, created 20"]),
    ],
)
def test_a_good_profile(scene: Scene, backend: str, said: list[str]) -> None:
    """No step fails or is left out; the manager says who we are, and how old the secret is."""
    scene.use(backend)
    ran = checked(scene, "--json")
    found = findings(ran)
    assert ran.status == 0
    # The file system and the installation are this machine's, which may deserve a warning.
    assert {found[step].state for step in STEPS[:-2]} == {"ok"}
    assert {found[step].state for step in STEPS[-2:]} <= {"ok", "warning"}
    text = found["identity"].detail + found["secret"].detail
    assert [part for part in said if part not in text] == []
    assert "TLSv1.3, certificate good until" in found["connection"].detail


def test_an_issuer_is_as_good_as_an_endpoint(scene: Scene) -> None:
    """Its host is checked, and the exchange goes where its metadata say."""
    scene.use("env")
    del scene.keys["token_url"]
    scene.keys["issuer"] = scene.authorization.issuer
    assert checked(scene).status == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_the_next_step(scene: Scene, name: str) -> None:
    """The first failure is the fault's, and what depends on it is skipped, not failed."""
    fault = FAULTS[name]
    scene.use(fault.backend)
    fault.plant(scene)
    ran = checked(scene)
    failures = [line for line in ran.stdout.splitlines() if line.startswith("failed")]
    assert len(failures) == 1, ran.stdout
    _state, step, _took, _ms, rest = failures[0].split(maxsplit=4)
    problem, _semicolon, hint = rest.partition("; ")
    assert step == fault.step, failures
    assert fault.problem in problem
    assert fault.hint in hint
    # A resolver in trouble is another class than a name that is not there.
    assert ran.status in ([fault.status] if fault.status else [75, 78])


def test_a_role_is_shown_with_its_policies_and_life(scene: Scene) -> None:
    """A Vault token that ends says when; one that may not look itself up still serves."""
    scene.use("vault")
    policy = scene.openbao.policy(f"secret/data/{scene.path}")
    new_token(scene, policies=[policy], ttl="1h")
    identity = findings(checked(scene, "--json"))["identity"].detail
    assert policy in identity
    assert "s to live" in identity
    new_token(scene, policies=[policy], no_default_policy=True)
    ran = checked(scene, "--json")
    assert ran.status == 0
    assert "may not look itself up" in findings(ran)["identity"].detail


def test_one_login_and_the_cache_is_left_alone(box: Box, tokens: TokenServer) -> None:
    """Past the cache, which keeps its token, and no second try with a secret that is refused."""
    box.itwin(tokens.url)
    assert box.run("get").token() == "canary-token-1"
    before = {path: path.read_bytes() for path in box.cache.iterdir()}
    assert box.run("check").status == 0
    assert tokens.count == 2
    assert {path: path.read_bytes() for path in box.cache.iterdir()} == before
    assert box.run("get").token() == "canary-token-1"
    tokens.status, tokens.document = 401, {"error": "invalid_client"}
    assert box.run("check").status == 77
    assert tokens.count == 3


def test_a_rotation_that_is_bridged_is_a_warning(scene: Scene, tokens: TokenServer) -> None:
    """Where `get` serves with the previous secret, `check` has status 0, and says what to do."""
    scene.use("vault")
    scene.openbao.store(scene.path, {"s": "canary-new-secret"})
    del scene.keys["ca"]
    scene.keys |= {"token_url": tokens.url, "client_auth": "client_secret_post"}
    tokens.accepts = {scene.authorization.client_secret}
    ran = checked(scene, "--json")
    exchange = findings(ran)["exchange"]
    assert (exchange.state, ran.status, tokens.count) == ("warning", 0, 2)
    assert "the current secret is refused, the previous one accepted" in exchange.detail
    assert f"vault:secret/{scene.path}#s" in exchange.hint
    assert not leaks(ran.stdout.encode(), "canary-new-secret")
    tokens.accepts = set()
    assert checked(scene).status == 77
    scene.keys["previous"] = False  # type: ignore[assignment]
    assert checked(scene).status == 77
    assert tokens.count == 5


def test_a_small_skew_is_a_warning(scene: Scene) -> None:
    """No request fails because of it."""
    scene.use("env")
    set_clock(scene, 20)
    ran = checked(scene, "--json")
    clock = findings(ran)["clock"]
    assert (clock.state, ran.status) == ("warning", 0)
    assert "s behind" in clock.detail


def jwt(**claims: object) -> str:
    """Return a token of that shape; nobody verifies it."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".c2ln"


def test_claims_of_a_jwt_are_shown_and_the_token_is_not(box: Box, tokens: TokenServer) -> None:
    """Four claims, and whether the audience is the one asked for; others may be private."""
    tokens.token = jwt(iss="https://idp", aud=["api"], exp=1, scope="s", email="canary-mail")
    tokens.token = tokens.token.replace("{", "{{").replace("}", "}}")
    box.itwin(tokens.url)
    box.environ["CREDHELPER_AUDIENCE"] = "other"
    ran = box.run("check", "--json")
    claims = findings(ran)["claims"]
    assert claims.detail == 'iss "https://idp", aud ["api"], exp 1970-01-01T00:00:01Z, scope "s"'
    assert (claims.state, ran.status) == ("warning", 0)
    assert not leaks(ran.stdout.encode(), "canary-mail", tokens.token, canary.CLIENT_SECRET)


def test_an_echo_is_withheld(box: Box, tokens: TokenServer) -> None:
    """A server that puts the secret into a claim does not get it onto the screen."""
    tokens.token = jwt(iss=canary.CLIENT_SECRET)
    box.itwin(tokens.url)
    ran = box.run("check")
    assert ran.status == 76
    assert "a token or scope that holds a secret of ours" in ran.stdout
    assert not leaks(ran.stdout.encode(), canary.CLIENT_SECRET, tokens.token)


@pytest.mark.slow
def test_colours_are_for_a_terminal(box: Box, tokens: TokenServer) -> None:
    """Neither for a pipe, nor for a user who wants none, nor for a terminal that has none."""
    box.itwin(tokens.url)
    box.environ |= {"TERM": "xterm", "COLUMNS": "80"}
    assert "\x1b[32mok" in seen_on_terminal(box, "check")
    assert "\x1b" not in box.run("check").stdout
    for name, value in (("TERM", "dumb"), ("NO_COLOR", "1")):
        box.environ = {**box.environ, "TERM": "xterm", name: value}
        plain = seen_on_terminal(box, "check")
        assert "\x1b" not in plain
        assert plain.startswith("ok       config ")


def test_a_long_line_is_folded_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below its text; a pipe gets one line."""
    monkeypatch.setenv("NO_COLOR", "1")
    finding = Finding("clock", "failed", "word " * 30, "hint " * 30, status=78)
    assert line(finding, 0).count("\n") == 1
    first, *further = line(finding, 80).splitlines()
    assert len(further) > 3
    assert all(len(each) <= 80 and each.startswith(" " * 30) for each in further)
    assert len(first) <= 80


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p"])
def test_a_network_file_system_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    """The longest mount point that the directory lies in counts; spaces in it are escaped."""
    point = str(tmp_path / "a b").replace(" ", "\\040")
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / {point} rw shared:1 - {kind} server:/x rw\n"
        f"3 1 0:3 / {point}/cache-other rw - tmpfs x rw\n"
    )
    monkeypatch.setattr(machine, "MOUNTS", str(mounts))
    monkeypatch.setenv("CREDHELPER_CACHE_DIR", str(tmp_path / "a b" / "cache"))
    finding = run_step("cache", machine.check_cache, Results("", ""))
    assert (finding.state, finding.status) == ("warning", 0)
    assert f" on {kind}, lock free" in finding.detail
    assert "local folder" in finding.hint


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (FileNotFoundError(2, "canary-text"), 74, "No such file"),
        (ImportError("canary-text"), 74, "ImportError at "),
        (KeyError("canary-text"), 70, "unforeseen KeyError"),
    ],
)
def test_whatever_a_step_meets_the_next_one_is_run(
    error: Exception, status: int, said: str
) -> None:
    """An exception of a library is that step's failure, without its text."""

    def check(_results: Results) -> tuple[str, str]:
        raise error

    finding = run_step("x", check, Results("", ""))
    assert (finding.state, finding.status) == ("failed", status)
    assert said in finding.detail
    assert finding.hint
    assert "canary-text" not in finding.detail + finding.hint


def test_missing_compiled_files_are_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The next step is the command that makes them."""
    (tmp_path / "a.py").write_text("")
    monkeypatch.setattr(machine, "PACKAGE", str(tmp_path))
    finding = run_step("startup", machine.check_startup, Results("", ""))
    assert finding.state == "warning"
    assert "modules without .pyc: 1" in finding.detail
    subprocess.run(finding.hint.removeprefix("run: ").split(), check=True)
    assert run_step("startup", machine.check_startup, Results("", "")).state == "ok"


def test_a_step_without_what_it_needs_is_skipped() -> None:
    """Neither a failure nor a status."""
    finding = run_step("x", lambda found: (str(needed(found.token)), ""), Results("", ""))
    assert finding == Finding("x", "skipped")


def test_a_host_that_another_profile_has_is_a_warning(box: Box) -> None:
    """Callers that name no profile get nothing there."""
    one = 'provider = "itwin"\nclient_id = "x"\nclient_secret = "env:S"\nhosts = ["a.example"]\n'
    box.config(f'default_profile = "a"\n[profiles.a]\n{one}[profiles.b]\n{one}')
    ran = box.run("check", "--json")
    config = findings(ran)["config"]
    assert config.state == "warning"
    assert config.hint.startswith("callers get no token for a.example, unless they name a profile")
    assert config.hint.endswith("take it out of the hosts of a or b")


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("vault:secret/app", "the reference vault:secret/app names no field"),
        ("vault:itwin#f", "the reference vault:itwin names no path below a mount"),
        ("vault:a/b?version=x#f", "?version= is no number"),
        ("file:secret", "file:secret is not an absolute path"),
        ("aws:a?version=", "does not name one version"),
    ],
)
def test_a_wrong_reference_is_the_references_fault(box: Box, reference: str, told: str) -> None:
    """Not the identity's, which nobody was asked for."""
    text = f'[profiles.p]\nprovider = "itwin"\nclient_id = "x"\nclient_secret = "{reference}"\n'
    box.config(text)
    found = findings(box.run("check", "--json"))
    assert found["reference"].state == "failed"
    assert told in found["reference"].detail
    assert found["identity"].state == "skipped"


def test_a_refusal_says_which_versions_were_tried(scene: Scene, tokens: TokenServer) -> None:
    """As `get` does; a backend without versions says nothing of them."""
    scene.use("vault")
    del scene.keys["ca"]
    scene.keys |= {"token_url": tokens.url, "client_auth": "client_secret_post"}
    tokens.accepts = set()
    detail = findings(checked(scene, "--json"))["exchange"].detail
    assert detail.endswith("invalid_client (versions of the secret tried: current)")
