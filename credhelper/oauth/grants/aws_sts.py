"""AWS keys for an access token: STS AssumeRoleWithWebIdentity.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html. The request
is not signed, and nothing of the AWS config files is read: whoever asks may be an SDK that runs
us as the `credential_process` of its AWS profile, with AWS_PROFILE still naming that one.
"""

import os
import re
from dataclasses import dataclass, field

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError, SSLError
from botocore.loaders import Loader

from credhelper.config import schema
from credhelper.config.profile import Profile
from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.protocols.aws import SEPARATOR
from credhelper.secrets import aws_errors, aws_partition, aws_session
from credhelper.system import redaction
from credhelper.token import Token

# With any of these changed, another server may have made the keys.
VARIABLES = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
# botocore asks again with each request from 15 minutes before the expiry on, other SDKs from 5:
# renewed by then, the keys are got once. Shorter ones are kept for three quarters of their life.
SOFT_S, SOFT_SHARE = 900, 0.25
_ROLE = re.compile(r"arn:(aws[a-z-]*):iam::[0-9]{12}:role/[!-~]+")
_SESSION_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")
# A variable or key of these names would bring back what must not be read.
_NOTHING_READ = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
# What may stand in an answer's JSON, and on a line of ours.
_PART = re.compile(r"[!#-\[\]-}]+")
_DENIED = ("InvalidIdentityToken", "IDPRejectedClaim", "AccessDenied", "ExpiredToken")


def _role(value: object, key: str) -> str:
    text = schema.string(value, key)
    if not _ROLE.fullmatch(text):
        hint = "write arn:aws:iam::123456789012:role/NAME"
        raise ConfigError(f"{key} is not the ARN of a role", hint=hint)
    return text


def _duration(value: object, key: str) -> int:
    seconds = schema.seconds(value, key)
    if not 900 <= seconds <= 43200:
        raise ConfigError(f"{key} is out of range", hint='use "15m" to "12h"')
    return int(seconds)


def _name(value: object, key: str) -> str:
    text = schema.string(value, key)
    if not _SESSION_NAME.fullmatch(text):
        hint = "use 2 to 64 of A-Z a-z 0-9 _ + = , . @ -"
        raise ConfigError(f"{key} is not a name of a session", hint=hint)
    return text


@dataclass(frozen=True)
class Settings:
    """The table `[profiles.NAME.sts]`; `duration` in seconds, at most what the role allows."""

    role_arn: str = field(metadata={"parse": _role})
    """the role, by its ARN"""
    duration: int = field(default=3600, metadata={"parse": _duration})
    """life of the keys, at most what the role allows; default `1h`"""
    session_name: str = field(default="credhelper", metadata={"parse": _name})
    """name of the session in AWS's logs; default `credhelper`"""
    region: str = ""
    """region whose STS is asked; default the AWS chain's variables, else the partition's own"""


def settings(profile: Profile) -> Settings:
    """Return the profile's table, checked. Raises ConfigError that names the key."""
    return schema.parse(Settings, profile.sts, key=f"profiles.{profile.name}.sts")


def assume(profile: Profile, token: Token) -> Token:
    """Return the keys as ID~SECRET~SESSION~ACCOUNT, with their own expiry.

    Raises ConfigError, DeniedError, TemporaryError, ProtocolError.
    """
    wanted = settings(profile)
    aws_session.tidy_environment()
    try:
        client = _session().create_client(
            "sts",
            region_name=region(wanted),
            # Never used, and never looked for.
            aws_access_key_id="unsigned",
            aws_secret_access_key="unsigned",
            config=aws_session.CONFIG.merge(Config(signature_version=UNSIGNED)),
        )
        answer = client.assume_role_with_web_identity(
            RoleArn=wanted.role_arn,
            RoleSessionName=wanted.session_name,
            WebIdentityToken=token.access_token,
            DurationSeconds=wanted.duration,
        )
        keys = _packed(answer["Credentials"], wanted)
    except aws_errors.ERRORS as error:
        raise _explain(error, profile) from None
    if redaction.holds_secret(keys.access_token, public=(wanted.role_arn,)):
        msg = f"the keys for the role of profile {profile.name} hold a part of a secret"
        raise ProtocolError(msg, hint="check that the endpoint is AWS's")
    return keys


def _session() -> botocore.session.Session:
    """Return a session that reads no file of AWS's: no profile, and no rules for endpoints."""
    session = botocore.session.Session(session_vars=_NOTHING_READ)
    loader = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    session.register_component("data_loader", loader)
    return session


def region(wanted: Settings) -> str:
    """Return the region whose STS is asked: keys of any of them are good in all of a partition."""
    chosen = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return wanted.region or chosen or aws_partition.home(wanted.role_arn.split(":")[1])


def _packed(keys: dict[str, object], wanted: Settings) -> Token:
    """Return the keys of an answer as one token. Raises AttributeError, KeyError, ValueError."""
    parts = [str(keys[name]) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
    if not all(map(_PART.fullmatch, parts)):
        msg = "the keys have another shape than AWS's"
        raise ValueError(msg)
    account = wanted.role_arn.split(":")[4]
    return Token(
        SEPARATOR.join([*parts, account]),
        token_type="Bearer",
        expires_at=int(keys["Expiration"].timestamp()),  # type: ignore[attr-defined]
        scope="",
    )


def _explain(error: Exception, profile: Profile) -> CredhelperError:
    """Return our error, with what to do about a role; the rest is as with any of AWS's services."""
    what, key = f"the role of profile {profile.name}", f"profiles.{profile.name}.sts"
    word, code = "", ""
    if isinstance(error, ClientError):
        word, code = aws_errors.word_of(error), aws_errors.code_of(error)
    if word.startswith(_DENIED):
        hint = "let its trust policy name the token's issuer, audience and subject"
        return DeniedError(f"AWS refuses {what} to this token ({code})", hint=hint, code=code)
    if word == "IDPCommunicationError":
        return TemporaryError(f"AWS cannot reach the issuer for {what}", hint="try again later")
    if word == "ValidationError" or isinstance(error, ParamValidationError):
        hint = f"check role_arn, and that {key}.duration is not above the role's own maximum"
        return ConfigError(f"AWS does not take {key}", hint=hint, code=code)
    if isinstance(error, SSLError):
        hint = "set AWS_CA_BUNDLE to the file of its CA"
        return ConfigError(f"the TLS certificate on the way to {what} is not trusted", hint=hint)
    return aws_errors.explain(error, what=what)
