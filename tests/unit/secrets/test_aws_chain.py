"""Ways in which the AWS chain has no credentials: each names what was tried and who must act."""

import json
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from botocore import credentials

from credhelper import cache
from credhelper.errors import ConfigError, CredhelperError, DeniedError
from credhelper.secrets import aws_session
from credhelper.system import redaction
from tests.support.aws_chain import failed
from tests.support.servers.aws import REGION, Script

pytestmark = pytest.mark.slow

SetVariable = Callable[[str, str], None]
ROLE = "arn:aws:iam::123456789012:role/r"
SSO = (
    f"sso_start_url = https://sso.example.com\nsso_region = {REGION}\n"
    "sso_account_id = 1\nsso_role_name = r\n"
)
LOGIN = "run `aws sso login --profile ops`"


@pytest.fixture
def environ(clean_environ: SetVariable, tmp_path: Path) -> SetVariable:
    """Return the way to set a variable where nothing of AWS's is set or lies about."""
    clean_environ(cache.CHAIN, "")
    clean_environ("AWS_EC2_METADATA_DISABLED", "true")
    clean_environ("AWS_CONFIG_FILE", str(tmp_path / "config"))
    (tmp_path / "config").write_text("")
    return clean_environ


@pytest.mark.parametrize(
    ("text", "kind", "problem", "hint"),
    [
        (SSO, DeniedError, "ops has ended", LOGIN),
        (f"sso_session = s\n{SSO[SSO.index('sso_acc') :]}[sso-session s]\n{SSO}", DeniedError,
         "ops has ended", LOGIN),
        (f"role_arn = {ROLE}\nweb_identity_token_file = /no/jwt\n", DeniedError,
         "the AWS profile ops needs cannot be read (No such file or directory): /no/jwt", "there"),
        ("aws_access_key_id = a\n", DeniedError, "aws_secret_access_key is missing", "all parts"),
        (f"role_arn = {ROLE}\nsource_profile = gone\n", ConfigError, "ops cannot", "config file"),
        (f"role_arn = {ROLE}\nsource_profile = ops\nmfa_serial = s\n", DeniedError, "MFA", "role"),
        (f"role_arn = {ROLE}\ncredential_source = Nonsense\n", ConfigError, "ops cannot", "file"),
        ("region = eu-west-1\n", DeniedError, "there are no AWS credentials", "aws configure"),
    ],
    ids=["sso", "sso-session", "web identity", "half", "source", "mfa", "word", "none"],
)  # fmt: skip
def test_of_a_profile(  # noqa: PLR0913, PLR0917 - two fixtures and a row of the table
    environ: SetVariable,
    tmp_path: Path,
    text: str,
    kind: type[CredhelperError],
    problem: str,
    hint: str,
) -> None:
    """What an AWS profile promises and does not keep."""
    environ("AWS_PROFILE", "ops")
    (tmp_path / "config").write_text(f"[profile ops]\n{text}")
    error = failed()
    assert type(error) is kind
    assert problem in error.problem
    assert hint in error.hint


@pytest.mark.skipif(not hasattr(credentials, "LoginProvider"), reason="botocore before 1.41")
def test_of_a_login(environ: SetVariable, tmp_path: Path) -> None:
    """A profile of `aws login` says what is to be installed, then that one must log in."""
    environ("AWS_PROFILE", "ops")
    (tmp_path / "config").write_text("[profile ops]\nlogin_session = arn:aws:sts::1:x\n")
    with mock.patch.object(credentials, "EC", None):
        error = failed()
    assert isinstance(error, ConfigError)
    assert "botocore[crt]" in error.hint
    with mock.patch.object(credentials, "EC", mock.Mock()):
        error = failed()
    assert isinstance(error, DeniedError)
    assert "aws login --profile ops" in error.hint


