"""A boto3 session that never prompts, never hangs, and never calls us in a circle."""

import hashlib
import os
import uuid
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ProfileNotFound

from credhelper import cache
from credhelper.errors import ConfigError, CredhelperError, DeniedError
from credhelper.secrets import aws_chain, aws_errors, aws_process, aws_wire
from credhelper.system import characters, redaction

# boto3's own 60 s + 60 s, five times over, would outlast every caller.
CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3})
# aws-cli's export-credentials carries such a chain, too, and stops at the same depth.
CHAIN_LIMIT = 4
# These two replace parts of botocore when they are imported.
GUARDS = (aws_wire.send, aws_process.provider)
_WORDS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ROLE_ARN")


def open_session(*, profile: str, region: str, key: str = "profile") -> boto3.Session:
    """Return a session of the AWS chain that has its credentials; `key` is that of `profile`.

    Raises CredhelperError.
    """
    tidy_environment()
    core = botocore.session.Session(profile=profile or None)
    core.set_default_client_config(CONFIG)  # for the clients that the chain makes
    try:
        name = core.profile or "default"
        # botocore takes keys of the environment before AWS_PROFILE, but after a `profile` given.
        if profile or not os.environ.get("AWS_ACCESS_KEY_ID"):
            _refuse_mfa(core, name)
            _refuse_circle(name)
        _enter_chain(name)
        # AWS_REGION is known to every AWS SDK but boto3, which reads AWS_DEFAULT_REGION alone.
        region = region or os.environ.get("AWS_REGION", "")
        session = boto3.Session(botocore_session=core, region_name=region or None)
    except ProfileNotFound as error:
        raise _no_profile(error, key if profile else "") from None
    except BotoCoreError as error:
        raise aws_errors.explain(error, what="the AWS session") from None
    aws_chain.resolve(core, name)
    return session


def roots(path: str, *, key: str) -> str:
    """Return the path of roots that a key names, "" for AWS's own. Raises ConfigError."""
    if path and not os.path.exists(path):
        msg = f"{key}: there is no file or folder {path}"
        raise ConfigError(msg, hint="give a PEM file or a folder of them")
    return path


def client(session: boto3.Session, service: str, *, endpoint_url: str, ca: str, **keys: str) -> Any:  # noqa: ANN401 - boto3 makes its client classes at run time
    """Return a client of a service; `endpoint_url` and `ca` may be "" for AWS's own."""
    return session.client(
        service, endpoint_url=endpoint_url or None, verify=ca or None, config=CONFIG, **keys
    )


def assume(sts: Any, role_arn: str, *, external_id: str) -> ReadOnlyCredentials:  # noqa: ANN401 - as `client`
    """Return the keys of a role. Raises `aws_errors.ERRORS`."""
    request = {"RoleArn": role_arn, "RoleSessionName": f"credhelper-{uuid.uuid4().hex[:8]}"}
    if external_id:
        request["ExternalId"] = external_id
    given = sts.assume_role(**request)["Credentials"]
    return ReadOnlyCredentials(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
    )


def tidy_environment() -> None:
    """Unset AWS's empty variables: to botocore they are names. Raises ConfigError for broken ones.

    Raises ConfigError, too, for a file of certificates that is not there.
    """
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        if not os.environ[name].strip():
            del os.environ[name]
    for name in _WORDS:
        if fault := characters.fault(os.environ.get(name, "")):
            raise ConfigError(f"{name} {fault}", hint="set it again, without anything around it")
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        if not os.path.exists(os.environ.get(name, "/")):
            hint = "correct or unset it: other roots are never used instead"
            raise ConfigError(f"{name} names no file or folder that is there", hint=hint)


def _enter_chain(profile: str) -> None:
    """Mark the environment: a `credential_process` of the AWS chain may be credhelper itself.

    By process number, since one process may read several times: once more after a rotation.
    """
    others = _others()
    if len(others) >= CHAIN_LIMIT - 1:
        raise ConfigError(aws_process.CIRCLE, hint=aws_process.CIRCLE_HINT)
    os.environ[cache.CHAIN] = " ".join([*others, f"{os.getpid()}:{_digest(profile)}"])
    for name in ("VAULT_TOKEN", "BAO_TOKEN"):
        os.environ.pop(name, None)  # not theirs to inherit


def _refuse_circle(profile: str) -> None:
    """Raise ConfigError where a process that waits for us uses the same AWS profile."""
    if any(each.endswith(f":{_digest(profile)}") for each in _others()):
        raise ConfigError(aws_process.CIRCLE, hint=aws_process.CIRCLE_HINT)


def _others() -> list[str]:
    marks = os.environ.get(cache.CHAIN, "").split()
    return [each for each in marks if each.partition(":")[0] != str(os.getpid())]


def _digest(profile: str) -> str:
    """Return a mark of an AWS profile and of the files that it is read from."""
    names = ("HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
    decisive = repr((profile, *map(os.environ.get, names)))
    return hashlib.sha256(decisive.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _refuse_mfa(core: botocore.session.Session, name: str) -> None:
    """Raise DeniedError where botocore would ask a human for an MFA code."""
    profiles = core.full_config.get("profiles", {})
    seen: set[str] = set()
    while name in profiles and name not in seen:
        # Without role_arn the serial is a note for other tools: botocore never asks for the code.
        if {"mfa_serial", "role_arn"} <= profiles[name].keys():
            msg = f"the AWS profile {name} asks for an MFA code, and nobody is there to give it"
            raise DeniedError(msg, hint="use an AWS profile or role without mfa_serial")
        seen.add(name)
        name = profiles[name].get("source_profile", "")


def _no_profile(error: ProfileNotFound, key: str) -> CredhelperError:
    name = redaction.name(error.kwargs.get("profile"))
    variable = "AWS_PROFILE" if "AWS_PROFILE" in os.environ else "AWS_DEFAULT_PROFILE"
    msg = f"the AWS profile {name} that {key or variable} names does not exist"
    msg += aws_errors.missing_file()
    return ConfigError(msg, hint="see `aws configure list-profiles`")
