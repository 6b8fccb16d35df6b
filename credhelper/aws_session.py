"""A boto3 session that never prompts, never hangs, and never calls us in a circle."""

import os

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    MetadataRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)
from botocore.parsers import ResponseParserError

from credhelper import cache, url
from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)

# boto3's own 60 s + 60 s, five times over, would outlast every caller.
CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3})
# aws-cli's export-credentials carries such a chain, too, and stops at the same depth.
CHAIN_LIMIT = 4
# The AWS chain is there, but gave nothing: a failed process, an ended SSO login, a mute container.
_NO_CREDENTIALS = (
    *(NoCredentialsError, PartialCredentialsError, CredentialRetrievalError),
    *(MetadataRetrievalError, SSOError, TokenRetrievalError),
)
# botocore reads a success without a doubt: what is not AWS's makes it stumble in these ways.
_NOT_AWS = (ResponseParserError, AttributeError, KeyError, TypeError, ValueError, RuntimeError)
ERRORS = (BotoCoreError, ClientError, *_NOT_AWS)
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
        # AWS_REGION is known to every AWS SDK but boto3, which reads AWS_DEFAULT_REGION alone.
        region = region or os.environ.get("AWS_REGION", "")
        return boto3.Session(botocore_session=core, region_name=region or None)
    except BotoCoreError as error:
        raise explain(error, what="the AWS session") from None


def _enter_chain() -> None:
    """Mark the environment: a `credential_process` of the AWS chain may be credhelper itself.

    By process number, since one process may read several times: once more after a rotation.
    """
    chain, own = os.environ.get(cache.CHAIN, "").split(), str(os.getpid())
    if own in chain:
        return
    if len(chain) >= CHAIN_LIMIT:
        msg = "AWS's credential_process calls credhelper, which asks AWS again"
        raise ConfigError(msg, hint="give this profile AWS credentials of its own ([…aws] profile)")
    os.environ[cache.CHAIN] = " ".join([*chain, own])
    for name in ("VAULT_TOKEN", "BAO_TOKEN"):
        os.environ.pop(name, None)  # not theirs to inherit


def _refuse_mfa(core: botocore.session.Session, profile: str) -> None:
    """Raise DeniedError where botocore would ask a human for an MFA code."""
    # botocore takes the keys of the environment before AWS_PROFILE, but after a `profile` given.
    if not profile and os.environ.get("AWS_ACCESS_KEY_ID"):
        return
    profiles = core.full_config.get("profiles", {})
    name, seen = core.profile or "default", set()
    while name in profiles and name not in seen:
        # Without role_arn the serial is a note for other tools: botocore never asks for the code.
        if {"mfa_serial", "role_arn"} <= profiles[name].keys():
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


def code_of(error: ClientError) -> str:
    """Return AWS's word for an error; `unknown` for what is no plain word: it may hold anything."""
    code = str(error.response.get("Error", {}).get("Code"))
    return code if code.isascii() and code.isalnum() and len(code) <= 64 else "unknown"


def explain(error: Exception, *, what: str) -> CredhelperError:
    """Return our error for one of botocore's. Its text is dropped: it names accounts and keys."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return _refusal(code_of(error), what, status=status)
    if isinstance(error, _NO_CREDENTIALS):
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
    if isinstance(error, _NOT_AWS) and not isinstance(error, BotoCoreError):
        return not_aws(what)
    kind = type(error).__name__
    return ConfigError(f"{what} cannot be read ({kind})", hint="check the profile's aws table")


def not_aws(what: str) -> ProtocolError:
    """Return the error for an answer that is none of AWS's."""
    hint = "check the endpoint; a captive portal or a proxy may have answered"
    return ProtocolError(f"the answer for {what} is not AWS's", hint=hint)


def _refusal(code: str, what: str, *, status: int) -> CredhelperError:
    # A load balancer on the way answers in HTML: then the status is all there is.
    if any(word in code for word in _TEMPORARY) or status >= 500 or status == 429:
        return TemporaryError(f"AWS answered {code} for {what}", hint="try again later")
    if code == "InvalidRequestException":
        msg = f"AWS refuses {what} ({code})"
        return DeniedError(msg, hint="see whether the secret is scheduled for deletion", code=code)
    if any(word in code for word in _DENIED) or code in ("401", "403"):
        hint = "let this identity read the secret and use its KMS key, or renew its credentials"
        return DeniedError(f"AWS refuses {what} ({code})", hint=hint, code=code)
    hint = "check name, region and version"
    return ConfigError(f"AWS cannot find {what} ({code})", hint=hint, code=code)