@pytest.mark.parametrize(
    ("variables", "kind", "words"),
    [
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/jwt", "AWS_ROLE_ARN": ROLE}, DeniedError,
         "AWS_WEB_IDENTITY_TOKEN_FILE names cannot be read (No such file or directory): /no/jwt"),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/", "AWS_ROLE_ARN": ROLE}, DeniedError,
         "AWS_WEB_IDENTITY_TOKEN_FILE names cannot be read (Is a directory)"),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/dev/null", "AWS_ROLE_ARN": ROLE}, DeniedError,
         "another role or token"),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/no/token"}, DeniedError,
         "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names cannot be read"),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN": "canary\r\n"}, ConfigError,
         "AWS_CONTAINER_AUTHORIZATION_TOKEN ends in a line break"),
        ({"AWS_ACCESS_KEY_ID": "a"}, DeniedError, "AWS_SECRET_ACCESS_KEY is missing"),
        ({"AWS_ACCESS_KEY_ID": "a\r\n", "AWS_SECRET_ACCESS_KEY": "b"}, ConfigError,
         "AWS_ACCESS_KEY_ID ends in a line break"),
        ({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "canary\n"}, ConfigError,
         "AWS_SECRET_ACCESS_KEY ends in a line break"),
        ({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
          "AWS_SESSION_TOKEN": "canary\n"}, ConfigError, "AWS_SESSION_TOKEN ends in a line break"),
        ({"AWS_ACCESS_KEY_ID": "\ufeffa", "AWS_SECRET_ACCESS_KEY": "b"}, ConfigError,
         "AWS_ACCESS_KEY_ID begins with the character"),
        ({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "canary\xa0"}, ConfigError,
         "AWS_SECRET_ACCESS_KEY ends in the character NO-BREAK SPACE"),
        ({"AWS_ACCESS_KEY_ID": "a ", "AWS_SECRET_ACCESS_KEY": "b"}, ConfigError,
         "AWS_ACCESS_KEY_ID has a character that no key has"),
        ({"AWS_PROFILE": "ops\n"}, ConfigError, "AWS_PROFILE ends in a line break"),
        ({"AWS_REGION": "\teu-west-1"}, ConfigError, "AWS_REGION begins with a tab"),
        ({"AWS_PROFILE": "opps"}, ConfigError, "the AWS profile opps that AWS_PROFILE names"),
        ({"AWS_CONFIG_FILE": "/no/config"}, DeniedError, "AWS_CONFIG_FILE names no file"),
    ],
)  # fmt: skip
def test_of_variables(
    environ: SetVariable, variables: dict[str, str], kind: type[CredhelperError], words: str
) -> None:
    """The variable at fault is named, and the character in it."""
    for name, value in variables.items():
        environ(name, value)
    error = failed()
    assert type(error) is kind
    assert words in error.problem


def test_an_empty_variable_is_none(environ: SetVariable, tmp_path: Path) -> None:
    """As CI leaves them: botocore would take the emptiness for a name."""
    for name in ("PROFILE", "DEFAULT_PROFILE", "REGION", "SESSION_TOKEN", "CA_BUNDLE", "ROLE_ARN"):
        environ(f"AWS_{name}", "")
    environ("AWS_SHARED_CREDENTIALS_FILE", "")
    environ("AWS_WEB_IDENTITY_TOKEN_FILE", " ")
    (tmp_path / "config").write_text(
        "[default]\naws_access_key_id = a\naws_secret_access_key = canary-key-of-the-file\n"
    )
    assert aws_session.open_session(profile="", region="").get_credentials().access_key == "a"
    assert redaction.name("canary-key-of-the-file") == ""


@pytest.mark.parametrize("is_mute", [True, False])
def test_the_hop_limit_is_named(environ: SetVariable, *, is_mute: bool) -> None:
    """Where the metadata of an instance may be meant, a container's commonest trouble is named."""
    if is_mute:
        environ("AWS_EC2_METADATA_DISABLED", "false")
        environ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
    assert ("hop limit" in failed().hint) is is_mute


@pytest.mark.parametrize(
    ("code", "word"), [("InvalidIdentityToken", "trust policy"), ("AccessDenied", "trust policy")]
)
def test_a_role_that_is_refused(
    environ: SetVariable, tmp_path: Path, aws_script: Script, code: str, word: str
) -> None:
    """The secret is not blamed: AWS was not asked for it."""
    environ("AWS_ACCESS_KEY_ID", "")
    environ("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / "jwt").write_text("canary-jwt")
    environ("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "jwt"))
    environ("AWS_ROLE_ARN", ROLE)
    fault = f"<Error><Code>{code}</Code><Message>canary</Message></Error>"
    aws_script.answers = [(400, f"<ErrorResponse>{fault}</ErrorResponse>")]
    error = failed()
    assert isinstance(error, DeniedError)
    assert f"assume-role-with-web-identity, {code}" in error.problem or code in error.problem
    assert "secret" not in error.problem
    assert word in error.hint


def test_an_sso_login_that_aws_has_ended(
    environ: SetVariable, tmp_path: Path, aws_script: Script
) -> None:
    """A token of which AWS knows nothing any more is a login to be made again."""
    environ("AWS_ACCESS_KEY_ID", "")
    environ("AWS_PROFILE", "ops")
    (tmp_path / "config").write_text(f"[profile ops]\n{SSO}")
    aws_script.answers = [(401, json.dumps({"__type": "UnauthorizedException", "message": "x"}))]
    assert LOGIN in failed().hint
