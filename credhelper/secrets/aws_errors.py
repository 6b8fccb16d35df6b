"""AWS's failures as errors of ours: botocore's exceptions, AWS's codes.

The text of either is dropped: it names accounts and keys.
"""

import email.utils
import os
import time

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    MetadataRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSLError,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)
from botocore.parsers import ResponseParserError

from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.secrets import aws_unreached
from credhelper.system import redaction

# What botocore raises for a successful answer that is not AWS's.
NOT_AWS = (ResponseParserError, AttributeError, KeyError, TypeError, ValueError, RuntimeError)
ERRORS = (BotoCoreError, ClientError, *NOT_AWS)
# The chain is there, but gave nothing.
_NO_CREDENTIALS = (
    *(NoCredentialsError, PartialCredentialsError, CredentialRetrievalError),
    MetadataRetrievalError,
)
_TEMPORARY = (
    *("Throttl", "TooManyRequests", "InternalService", "InternalFailure", "InternalError"),
    *("Unavailable", "RequestTimeout", "LimitExceeded", "ThroughputExceeded", "SlowDown"),
    *("InProgress", "NotComplete"),
)
_DENIED = (
    *("AccessDenied", "DecryptionFailure", "InvalidRequest", "UnrecognizedClient", "Expired"),
    *("InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidSignature", "MissingAuthentication"),
    *("IncompleteSignature", "NotAuthorized", "RequestTimeTooSkewed"),
)
_CLOSED = ("OptInRequired", "SubscriptionRequired")
SKEW_LIMIT_S = 300  # beyond it AWS refuses a signature for its time
_NO_URL = "Invalid endpoint: "  # botocore's words, before the value it was given
_CREDENTIALS_HINT = "give credentials by AWS_PROFILE, a role, or `aws configure`"


def word_of(error: ClientError) -> str:
    """Return AWS's word for an error, to be compared and never shown: it may hold anything."""
    return str(error.response.get("Error", {}).get("Code"))


def code_of(error: ClientError) -> str:
    """Return AWS's word for an error as it may be shown; `unknown` for what is no plain word."""
    return redaction.code(word_of(error)) or "unknown"


def explain(error: Exception, *, what: str) -> CredhelperError:
    """Return our error for one of botocore's."""
    if isinstance(error, ClientError):
        return _refusal(error, what)
    if isinstance(error, _NO_CREDENTIALS):
        return no_credentials()
    if isinstance(error, NoRegionError):
        return ConfigError(f"no AWS region is set for {what}", hint="set region or AWS_REGION")
    if isinstance(error, SSLError):
        return aws_unreached.of_tls(error, what)
    if isinstance(error, (AwsConnectionError, HTTPClientError)):
        return aws_unreached.explain(error, what)
    if isinstance(error, NOT_AWS) and not isinstance(error, BotoCoreError):
        return _no_url(error) if is_no_url(error) else not_aws(what)
    hint = "check the profile's aws table, AWS's variables and AWS's config file"
    return ConfigError(f"{what} cannot be read ({type(error).__name__})", hint=hint)


def not_aws(what: str) -> ProtocolError:
    """Return the error for an answer that is none of AWS's."""
    hint = "check the endpoint; a captive portal or a proxy may have answered"
    return ProtocolError(f"the answer for {what} is not AWS's", hint=hint)


def is_no_url(error: Exception) -> bool:
    """Return whether botocore was given an endpoint that is no URL."""
    return isinstance(error, ValueError) and str(error).startswith(_NO_URL)


def _no_url(error: Exception) -> ConfigError:
    value = str(error).removeprefix(_NO_URL)  # only compared
    name = variable_of(value) or "an endpoint_url in AWS's config file"
    return ConfigError(f"{name} is not a URL", hint="set it to an https:// address, or unset it")


def variable_of(value: str) -> str:
    """Return the first of AWS's variables that has a value, "" if none has."""
    ours = (name for name, each in os.environ.items() if each == value and name[:4] == "AWS_")
    return min(ours, default="")


def missing_file() -> str:
    """Return that a variable names a file of AWS's which is not there; "" if none does."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        if not os.path.exists(os.path.expanduser(os.environ.get(name, "/"))):
            return f", and {name} names no file"
    return ""


def no_credentials() -> DeniedError:
    """Return the error for a chain that ended without any."""
    hint = _CREDENTIALS_HINT
    if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() != "true":
        # The answer to the PUT for a session token lives for one hop, unless the instance says 2.
        hint += "; in a container on EC2 let the instance's metadata hop limit be 2"
    return DeniedError(f"there are no AWS credentials{missing_file()}", hint=hint)


def _refusal(error: ClientError, what: str) -> CredhelperError:
    code, word = code_of(error), word_of(error)
    told = error.response.get("ResponseMetadata", {})
    status = told.get("HTTPStatusCode", 0)
    # A load balancer on the way answers in HTML: then the status is all there is.
    if any(each in word for each in _TEMPORARY) or status >= 500 or status == 429:
        return TemporaryError(f"AWS answered {code} for {what}", hint="try again later")
    msg = f"AWS refuses {what} ({code})"
    if word.startswith(_CLOSED):
        return DeniedError(msg, hint="let the account use this region and service", code=code)
    if any(each in word for each in _DENIED) or word in ("401", "403"):
        return DeniedError(msg, hint=_denied_hint(error, word), code=code)
    hint = "check name, region and version"
    # AWS has one code for both; its sentence is only looked at.
    if "staging label" in str(error.response.get("Error", {}).get("Message")):
        hint = "it has no value in that version yet: store one, or name another version"
    return ConfigError(f"AWS cannot find {what} ({code})", hint=hint, code=code)


def _denied_hint(error: ClientError, word: str) -> str:
    if word == "RequestTimeTooSkewed" or abs(_ahead_s(error)) > SKEW_LIMIT_S:
        return "set this machine's clock: it differs from AWS's"
    if word == "InvalidRequestException":
        return "see whether the secret is scheduled for deletion"
    if "Signature" in word:
        return "correct the AWS secret access key, and see that this machine's clock is right"
    return "let this identity read the secret and use its KMS key, or renew its credentials"


def _ahead_s(error: ClientError) -> float:
    """Return how many seconds AWS's clock is ahead of ours, 0 where it sends no time."""
    date = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return email.utils.parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0
