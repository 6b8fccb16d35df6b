"""The credentials that the AWS chain finds: asked for once, looked at, and hidden from all output.

There are a dozen ways in which the chain fails; each error names the one that was tried.
"""

import os
from urllib.parse import urlsplit

import botocore.session
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    MissingDependencyException,
    ParamValidationError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from credhelper.errors import ConfigError, CredhelperError, DeniedError, word_for
from credhelper.secrets import aws_errors
from credhelper.system import characters, redaction

_CONTAINER = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_VARIABLES = {
    "access_key": ("AWS_ACCESS_KEY_ID",),
    "secret_key": ("AWS_SECRET_ACCESS_KEY",),
    "token": ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
}


def resolve(core: botocore.session.Session, profile: str) -> None:
    """Let the chain find its credentials. Raises CredhelperError; botocore keeps what it found."""
    method = ""
    try:
        found = core.get_credentials()
        if found is None:
            raise aws_errors.no_credentials()
        method = str(found.method)
        keys = found.get_frozen_credentials()
    except OSError as error:
        raise _unreadable(error, profile) from None
    except aws_errors.ERRORS as error:
        raise _explain(error, profile, method) from None
    check(keys, method=method)


def check(keys: ReadOnlyCredentials, *, method: str) -> None:
    """Hide the keys from all that is shown later. Raises ConfigError for what no key can have."""
    for name, variables in _VARIABLES.items():
        value = getattr(keys, name) or ""
        if fault := _fault(value):
            set_one = next((each for each in variables if os.environ.get(each) == value), "")
            what = set_one or f"the {name} of the AWS credentials ({redaction.name(method)})"
            hint = "store it again, without anything around it"
            raise ConfigError(f"{what} {fault}", hint=hint)
    hide(keys.secret_key, keys.token)


def hide(secret_key: str, token: str | None) -> None:
    """Let nothing show these from now on."""
    redaction.hide(secret_key)
    # Whoever echoes a session token echoes its end. All its thousand characters would cost 0.1 s
    # with each token, and six of them stand in other tokens by chance.
    redaction.hide((token or "")[-64:])


def _fault(value: object) -> str:
    if not isinstance(value, str):
        return "is no text"
    if not value.isascii() or " " in value:
        return characters.fault(value) or "has a character that no key has"
    return characters.fault(value)


def _unreadable(error: OSError, profile: str) -> CredhelperError:
    """Return the error for a file that a variable or the AWS profile names."""
    path = str(error.filename or "")
    named = aws_errors.variable_of(path)
    where = f"{named} names" if named else f"the AWS profile {redaction.name(profile)} needs"
    msg = f"the file that {where} cannot be read ({word_for(error)}): {path}"
    return DeniedError(msg, hint="see that it is there and may be read, or correct its name")


def _explain(error: Exception, profile: str, method: str) -> CredhelperError:
    what = f"the credentials of the AWS profile {redaction.name(profile)}"
    login = f" --profile {redaction.name(profile)}" if redaction.name(profile) else ""
    if isinstance(error, (SSOError, TokenRetrievalError)) or _is_refused_sso(error, method):
        msg = f"the SSO login for {what} has ended or was never made"
        return DeniedError(msg, hint=f"run `aws sso login{login}`")
    if isinstance(error, MissingDependencyException):
        msg = f"{what} need a part of botocore that is not installed"
        return ConfigError(msg, hint='install "botocore[crt]" beside credhelper')
    if type(error).__name__.startswith("Login"):  # of botocore 1.41 and newer
        return DeniedError(f"the login for {what} has ended", hint=f"run `aws login{login}`")
    if isinstance(error, PartialCredentialsError):
        missing = redaction.name(error.kwargs.get("cred_var")) or "a part"
        msg = f"{missing} is missing in the AWS credentials"
        return DeniedError(msg, hint="set all parts of a key, or none")
    if container := _container(error):
        return container
    if isinstance(error, ClientError):
        return _refusal(error, method)
    if isinstance(error, ParamValidationError):  # an empty token file, a role that is none
        msg = f"{what} need another role or token than they have ({redaction.name(method)})"
        return DeniedError(msg, hint="check the role's ARN and the token's file")
    if isinstance(error, RuntimeError):  # botocore's, of keys that have ended when they come
        msg = f"{what} have ended"
        return DeniedError(msg, hint="renew them, and see that this machine's clock is right")
    if isinstance(error, aws_errors.NOT_AWS) and not aws_errors.is_no_url(error):
        msg = f"{what} have another shape than AWS's"
        return DeniedError(msg, hint="see what gives them; run `aws sts get-caller-identity`")
    return aws_errors.explain(error, what=what)


def _is_refused_sso(error: Exception, method: str) -> bool:
    is_sso = method == "sso" and isinstance(error, ClientError)
    return is_sso and aws_errors.word_of(error) == "UnauthorizedException"


def _refusal(error: ClientError, method: str) -> CredhelperError:
    """Return the error for a role that STS, SSO or the like refuses to the chain."""
    found = aws_errors.explain(error, what=f"the AWS credentials ({redaction.name(method)})")
    if isinstance(found, ConfigError) or "Token" in aws_errors.word_of(error):
        hint = "check role_arn and the token of the AWS profile, and the role's trust policy"
        msg = f"AWS refuses the AWS credentials ({redaction.name(method)}, {found.code})"
        return DeniedError(msg, hint=hint, code=found.code)
    if isinstance(found, DeniedError) and "clock" not in found.hint:
        found.hint = "check the role's trust policy, and who may take it on"
    return found


def _container(error: Exception) -> CredhelperError | None:
    """Return the error of a container's credentials, None if it is none of theirs."""
    names = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", _CONTAINER)
    name = next((each for each in names if each in os.environ), "")
    if not name or not isinstance(error, ValueError | CredentialRetrievalError):
        return None
    if isinstance(error, CredentialRetrievalError):
        msg = f"{name} gave no AWS credentials"
        return DeniedError(msg, hint="see that the container or pod has a role")
    token = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    if "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" not in os.environ and _fault(token):
        msg = f"AWS_CONTAINER_AUTHORIZATION_TOKEN {_fault(token)}"
        return ConfigError(msg, hint="store it again, without anything around it")
    if name == _CONTAINER and urlsplit(os.environ[name]).scheme != "https":
        msg = f"{name} names a host that AWS's credentials are never asked from in plain text"
        return ConfigError(msg, hint=f"set {name} to an https:// address, or unset it")
    msg = f"{name} or its authorization token cannot be used"
    return ConfigError(msg, hint="correct it; a token is one line")
