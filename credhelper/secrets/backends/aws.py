"""Secrets in AWS Secrets Manager: `aws:NAME_OR_ARN[?version=V][#FIELD]`."""

import dataclasses
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3

from credhelper.errors import ConfigError, DeniedError
from credhelper.secrets import aws_chain, aws_errors, aws_session
from credhelper.secrets.backend import READ_UNSEEN
from credhelper.secrets.field import of_text, wanted
from credhelper.system import redaction, url

# With any of these changed, the same name can mean another secret.
VARIABLES = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ROLE_ARN"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_CONFIG_FILE"),
    "AWS_SHARED_CREDENTIALS_FILE",
)
# What AWS makes; a stage of one's own may have any other name.
_VERSION_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ARN = re.compile(r"arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:[A-Za-z0-9_+=,.@/-]{1,256}")


@dataclass(frozen=True)
class Settings:
    """What differs from the AWS chain; `region` of an ARN goes first. `key` is the table's own."""

    key: str = field(default="aws", metadata={"is_key": True})
    region: str = ""
    """where the secret is; default an ARN's, else the AWS chain's"""
    profile: str = ""
    """AWS profile whose keys are used; default the AWS chain's"""
    role_arn: str = ""
    """role to take on before reading; default none"""
    external_id: str = ""
    """what the role's trust policy may ask for; default none"""
    endpoint_url: str = ""
    """another endpoint of Secrets Manager than AWS's own; default the AWS chain's"""
    sts_endpoint_url: str = ""
    """another endpoint of STS, for `role_arn`; default the AWS chain's"""
    ca: str = ""
    """file or directory that replaces the system's roots; default the AWS chain's"""
    version_stage: str = ""
    """pins a stage; default `AWSCURRENT`"""
    version_id: str = ""
    """pins a version, as `?version=` of the reference does; default none"""


def read(path: str, field: str, settings: Settings) -> str:
    """Return the secret string, or its JSON field; see `backend.Backend`."""
    path, field, settings = _parsed(path, field, settings)
    session = _session(path, settings)
    what = _what(path, session)
    answer = _answer(path, session, settings, _role(session, settings))
    return of_text(_text(answer, what), field, what=what)


def describe(path: str, field: str, settings: Settings) -> Iterator[str]:
    """Return the caller's ARN, then version and age; see `backend.Backend`.

    Both by requests that need no permission beyond `read`'s.
    """
    path, _field, settings = _parsed(path, field, settings)
    return _told(path, settings)


def _told(path: str, settings: Settings) -> Iterator[str]:
    session = _session(path, settings)
    keys = _role(session, settings)
    yield f"{_caller(session, settings, keys)} in {session.region_name}"
    answer = _answer(path, session, settings, keys)
    named = redaction.names(answer.get("VersionStages")) or "no stage"
    id_ = redaction.name(str(answer.get("VersionId"))[:8]) or "unknown"
    version = f"version {id_} ({named})"
    created = answer.get("CreatedDate")
    date = redaction.moment(f"{created:%Y-%m-%d}") if created else ""
    yield f"{version}, created {date}" if date else version


def _parsed(path: str, field: str, settings: Settings) -> tuple[str, str, Settings]:
    """Return path and field, and the settings with the version that the reference pins."""
    parts = wanted(path, field)
    if not parts.version:
        return path, field, settings
    is_id = bool(_VERSION_ID.fullmatch(parts.version))
    id_, stage = (parts.version, "") if is_id else ("", parts.version)
    pinned = dataclasses.replace(settings, version_id=id_, version_stage=stage)
    return parts.path, parts.field, pinned


def _text(answer: dict[str, Any], what: str) -> str:
    """Return the secret as text. Raises ConfigError for bytes that are none."""
    text = answer.get("SecretString")
    if text is None and isinstance(answer.get("SecretBinary"), bytes):
        try:
            text = answer["SecretBinary"].decode()
        except UnicodeDecodeError:
            hint = "store the client secret as a string"
            raise ConfigError(f"{what} is binary", hint=hint) from None
    if not isinstance(text, str):
        raise aws_errors.not_aws(what)
    return text


