"""AWS keys for a token: what STS is asked, what its answers mean, how long the keys are kept."""

import html
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.oauth.grants import aws_sts
from credhelper.renewal import fetch
from credhelper.system import redaction
from credhelper.token import Token
from tests.support.servers.aws import Script

ROLE = "arn:aws:iam::123456789012:role/team/r"
TOKEN = Token("canary-token-1", token_type="Bearer", expires_at=2_000_000_000, scope="")
NAMESPACE = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
KEYS = f"""<AssumeRoleWithWebIdentityResponse {NAMESPACE}><AssumeRoleWithWebIdentityResult>
<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>a/b+c</SecretAccessKey>
<SessionToken>d/e+f==</SessionToken><Expiration>2030-01-02T03:04:05.678Z</Expiration></Credentials>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/credhelper</Arn></AssumedRoleUser>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""
ERROR = f"<ErrorResponse {NAMESPACE}><Error><Code>%s</Code><Message>canary</Message></Error>"


def profile(**table: object) -> Profile:
    """Return a profile with that `sts` table."""
    reference = SecretRef("env", "S")
    return Profile("p", "c", reference, token_url="https://login.example.com", sts=table)


def refused(script: Script, status: int, body: str) -> CredhelperError:
    """Return the error for an answer of STS."""
    script.answers = [(status, body)]
    with pytest.raises(CredhelperError) as caught:
        aws_sts.assume(profile(role_arn=ROLE), TOKEN)
    assert "canary" not in caught.value.line()
    return caught.value


def test_the_keys_are_packed(aws_script: Script) -> None:
    """The four parts in one token, and the expiry that STS has told."""
    aws_script.answers = [(200, KEYS)]
    keys = aws_sts.assume(profile(role_arn=ROLE), TOKEN)
    assert keys.access_token == "ASIAEXAMPLE~a/b+c~d/e+f==~123456789012"
    assert keys.expires_at == datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
    assert "a/b+c" not in repr(keys)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("AccessKeyId", 'A","X":"'),
        ("SecretAccessKey", "a~b"),
        ("SessionToken", "d e"),
        ("SecretAccessKey", "\\"),
        ("AccessKeyId", f"A{TOKEN.access_token[:9]}"),
        ("SessionToken", TOKEN.access_token[::-1]),
    ],
)
def test_keys_that_are_none(
    aws_script: Script, monkeypatch: pytest.MonkeyPatch, name: str, part: str
) -> None:
    """Neither what would forge an answer of ours nor what holds a secret is handed on."""
    monkeypatch.setattr(redaction, "_secrets", {TOKEN.access_token})
    body = re.sub(f"<{name}>[^<]*", lambda _found: f"<{name}>{html.escape(part)}", KEYS)
    assert isinstance(refused(aws_script, 200, body), ProtocolError)


@pytest.mark.parametrize(
    ("table", "duration", "name"),
    [({}, "3600", "credhelper"), ({"duration": "15m", "session_name": "me@x"}, "900", "me@x")],
)
def test_the_request_is_unsigned(
    aws_script: Script, table: dict[str, object], duration: str, name: str
) -> None:
    """It has the settings and the token, and no trace of the AWS keys that lie about."""
    aws_script.answers = [(200, KEYS)]
    aws_sts.assume(profile(role_arn=ROLE, **table), TOKEN)
    ((headers, body),) = aws_script.requests
    assert "Authorization" not in headers
    form = {key: values[0] for key, values in parse_qs(body).items()}
    assert form["Action"] == "AssumeRoleWithWebIdentity"
    assert (form["RoleArn"], form["RoleSessionName"]) == (ROLE, name)
    assert (form["WebIdentityToken"], form["DurationSeconds"]) == ("canary-token-1", duration)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({}, "role_arn is missing"),
        ({"role_arn": ROLE, "role": "x"}, "role is not a key"),
        ({"role_arn": "r"}, "role_arn is not"),
        ({"role_arn": "arn:aws:iam::1:role/r"}, "role_arn is not"),
        ({"role_arn": "arn:aws:iam::123456789012:user/r"}, "role_arn is not"),
        ({"role_arn": f"{ROLE} x"}, "role_arn is not"),
        ({"role_arn": ROLE, "duration": "899s"}, "duration is out of range"),
        ({"role_arn": ROLE, "duration": "43201s"}, "duration is out of range"),
        ({"role_arn": ROLE, "duration": "long"}, "duration is not a duration"),
        ({"role_arn": ROLE, "session_name": "x"}, "session_name is not"),
        ({"role_arn": ROLE, "session_name": "x" * 65}, "session_name is not"),
        ({"role_arn": ROLE, "session_name": "a b"}, "session_name is not"),
    ],
)
def test_a_mistake_names_its_key(table: dict[str, object], key: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigError, match=rf"profiles\.p\.sts\.{key}"):
        aws_sts.settings(profile(**table))


def test_the_limits_of_the_duration() -> None:
    """15 minutes and 12 hours are the ends that STS has."""
    for text, seconds in (("900s", 900), ("15m", 900), ("12h", 43200)):
        assert aws_sts.settings(profile(role_arn=ROLE, duration=text)).duration == seconds


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "code", "kind", "word"),
    [
        (403, "AccessDenied", DeniedError, "trust policy"),
        (400, "InvalidIdentityToken", DeniedError, "trust policy"),
        (403, "IDPRejectedClaim", DeniedError, "trust policy"),
        (400, "ExpiredTokenException", DeniedError, "trust policy"),
        (400, "IDPCommunicationError", TemporaryError, "later"),
        (400, "Throttling", TemporaryError, "later"),
        (503, "ServiceUnavailable", TemporaryError, "later"),
        (400, "ValidationError", ConfigError, "duration"),
        (403, "RegionDisabledException", ConfigError, "region"),
    ],
)
def test_a_refusal_says_what_to_do(
    aws_script: Script, status: int, code: str, kind: type[CredhelperError], word: str
) -> None:
    """Each of AWS's codes is somebody's to act on; its text is not shown."""
    error = refused(aws_script, status, ERROR % code + "</ErrorResponse>")
    assert type(error) is kind
    assert word in error.hint


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "<html/>",
        KEYS.replace("a/b+c", ""),
        KEYS.replace("a/b+c", "a~b"),
        KEYS.replace("d/e+f==", 'd"e'),
        KEYS.replace("2030-01-02T03:04:05.678Z", "soon"),
    ],
)
def test_an_answer_that_is_not_awss(aws_script: Script, body: str) -> None:
    """Keys of another shape are none: they could break out of the JSON that a caller reads."""
    assert isinstance(refused(aws_script, 200, body), ProtocolError)


def test_only_https_gets_the_token(clean_environ: Callable[[str, str], None]) -> None:
    """An endpoint of the environment is checked before the token goes there."""
    clean_environ("AWS_ENDPOINT_URL_STS", "http://sts.example.com")
    with pytest.raises(ConfigError, match="AWS_ENDPOINT_URL_STS"):
        aws_sts.assume(profile(role_arn=ROLE), TOKEN)


@pytest.mark.parametrize(
    ("arn", "table", "environ", "region"),
    [
        (ROLE, {}, {}, "us-east-1"),
        (ROLE.replace("aws", "aws-cn"), {}, {}, "cn-north-1"),
        (ROLE.replace("aws", "aws-us-gov"), {}, {}, "us-gov-west-1"),
        (ROLE.replace("aws", "aws-eusc"), {}, {}, "eusc-de-east-1"),
        (ROLE.replace("aws", "aws-iso-b"), {}, {}, "us-isob-east-1"),
        (ROLE, {}, {"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        (ROLE, {}, {"AWS_DEFAULT_REGION": "a", "AWS_REGION": "eu-west-1"}, "eu-west-1"),
        (ROLE, {"region": "eu-north-1"}, {"AWS_REGION": "eu-west-1"}, "eu-north-1"),
    ],
)
def test_the_region(
    clean_environ: Callable[[str, str], None],
    arn: str,
    table: dict[str, str],
    environ: dict[str, str],
    region: str,
) -> None:
    """The table's, else the environment's, else one of the partition that the role is in."""
    for name, value in environ.items():
        clean_environ(name, value)
    assert aws_sts.region(aws_sts.settings(profile(role_arn=arn, **table))) == region


@pytest.mark.parametrize(
    ("life_s", "early_s"), [(43200, 900), (7200, 900), (3600, 900), (1800, 450), (900, 225)]
)
def test_keys_are_renewed_before_an_sdk_asks(life_s: int, early_s: int) -> None:
    """At 15 minutes before the expiry, as botocore does; short ones have three quarters of it."""
    keys = Token("a~b~c~d", token_type="Bearer", expires_at=int(time.time()) + life_s, scope="")
    at = fetch.renew_at(profile(), keys, soft_s=aws_sts.SOFT_S, share=aws_sts.SOFT_SHARE)
    assert keys.expires_at - at == pytest.approx(early_s, abs=2)
