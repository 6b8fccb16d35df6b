"""AWS keys for an access token: STS AssumeRoleWithWebIdentity."""

from dataclasses import dataclass, field

from botocore import UNSIGNED
from botocore.config import Config

from credhelper import aws_session, table
from credhelper.profile import Profile
from credhelper.token import Token

# botocore asks again from 15 minutes before the expiry on, and fails with less than 10 left: keys
# are called expired here, in our terms, these seconds before they are.
EARLY_S = 600
# The parts of the keys, none of which has a tilde, in one b64token: so they are cached like one.
SEPARATOR = "~"


@dataclass(frozen=True)
class Settings:
    """The table `[profiles.NAME.sts]`."""

    role_arn: str
    duration: float = field(default=3600.0, metadata={"parse": table.seconds})
    session_name: str = "credhelper"
    region: str = ""


def assume(profile: Profile, token: Token) -> Token:
    """Return the keys as ID~SECRET~SESSION~ACCOUNT, their expiry EARLY_S before STS's.

    Raises ConfigError, DeniedError, TemporaryError, ProtocolError.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    """
    settings = table.parse(Settings, profile.sts, key=f"profiles.{profile.name}.sts")
    what = f"the role of profile {profile.name}"
    session = aws_session.open_session(profile="", region=settings.region)
    # The call is not signed. Without keys botocore would look for some, and so run the very
    # `credential_process` that asks us.
    unsigned = aws_session.CONFIG.merge(Config(signature_version=UNSIGNED))
    try:
        client = session.client(
            "sts",
            region_name=session.region_name or "us-east-1",
            aws_access_key_id="unsigned",
            aws_secret_access_key="unsigned",
            endpoint_url=aws_session.endpoint("", key="endpoint_url"),
            config=unsigned,
        )
        answer = client.assume_role_with_web_identity(
            RoleArn=settings.role_arn,
            RoleSessionName=settings.session_name,
            WebIdentityToken=token.access_token,
            DurationSeconds=int(settings.duration),
        )
        keys = answer["Credentials"]
        account = answer["AssumedRoleUser"]["Arn"].split(":")[4]
        parts = (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], account)
        return Token(
            SEPARATOR.join(parts),
            token_type="Bearer",
            expires_at=int(keys["Expiration"].timestamp()) - EARLY_S,
            scope="",
        )
    except aws_session.ERRORS as error:
        raise aws_session.explain(error, what=what) from None
