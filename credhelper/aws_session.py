"""A boto3 session that never prompts, never hangs, and never calls us in a circle."""

import os

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)

from credhelper import url
from credhelper.errors import ConfigError, CredhelperError, DeniedError, TemporaryError

# boto3's own 60 s + 60 s, five times over, would outlast every caller.
CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3})
# aws-cli's export-credentials carries such a chain, too, and stops at the same depth.
CHAIN, CHAIN_LIMIT = "CREDHELPER_CHAIN", 4
_TEMPORARY = ("Throttl", "TooManyRequests", "InternalService", "InternalFailure", "Unavailable")
_DENIED = (
    *("AccessDenied", "DecryptionFailure", "InvalidRequest", "UnrecognizedClient", "Expired"),
    *("InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidSignature", "MissingAuthentication"),
)


def open_session(*, profile: str, region: str) -> boto3.Session:
    """Return a session of the AWS chain. Raises ConfigError, DeniedError."""
    _enter_chain()
    core = botocore.session.Session(profile=profile or None)
    try:
        _refuse_mfa(core, profile)
        return boto3.Session(botocore_session=core, region_name=region or None)
    except BotoCoreError as error:
        raise explain(error, what="the AWS session") from None


def _enter_chain() -> None:
    """Mark the environment: a `credential_process` of the AWS chain may be credhelper itself."""
    depth = os.environ.get(CHAIN, "")
    if len(depth) >= CHAIN_LIMIT:
        msg = "AWS's credential_process calls credhelper, which asks AWS again"
        raise ConfigError(msg, hint="give this profile AWS credentials of its own ([…aws] profile)")
    os.environ[CHAIN] = depth + "+"


def _refuse_mfa(core: botocore.session.Session, profile: str) -> None:
    """Raise DeniedError where botocore would ask a human for an MFA code."""
    if not profile and not os.environ.get("AWS_PROFILE") and os.environ.get("AWS_ACCESS_KEY_ID"):
        return
    profiles = core.full_config.get("profiles", {})
    name, seen = core.profile or "default", set()
    while name in profiles and name not in seen:
        if "mfa_serial" in profiles[name]:
            msg = f"the AWS profile {name} asks for an MFA code, and nobody is there to give it"
            raise DeniedError(msg, hint="use an AWS profile or role without mfa_serial")
        seen.add(name)
        name = profiles[name].get("source_profile", "")


def endpoint(address: str, *, key: str) -> str | None:
    """Return the checked `endpoint_url`, None for AWS's own; the environment's is checked, too."""
    for name in ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"):
        if os.environ.get(name):
            url.endpoint(os.environ[name], key=name)
    return url.endpoint(address, key=key) if address else None


def explain(error: Exception, *, what: str) -> CredhelperError:
    """Return our error for one of botocore's. Its text is dropped: it names accounts and keys."""
    if isinstance(error, ClientError):
        code = "".join(c for c in str(error.response.get("Error", {}).get("Code")) if c.isalnum())
        return _refusal(code, what)
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        hint = "give credentials by AWS_PROFILE, a role, or `aws configure`"
        return DeniedError(f"there are no AWS credentials for {what}", hint=hint)
    if isinstance(error, NoRegionError):
        return ConfigError(f"no AWS region is set for {what}", hint="set region or AWS_REGION")
    if isinstance(error, ProfileNotFound):
        return ConfigError(
            "the AWS profile does not exist", hint="see `aws configure list-profiles`"
        )
    if isinstance(error, SSLError):
        hint = "set `ca` in the profile's aws table"
        return ConfigError(f"the TLS certificate on the way to {what} is not trusted", hint=hint)
    if isinstance(error, (AwsConnectionError, HTTPClientError)):
        return TemporaryError(f"AWS did not answer for {what}", hint="try again later")
    kind = type(error).__name__
    return ConfigError(f"{what} cannot be read ({kind})", hint="check the profile's aws table")


def _refusal(code: str, what: str) -> CredhelperError:
    if any(word in code for word in _TEMPORARY):
        return TemporaryError(f"AWS answered {code} for {what}", hint="try again later")
    if code == "InvalidRequestException":
        msg = f"AWS refuses {what} ({code})"
        return DeniedError(msg, hint="see whether the secret is scheduled for deletion", code=code)
    if any(word in code for word in _DENIED):
        hint = "let this identity read the secret and use its KMS key, or renew its credentials"
        return DeniedError(f"AWS refuses {what} ({code})", hint=hint, code=code)
    hint = "check name, region and version"
    return ConfigError(f"AWS has no {what} ({code})", hint=hint, code=code)