def _caller(session: boto3.Session, settings: Settings, keys: dict[str, str]) -> str:
    """Return our ARN. Raises DeniedError; any other trouble of STS keeps nobody from the secret."""
    try:
        arn = _client(session, "sts", settings, keys).get_caller_identity()["Arn"]
        # Its parts are public, and each is a name or a number.
        parts = re.split("[:/@+=,]", arn) if _ARN.fullmatch(arn) else []
        is_plain = bool(parts) and all(redaction.name(each) == each for each in parts)
        return redaction.sentence(arn, limit=400) * is_plain or "unknown"
    except aws_errors.ERRORS as error:
        refused = aws_errors.explain(error, what="GetCallerIdentity")
        if isinstance(refused, DeniedError):
            raise refused from None
        return f"unknown, for STS does not tell ({refused.problem})"


def _session(path: str, settings: Settings) -> boto3.Session:
    """Return a session in the region of an ARN, else of the settings, else of the AWS chain."""
    parts = path.split(":")
    region = parts[3] if path.startswith("arn:") and len(parts) > 3 else settings.region
    return aws_session.open_session(
        profile=settings.profile, region=region, key=f"{settings.key}.profile"
    )


def _what(path: str, session: boto3.Session) -> str:
    return f"the secret {path}" + (f" in {session.region_name}" if session.region_name else "")


def _answer(
    path: str, session: boto3.Session, settings: Settings, keys: dict[str, str]
) -> dict[str, Any]:
    """Return AWS's answer. Raises CredhelperError."""
    try:
        client = _client(session, "secretsmanager", settings, keys)
        return dict(client.get_secret_value(SecretId=path, **_version(settings)))
    except aws_errors.ERRORS as error:
        raise aws_errors.explain(error, what=_what(path, session)) from None


def read_previous(path: str, field: str, settings: Settings) -> str:
    """Return the AWSPREVIOUS version, "" if there is none or the profile pins a version."""
    path, field, settings = _parsed(path, field, settings)
    if settings.version_stage or settings.version_id:
        return ""
    try:
        return read(path, field, dataclasses.replace(settings, version_stage="AWSPREVIOUS"))
    except ConfigError:
        return ""  # a secret that was never rotated has no such version


def _client(session: boto3.Session, service: str, settings: Settings, keys: dict[str, str]) -> Any:  # noqa: ANN401 - boto3 makes its client classes at run time
    # A request to STS is never Secrets Manager's to answer.
    key = "sts_endpoint_url" if service == "sts" else "endpoint_url"
    address = getattr(settings, key)
    endpoint_url = url.endpoint(address, key=f"{settings.key}.{key}") if address else ""
    ca = aws_session.roots(settings.ca, key=f"{settings.key}.ca")
    return aws_session.client(session, service, endpoint_url=endpoint_url, ca=ca, **keys)


def _role(session: boto3.Session, settings: Settings) -> dict[str, str]:
    """Return the keys of `role_arn` as client arguments; {} to use the session's own."""
    if not settings.role_arn:
        return {}
    try:
        client = _client(session, "sts", settings, {})
        keys = aws_session.assume(client, settings.role_arn, external_id=settings.external_id)
    except aws_errors.ERRORS as error:
        raise aws_errors.explain(error, what=f"the role {settings.role_arn}") from None
    aws_chain.check(keys, method="role_arn")
    return {
        "aws_access_key_id": keys.access_key,
        "aws_secret_access_key": keys.secret_key,
        "aws_session_token": keys.token,
    }


def _version(settings: Settings) -> dict[str, str]:
    wanted = {"VersionStage": settings.version_stage, "VersionId": settings.version_id}
    return {name: value for name, value in wanted.items() if value}


def store_hint(path: str, field: str) -> str:
    """Return the words for a new secret, or, at an ARN, for one that is there.

    https://docs.aws.amazon.com/cli/latest/reference/secretsmanager/create-secret.html
    """
    what = "put-secret-value --secret-id" if path.startswith("arn:") else "create-secret --name"
    words = f"aws secretsmanager {what} {shlex.quote(path)} --secret-string file:///dev/stdin"
    document: object = "…"
    for name in reversed(field.split(".")) if field else ():
        document = {name: document}
    form = f" as {json.dumps(document, ensure_ascii=False)}" if field else ""
    return f"Store the client secret{form}; this reads it unseen:\n  ({READ_UNSEEN} | {words})"
