"""Secrets in AWS Secrets Manager: `aws:NAME_OR_ARN[#json.field]`."""

import dataclasses
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3

from credhelper import aws_session, url
from credhelper.errors import ConfigError, DeniedError

# With any of these changed, the same name can mean another secret.
VARIABLES = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ROLE_ARN"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_CONFIG_FILE"),
    "AWS_SHARED_CREDENTIALS_FILE",
)


@dataclass(frozen=True)
class Settings:
    """What differs from the AWS chain; `region` of an ARN goes first."""

    region: str = ""
    """where the secret is; default an ARN's, else the AWS chain's"""
    profile: str = ""
    """AWS profile whose keys are used; default the AWS chain's"""
    role_arn: str = ""
    """role to take on before reading; default none"""
    external_id: str = ""
    """what the role's trust policy may ask for; default none"""
    endpoint_url: str = ""
    """another endpoint than AWS's own; default the AWS chain's"""
    ca: str = ""
    """file or directory that replaces the system's roots; default the AWS chain's"""
    version_stage: str = ""
    """pins a stage; default `AWSCURRENT`"""
    version_id: str = ""
    """pins a version; default none"""


def read(path: str, field: str, settings: Settings) -> str:
    """Return the secret string, or its JSON field by dotted path; see `contracts.Backend`."""
    session = _session(path, settings)
    what = _what(path, session)
    answer = _answer(path, session, settings, _role(session, settings))
    if "SecretBinary" in answer:
        raise ConfigError(f"{what} is binary", hint="store the client secret as a string")
    text = answer.get("SecretString")
    if not isinstance(text, str):
        raise aws_session.not_aws(what)
    return _field(text, field, what) if field else text


def describe(path: str, field: str, settings: Settings) -> Iterator[str]:
    """Yield the caller's ARN, then version and age; see `contracts.Backend`.

    Both by requests that need no permission beyond `read`'s.
    """
    del field
    session = _session(path, settings)
    keys = _role(session, settings)
    yield f"{_caller(session, settings, keys)} in {session.region_name}"
    answer = _answer(path, session, settings, keys)
    stages, created = (
        ", ".join(map(str, answer.get("VersionStages", []))),
        answer.get("CreatedDate"),
    )
    version = f"version {str(answer.get('VersionId'))[:8]} ({stages})"
    yield f"{version}, created {created:%Y-%m-%d}" if created else version


def _caller(session: boto3.Session, settings: Settings, keys: dict[str, str]) -> str:
    """Return our ARN. Raises DeniedError; any other trouble of STS keeps nobody from the secret."""
    try:
        return str(_client(session, "sts", settings, keys).get_caller_identity()["Arn"])
    except aws_session.ERRORS as error:
        refused = aws_session.explain(error, what="GetCallerIdentity")
        if isinstance(refused, DeniedError):
            raise refused from None
        return f"unknown, for STS does not tell ({refused.problem})"


def _session(path: str, settings: Settings) -> boto3.Session:
    """Return a session in the region of an ARN, else of the settings, else of the AWS chain."""
    parts = path.split(":")
    region = parts[3] if path.startswith("arn:") and len(parts) > 3 else settings.region
    return aws_session.open_session(profile=settings.profile, region=region)


def _what(path: str, session: boto3.Session) -> str:
    return f"the secret {path}" + (f" in {session.region_name}" if session.region_name else "")


def _answer(
    path: str, session: boto3.Session, settings: Settings, keys: dict[str, str]
) -> dict[str, Any]:
    """Return AWS's answer. Raises CredhelperError."""
    try:
        client = _client(session, "secretsmanager", settings, keys)
        return dict(client.get_secret_value(SecretId=path, **_version(settings)))
    except aws_session.ERRORS as error:
        raise aws_session.explain(error, what=_what(path, session)) from None


def read_previous(path: str, field: str, settings: Settings) -> str:
    """Return the AWSPREVIOUS version, "" if there is none or the profile pins a version."""
    if settings.version_stage or settings.version_id:
        return ""
    try:
        return read(path, field, dataclasses.replace(settings, version_stage="AWSPREVIOUS"))
    except ConfigError:
        return ""  # a secret that was never rotated has no such version


def _client(session: boto3.Session, service: str, settings: Settings, keys: dict[str, str]) -> Any:  # noqa: ANN401 - boto3 makes its client classes at run time
    if settings.ca and not os.path.exists(settings.ca):
        raise ConfigError("aws.ca names nothing", hint="give a PEM file or a hashed directory")
    client = session.client(
        service,
        endpoint_url=aws_session.endpoint(settings.endpoint_url, key="aws.endpoint_url"),
        verify=settings.ca or None,
        config=aws_session.CONFIG,
        **keys,
    )
    # AWS's config file may name an endpoint, too; making a client has sent nothing there yet.
    url.endpoint(client.meta.endpoint_url, key=f"AWS's endpoint_url for {service}")
    return client


def _role(session: boto3.Session, settings: Settings) -> dict[str, str]:
    """Return the keys of `role_arn` as client arguments; {} to use the session's own."""
    if not settings.role_arn:
        return {}
    request = {
        "RoleArn": settings.role_arn,
        "RoleSessionName": f"credhelper-{uuid.uuid4().hex[:8]}",
    }
    if settings.external_id:
        request["ExternalId"] = settings.external_id
    try:
        keys = _client(session, "sts", settings, {}).assume_role(**request)["Credentials"]
        return {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }
    except aws_session.ERRORS as error:
        raise aws_session.explain(error, what=f"the role {settings.role_arn}") from None


def _version(settings: Settings) -> dict[str, str]:
    wanted = {"VersionStage": settings.version_stage, "VersionId": settings.version_id}
    return {name: value for name, value in wanted.items() if value}


def _field(text: str, field: str, what: str) -> str:
    """Return one string of the secret's JSON. The JSON itself is never quoted."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        hint = f"remove #{field} from the reference, or store JSON"
        raise ConfigError(f"{what} is not JSON", hint=hint) from None
    # A key that holds dots itself goes before a path of keys.
    for key in [field] if isinstance(value, dict) and field in value else field.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str):
        raise ConfigError(f"{what} has no string at {field}", hint="check the field's name")
    return value
