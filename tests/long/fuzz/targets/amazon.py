"""What AWS answers: Secrets Manager in JSON, STS in XML. Its clients are real, and made once."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import boto3
import botocore.session

from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import CredhelperError
from credhelper.oauth.grants import aws_sts
from credhelper.secrets import aws_session
from credhelper.secrets.backends import aws
from credhelper.token import Token
from tests.long.fuzz import checks, isolated

ROLE = "arn:aws:iam::123456789012:role/r"


@functools.cache
def _session() -> boto3.Session:
    return boto3.Session("AKIAEXAMPLE", "unused", region_name="eu-west-1")


@functools.cache
def _client(service: str) -> Any:  # noqa: ANN401 - boto3 makes its client classes at run time
    with isolated.around({"HOME": "/nowhere"}):
        return _session().client(service, endpoint_url=isolated.ADDRESS, config=aws_session.CONFIG)


def _answers(data: bytes, hidden: str) -> list[bytes]:
    data = data.replace(b"{secret}", hidden.encode())
    return [isolated.http(each) for each in data.split(b"\x1e")]


@contextmanager
def made_once() -> Iterator[None]:
    """Let the backend use one session and its clients, whose making takes longest."""
    for service in ("secretsmanager", "sts"):
        _client(service)
    with (
        mock.patch.object(aws, "_session", return_value=_session()),
        mock.patch.object(aws, "_client", lambda _session, service, *_rest: _client(service)),
    ):
        yield


def fuzz_secrets_manager(data: bytes) -> None:
    """Read a secret, its field, and what `check` tells of it."""
    hidden = checks.canary(data, "field")
    for read in (_read_field, _describe):
        with made_once(), isolated.around({"HOME": "/nowhere"}, answers=_answers(data, hidden)):
            try:
                read()
            except CredhelperError as error:
                checks.check(error, hidden)


def _read_field() -> None:
    assert isinstance(aws.read("name", "a.b", aws.Settings()), str)


def _describe() -> None:
    assert all(isinstance(text, str) for text in aws.describe("name", "", aws.Settings()))


def fuzz_sts(data: bytes) -> None:
    """Read keys for a token: those of AWS's shape, with their own end, or an error."""
    hidden, token = checks.canary(data, "key"), checks.canary(data, "token")
    profile = Profile(
        name="p", client_id="app", client_secret=SecretRef("env", "X"), sts={"role_arn": ROLE}
    )
    client = _client("sts")
    session = mock.Mock(spec=botocore.session.Session)
    session.create_client.return_value = client
    with (
        mock.patch.object(botocore.session, "Session", return_value=session),
        isolated.around({"HOME": "/nowhere"}, answers=_answers(data, hidden)),
    ):
        try:
            keys = aws_sts.assume(
                profile, Token(token, token_type="Bearer", expires_at=2**31, scope="")
            )
        except CredhelperError as error:
            checks.check(error, hidden, token)
            return
    assert len(keys.access_token.split("~")) == 4
    assert keys.access_token not in repr(keys)
    keys.expiration()
