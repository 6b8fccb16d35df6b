"""Rows of AWS's troubles, moto's where it has them, and a scripted server's.

Further settings, roles and logins: `tests/unit/secrets/backends/test_aws.py`.
"""

import json
import os
import pty
import select
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.conftest import COMMAND, Box
from tests.support.broken_profiles import free_port
from tests.support.canary import leaks
from tests.support.outcomes import SLACK_S, failed, served
from tests.support.servers.aws import KEYS, REGION, Aws, Script
from tests.support.servers.counting import TokenServer
from tests.support.slots import plant

pytestmark = [pytest.mark.xdist_group("aws"), pytest.mark.slow]
Configure = Callable[..., None]
DETAIL = "arn:aws:kms:eu-west-1:123456789012:key/canary-page"
HUMAN = """[profile human]
role_arn = arn:aws:iam::123456789012:role/r
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/me
region = eu-west-1
[profile keys]
aws_access_key_id = a
aws_secret_access_key = b
"""


@pytest.fixture
def configure(box: Box, tokens: TokenServer) -> Configure:
    """Return the way to let the client secret live in AWS, at an address; with good keys."""

    def write(address: str, secret: str = "app", *, deadline: str = "8s", **table: str) -> None:
        box.environ |= {**KEYS, "AWS_EC2_METADATA_DISABLED": "true"}
        settings = {"endpoint_url": address, "region": REGION, **table}
        lines = "".join(f'{name} = "{value}"\n' for name, value in settings.items() if value)
        box.config(
            f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "x"\ndeadline = "{deadline}"\n'
            f'client_secret = "aws:{secret}"\n[profiles.p.aws]\n{lines}'
        )

    return write


def cells(box: Box, status: int, *words: str) -> None:
    """Check a row's cells; neither AWS's keys nor its details are shown."""
    served(box)
    line = failed(box, status, *words)
    assert not leaks(line.encode(), KEYS["AWS_SECRET_ACCESS_KEY"])
    for detail in ("kms", "123456789012"):
        assert detail not in line


@pytest.mark.parametrize(
    ("status", "code"), [(400, "ThrottlingException"), (500, "InternalServiceError")]
)
def test_trouble(
    box: Box, configure: Configure, aws_script: Script, status: int, code: str
) -> None:
    """Three tries, within our budget and not AWS's minutes."""
    aws_script.refuse(status, code, DETAIL)
    configure(aws_script.address)
    served(box)
    before = len(aws_script.requests)
    failed(box, 75, f"AWS answered {code} for the secret app in {REGION}")
    assert len(aws_script.requests) - before == 3


def test_an_endpoint_that_never_answers(box: Box, configure: Configure, black_hole: int) -> None:
    """Not AWS's 60 s, five times over: the profile's deadline ends it."""
    configure(f"http://127.0.0.1:{black_hole}", deadline="1s")
    del box.environ["PYTHONWARNINGS"]  # the alarm leaves a socket half open, which is worth one
    served(box, limit_s=1)
    started = time.monotonic()
    failed(box, 75, "profile p got no token within 1 s")
    assert time.monotonic() - started < 1 + SLACK_S


def test_an_endpoint_where_nobody_listens(box: Box, configure: Configure) -> None:
    """Temporary, as for any server."""
    configure(f"http://127.0.0.1:{free_port()}")
    cells(box, 75, "AWS did not answer for the secret app")


@pytest.mark.parametrize(
    "code",
    ["AccessDeniedException", "DecryptionFailure", "InvalidRequestException"],
)
def test_no_right(box: Box, configure: Configure, aws_script: Script, code: str) -> None:
    """Denied, asked for once, by AWS's word for it; its sentence names accounts and keys."""
    aws_script.refuse(400, code, DETAIL)
    configure(aws_script.address)
    cells(box, 77, f"AWS refuses the secret app in {REGION} ({code})")
    assert len(aws_script.requests) == 2


def test_scheduled_for_deletion(box: Box, configure: Configure, aws: Aws) -> None:
    """Denied, and the hint says what to look for."""
    name = aws.store("canary-secret-value")["Name"]
    aws.client("secretsmanager").delete_secret(SecretId=name, RecoveryWindowInDays=7)
    configure(aws.address, name)
    cells(box, 77, "InvalidRequestException", "scheduled for deletion")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "ResourceNotFoundException"),
        (b"\xff canary-secret-value", "is binary"),
        (json.dumps({"s": "canary-secret-value"}), "has no field field"),
        ("canary-secret-value", "is not JSON"),
    ],
    ids=["absent", "binary", "field", "text"],  # no secret in the name of a test's folder
)
def test_nothing_to_read(
    box: Box, configure: Configure, aws: Aws, value: str | bytes | None, words: str
) -> None:
    """Config: no such secret, a binary one, no such field, no JSON; nothing of it is quoted."""
    name = aws.store(value)["Name"] if value else "no/such"
    configure(aws.address, name if isinstance(value, bytes | None) else f"{name}#field")
    cells(box, 78, words)


def test_no_region(box: Box, configure: Configure, aws: Aws) -> None:
    """Config, and the hint says what to set."""
    configure(aws.address, region="")
    cells(box, 78, "no AWS region is set", "set region or AWS_REGION")


def test_no_credentials(box: Box, configure: Configure, aws: Aws) -> None:
    """Denied: a human must give some."""
    configure(aws.address)
    for name in KEYS:
        del box.environ[name]
    cells(box, 77, "there are no AWS credentials", "`aws configure`")


def test_an_instance_without_metadata(
    box: Box, configure: Configure, aws: Aws, black_hole: int
) -> None:
    """A metadata address that takes no connection costs less than 5 s, and not minutes."""
    configure(aws.address)
    for name in KEYS:
        del box.environ[name]
    box.environ["AWS_EC2_METADATA_DISABLED"] = "false"
    box.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = f"http://127.0.0.1:{black_hole}"
    served(box)
    started = time.monotonic()
    failed(box, 77, "there are no AWS credentials")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("planted", [True, False])
def test_a_human_is_never_asked(box: Box, configure: Configure, aws: Aws, *, planted: bool) -> None:
    """At a terminal neither: nothing is prompted for, and nobody is waited for."""
    configure(aws.address, profile="human")
    (box.home / ".aws").mkdir()
    (box.home / ".aws" / "config").write_text(HUMAN)
    if planted:
        plant(box, life_s=200, renew_in_s=-1)
    leader, terminal = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "-c", COMMAND, "get"], env=box.environ, text=True,
        stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    stdout, stderr = process.communicate(timeout=15)
    said, _to, _bad = select.select([leader], [], [], 0)
    os.close(terminal)
    os.close(leader)
    assert said == []
    if planted:
        assert (process.returncode, '"planted"' in stdout, stderr) == (0, True, "")
    else:
        assert (process.returncode, stdout) == (77, "")
        assert "the AWS profile human asks for an MFA code" in stderr
