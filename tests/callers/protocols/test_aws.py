"""AWS's own SDKs, with credhelper as their credential_process, against moto's STS."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box
from tests.support import canary
from tests.support.callers import npm
from tests.support.servers.aws import REGION
from tests.support.servers.counting import TokenServer

ROLE = "arn:aws:iam::123456789012:role/r"
PROFILE = """
[profiles.itwin]
token_url = "{token_url}"
client_id = "service-test"
client_secret = "env:ITWIN_CLIENT_SECRET"
"""
# It tells how often it runs: a circle would be seen, were it ever to end.
PROCESS = """#!/bin/sh
echo run >>"{home}/runs"
exec "{command}" as aws itwin
"""
BOTO3 = """
import boto3
session = boto3.Session()
print(session.get_credentials().access_key, session.client("sts").get_caller_identity()["Arn"])
"""


@pytest.fixture
def caller(box: Box, tokens: TokenServer, aws_address: str) -> Box:
    """Return a box whose AWS profile in force, `x`, has credhelper for its credential_process."""
    box.config(PROFILE.format(token_url=tokens.url) + f'[profiles.itwin.sts]\nrole_arn = "{ROLE}"')
    process = box.home / "process"
    process.write_text(PROCESS.format(home=box.home, command=COMMAND))
    process.chmod(0o700)
    (box.home / ".aws").mkdir()
    (box.home / ".aws" / "config").write_text(
        f"[profile x]\nregion = {REGION}\ncredential_process = {process}\n"
    )
    # Where the SDKs, and the processes of one that is not ours, find nothing else.
    box.environ |= {
        "AWS_PROFILE": "x",
        "AWS_ENDPOINT_URL": aws_address,
        "AWS_EC2_METADATA_DISABLED": "true",
        "ITWIN_CLIENT_SECRET": canary.CLIENT_SECRET,
    }
    return box


def say(box: Box, command: list[str]) -> str:
    """Return what a caller prints; it must succeed and be the only one that talks."""
    done = subprocess.run(
        command, env=box.environ, cwd=box.home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def runs(box: Box) -> int:
    """Return how often the credential_process was started."""
    return len((box.home / "runs").read_text().splitlines())


def keys(box: Box) -> dict[str, object]:
    """Return the keys that the cache has now."""
    answer = box.run("as", "aws", "itwin")
    assert (answer.status, answer.stderr) == (0, "")
    found: dict[str, object] = json.loads(answer.stdout)
    return found


def test_boto3_is_the_role(caller: Box, tokens: TokenServer) -> None:
    """The keys are those of the role; AWS_PROFILE names our own caller, and nothing goes round."""
    said = [say(caller, [sys.executable, "-c", BOTO3]).split() for _ in range(2)]
    assert said[0] == said[1]
    key_id, arn = said[0]
    assert arn == "arn:aws:sts::123456789012:assumed-role/r/credhelper"
    assert runs(caller) == 2
    assert tokens.count == 1
    found = keys(caller)
    assert (found["AccessKeyId"], found["AccountId"]) == (key_id, "123456789012")
    assert tokens.count == 1


@pytest.mark.slow
def test_the_command_line_signs(caller: Box, tokens: TokenServer) -> None:
    """The AWS command line has the same keys."""
    if (aws := shutil.which("aws")) is None:
        pytest.skip("aws is not installed")
    command = [aws, "sts", "get-caller-identity", "--query", "Arn", "--output", "text"]
    assert say(caller, command) == "arn:aws:sts::123456789012:assumed-role/r/credhelper\n"
    assert (runs(caller), tokens.count) == (1, 1)


def javascript(folder: Path) -> list[str]:
    """Return the command of the SDK for JavaScript."""
    return npm.place(folder, "aws.mjs", "@aws-sdk/credential-provider-process@3.972.85")


def go(folder: Path) -> list[str]:
    """Return the command of the SDK for Go, which runs us by way of a shell."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    for name in ("aws.go", "go.mod", "go.sum"):
        shutil.copy(npm.HERE / name, folder)
    subprocess.run(
        ["go", "build", "-o", "caller", "."], cwd=folder, check=True, env=dict(os.environ)
    )
    return [str(folder / "caller")]


def java(folder: Path) -> list[str]:
    """Return the command of the SDK for Java."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    shutil.copy(npm.HERE / "pom.xml", folder)
    subprocess.run(
        ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=."],
        cwd=folder,
        check=True,
        env=dict(os.environ),
    )
    return ["java", "-cp", f"{folder}/*", str(npm.HERE / "Aws.java")]


@pytest.mark.toolchain
@pytest.mark.parametrize("place", [javascript, go, java], ids=lambda place: place.__name__)
def test_a_compiled_or_installed_sdk(
    caller: Box, tokens: TokenServer, place: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    """Each SDK has the key that the cache has, and the second run of it the same."""
    folder = tmp_path / "sdk"
    folder.mkdir()
    command = place(folder)
    assert {say(caller, command) for _ in range(2)} == {f"{keys(caller)['AccessKeyId']}\n"}
    assert (runs(caller), tokens.count) == (2, 1)


def test_the_keys_are_an_entry_of_their_own(caller: Box, tokens: TokenServer) -> None:
    """The token that bought them is kept, too, and `get` prints it, never the keys."""
    found = keys(caller)
    assert caller.run("get", "itwin").token() == "canary-token-1"
    assert tokens.count == 1
    assert caller.run("get", "--fresh", "itwin").token() == "canary-token-2"
    assert keys(caller) == found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"])
def test_another_endpoint_gets_other_keys(
    caller: Box, tokens: TokenServer, name: str, aws_address: str
) -> None:
    """Keys that one server made are not given out as those of another."""
    first = keys(caller)
    assert keys(caller) == first
    caller.environ[name] = f"{aws_address}/"
    assert keys(caller) != first
    assert tokens.count == 1


@pytest.mark.slow
def test_a_broken_aws_profile_does_not_matter(caller: Box) -> None:
    """Nothing of the AWS config is read: not a missing profile, not one that wants an MFA code."""
    config = caller.home / ".aws" / "config"
    config.write_text(f"[profile x]\nrole_arn = {ROLE}\nmfa_serial = m\nsource_profile = x\n")
    assert keys(caller)["AccessKeyId"]
    config.unlink()
    caller.environ["AWS_ENDPOINT_URL_STS"] = caller.environ["AWS_ENDPOINT_URL"]
    assert keys(caller)["AccessKeyId"]


def test_a_profile_without_a_role(box: Box, tokens: TokenServer) -> None:
    """The error names the key, and costs no request."""
    box.config(PROFILE.format(token_url=tokens.url))
    box.environ["ITWIN_CLIENT_SECRET"] = canary.CLIENT_SECRET
    line = box.run("as", "aws", "itwin").refused(78)
    assert line == "credhelper: config: profiles.itwin.sts.role_arn is missing; add it"
    assert tokens.count == 0


def test_the_sdk_tells_the_failure(caller: Box, tokens: TokenServer) -> None:
    """Its user reads our line, and no secret."""
    tokens.status, tokens.document = 401, {"error": "invalid_client"}
    done = subprocess.run(
        [sys.executable, "-c", BOTO3],
        env=caller.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "credhelper: denied: " in done.stderr
    assert "canary" not in done.stderr
