"""Secrets in AWS Secrets Manager, against moto and against scripted faults."""

import json
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qs

import pytest

from credhelper import cache
from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.secrets import aws_session
from credhelper.secrets.backends import aws as backend
from credhelper.system import redaction
from tests.conftest import COMMAND, Box
from tests.support.servers.aws import KEYS, REGION, Aws, Script
from tests.support.servers.counting import TokenServer
from tests.unit.secrets.backends import contract

pytestmark = pytest.mark.xdist_group("aws")

SECRET = "made-up-in-aws"
OTHER_REGION = "us-west-2"
ROLE = "arn:aws:iam::222222222222:role/read-secret"
DOCUMENT = json.dumps({"oauth": {"client_secret": SECRET, "port": 1}, "a.b": f"{SECRET}-dotted"})
NEVER_SHOWN = (SECRET, *KEYS.values())
SetVariable = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def _own_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the mark that a read leaves in the environment for the processes it starts."""
    monkeypatch.setenv(cache.CHAIN, "")


@pytest.fixture
def aws_config(tmp_path: Path, clean_environ: SetVariable) -> Callable[[str], None]:
    """Return the way to write AWS's config file; the keys of the environment are taken away."""

    def write(text: str) -> None:
        path = tmp_path / "aws_config"
        path.write_text(text)
        clean_environ("AWS_CONFIG_FILE", str(path))
        clean_environ("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    return write


@pytest.fixture
def no_keys(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the keys out of the environment; nothing else may answer for them."""
    for name in KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore's tries follow each other at once."""
    monkeypatch.setattr(time, "sleep", mock.Mock())


@pytest.fixture
def black_hole() -> Iterator[str]:
    """Return the address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def refused(
    kind: type[CredhelperError], reference: str, settings: dict[str, object] | None = None
) -> CredhelperError:
    """Return the error of a read that must fail with it and show neither secret nor AWS keys."""
    return contract.refused(kind, reference, settings, secrets=NEVER_SHOWN)


@pytest.mark.parametrize("check", contract.CHECKS)
def test_contract(check: Callable[[contract.Case], None], aws: Aws) -> None:
    """AWS keeps the contract of all backends."""
    good = f"aws:{aws.store(DOCUMENT)['Name']}"
    wrong = (f"{good}#oauth", f"{good}#oauth.port", f"{good}#none", f"{good}#oauth.none.at.all")
    case = contract.Case(
        f"{good}#oauth.client_secret", "aws:no/such", SECRET, wrong, {"region": REGION}
    )
    check(case)


@pytest.mark.slow
class TestPlace:
    """Which secret of which region and account is meant."""

    def test_name(self, aws: Aws) -> None:
        """A name is looked for in the region of the environment."""
        assert contract.read(f"aws:{aws.store(SECRET)['Name']}") == SECRET

    def test_arn_brings_its_region(self, aws: Aws) -> None:
        """An ARN names its region, which goes before the environment's and the settings'."""
        stored = aws.store(SECRET, OTHER_REGION)
        assert contract.read(f"aws:{stored['ARN']}") == SECRET
        assert contract.read(f"aws:{stored['ARN']}", {"region": REGION}) == SECRET
        refused(ConfigError, f"aws:{stored['Name']}")

    def test_arn_with_field(self, aws: Aws) -> None:
        """The colons of an ARN leave the reference's own parts alone."""
        arn = aws.store(DOCUMENT)["ARN"]
        assert contract.read(f"aws:{arn}#oauth.client_secret") == SECRET

    def test_region_setting(self, aws: Aws) -> None:
        """The setting goes before AWS_REGION."""
        name = aws.store(SECRET, OTHER_REGION)["Name"]
        assert contract.read(f"aws:{name}", {"region": OTHER_REGION}) == SECRET

    def test_no_region(self, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without any region the config is at fault, and the hint says what to set."""
        monkeypatch.delenv("AWS_REGION")
        assert "AWS_REGION" in refused(ConfigError, "aws:name").hint

    def test_odd_region(self, aws: Aws) -> None:
        """A region that cannot be one is refused."""
        refused(ConfigError, "aws:name", {"region": "not a/region"})

    @pytest.mark.parametrize("given", ["setting", "AWS_PROFILE"])
    def test_profile(
        self,
        aws: Aws,
        no_keys: None,
        aws_config: Callable[[str], None],
        clean_environ: SetVariable,
        given: str,
    ) -> None:
        """An AWS profile, by setting or environment, brings keys and region."""
        name = aws.store(SECRET, OTHER_REGION)["Name"]
        clean_environ("AWS_REGION", "")
        aws_config(
            f"[profile ops]\nregion = {OTHER_REGION}\naws_access_key_id = a\n"
            "aws_secret_access_key = b\n"
        )
        if given != "setting":
            clean_environ(given, "ops")
        settings = {"profile": "ops"} if given == "setting" else {}
        assert contract.read(f"aws:{name}", settings) == SECRET

    def test_no_such_profile(self, aws: Aws, aws_config: Callable[[str], None]) -> None:
        """An AWS profile that does not exist is an error of the config."""
        aws_config("[profile ops]\n")
        refused(ConfigError, "aws:name", {"profile": "opps"})

    def test_role(self, aws: Aws) -> None:
        """The role's account is asked, not one's own."""
        role = aws.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
        client = aws.client(
            "secretsmanager",
            aws_access_key_id=role["AccessKeyId"],
            aws_secret_access_key=role["SecretAccessKey"],
            aws_session_token=role["SessionToken"],
        )
        name = f"test/{uuid.uuid4().hex}"
        client.create_secret(Name=name, SecretString=SECRET)
        settings = {"role_arn": ROLE, "external_id": "partner"}
        assert contract.read(f"aws:{name}", settings) == SECRET
        refused(ConfigError, f"aws:{name}")

    def test_external_id(self, aws_script: Script) -> None:
        """The external id is sent with the role, and the role's keys sign the second request."""
        keys = "".join(
            f"<{name}>{value}</{name}>"
            for name, value in {
                "AccessKeyId": "ASIAROLE",
                "SecretAccessKey": "made-up-role-key",
                "SessionToken": "made-up-session",
                "Expiration": "2100-01-01T00:00:00Z",
            }.items()
        )
        result = f"<AssumeRoleResult><Credentials>{keys}</Credentials></AssumeRoleResult>"
        aws_script.answers = [
            (200, f"<AssumeRoleResponse>{result}</AssumeRoleResponse>"),
            (200, json.dumps({"SecretString": SECRET})),
        ]
        settings = {"role_arn": ROLE, "external_id": "partner"}
        assert contract.read("aws:name", settings) == SECRET
        (_headers, form), (headers, _body) = aws_script.requests
        assert parse_qs(form)["RoleArn"] == [ROLE]
        assert parse_qs(form)["ExternalId"] == ["partner"]
        assert "ASIAROLE/" in headers["Authorization"]
        assert headers["X-Amz-Security-Token"] == "made-up-session"

    def test_role_refused(self, aws_script: Script) -> None:
        """A role that may not be taken is named; the account's details are not shown."""
        fault = f"<Code>AccessDenied</Code><Message>{SECRET} may not</Message>"
        aws_script.answers = [(403, f"<ErrorResponse><Error>{fault}</Error></ErrorResponse>")]
        assert ROLE in refused(DeniedError, "aws:name", {"role_arn": ROLE}).problem
        assert len(aws_script.requests) == 1


@pytest.mark.slow
class TestEndpoint:
    """Where requests may go."""

    def test_setting(self, aws: Aws, clean_environ: SetVariable) -> None:
        """The setting goes before AWS_ENDPOINT_URL."""
        name = aws.store(SECRET)["Name"]
        clean_environ("AWS_ENDPOINT_URL", "https://127.0.0.1:1")
        assert contract.read(f"aws:{name}", {"endpoint_url": aws.address}) == SECRET

    @pytest.mark.parametrize("mute", ["endpoint_url", "sts_endpoint_url"])
    def test_the_role_is_not_asked_from_secrets_manager(
        self, aws_script: Script, clean_environ: SetVariable, mute: str
    ) -> None:
        """Each service has a setting of its own, and its requests go nowhere else."""
        clean_environ("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        aws_script.answers = [(200, json.dumps({"SecretString": SECRET}))]
        settings = {"endpoint_url": aws_script.address, "sts_endpoint_url": aws_script.address}
        del settings[mute]
        kind = TemporaryError if mute == "sts_endpoint_url" else ProtocolError
        refused(kind, "aws:name", {"role_arn": ROLE, **settings})
        assert len(aws_script.requests) == (mute == "endpoint_url")

    def test_plain_http_setting(self, aws: Aws) -> None:
        """Off loopback only https will do."""
        error = refused(ConfigError, "aws:name", {"endpoint_url": "http://aws.example.com"})
        assert "aws.endpoint_url" in error.problem

    @pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"])
    def test_plain_http_environment(self, aws: Aws, clean_environ: SetVariable, name: str) -> None:
        """The environment's endpoint is held to the same rule."""
        clean_environ(name, "http://aws.example.com")
        assert name in refused(ConfigError, "aws:name").problem

    def test_plain_http_config_file(
        self, aws: Aws, aws_config: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """So is the endpoint in AWS's own config file."""
        monkeypatch.delenv("AWS_ENDPOINT_URL")
        aws_config("[default]\nendpoint_url = http://aws.example.com\n")
        assert "aws.example.com" in refused(ConfigError, "aws:name").problem

    def test_ca_is_no_file(self, aws: Aws, tmp_path: Path) -> None:
        """A CA file that is not there is an error of the config, not of the network."""
        refused(ConfigError, "aws:name", {"ca": str(tmp_path / "none.pem")})

    def test_ca(self, aws_script_tls: tuple[Script, str]) -> None:
        """A server of a private CA is trusted by the setting `ca`, and not without."""
        script, ca = aws_script_tls
        script.answers = [(200, json.dumps({"SecretString": SECRET}))]
        assert "`ca`" in refused(ConfigError, "aws:name").hint
        assert script.requests == []
        assert contract.read("aws:name", {"ca": ca}) == SECRET

    @pytest.mark.parametrize("region", ["eu-wets-1", "moon-west-1"])
    def test_a_name_that_does_not_resolve(
        self, aws: Aws, monkeypatch: pytest.MonkeyPatch, region: str
    ) -> None:
        """A mistyped region is an error of the config; being offline is named, too."""
        monkeypatch.delenv("AWS_ENDPOINT_URL")
        unknown = socket.gaierror(socket.EAI_NONAME, "no such name")
        monkeypatch.setattr(socket, "getaddrinfo", mock.Mock(side_effect=unknown))
        error = refused(ConfigError, "aws:name", {"region": region})
        assert f"secretsmanager.{region}.amazonaws.com" in error.problem
        assert "region" in error.hint
        assert "online" in error.hint

    def test_an_endpoint_that_is_no_url(self, aws: Aws, clean_environ: SetVariable) -> None:
        """The variable is named."""
        clean_environ("AWS_ENDPOINT_URL", "nonsense")
        assert "AWS_ENDPOINT_URL" in refused(ConfigError, "aws:name").problem

    @pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
    def test_a_bundle_that_is_no_file(
        self, aws_script: Script, clean_environ: SetVariable, name: str
    ) -> None:
        """The variable is named; other roots are never used instead."""
        clean_environ(name, "/no/such/file.pem")
        assert name in refused(ConfigError, "aws:name").problem
        assert aws_script.requests == []

    @pytest.mark.parametrize(
        ("name", "value", "kind"),
        [
            ("HTTPS_PROXY", "not a url", ConfigError),
            ("https_proxy", "socks5://127.0.0.1:1", ConfigError),
            ("HTTPS_PROXY", "http://127.0.0.1:99999", ConfigError),
            ("HTTPS_PROXY", "http://127.0.0.1:1", TemporaryError),
        ],
    )
    def test_the_proxy_is_at_fault(
        self,
        aws: Aws,
        clean_environ: SetVariable,
        name: str,
        value: str,
        kind: type[CredhelperError],
    ) -> None:
        """The variable is named, and AWS, which was not reached, is not blamed."""
        clean_environ("AWS_ENDPOINT_URL", "")
        clean_environ(name, value)
        error = refused(kind, "aws:name")
        assert f"{name} " in error.problem
        assert "AWS did not" not in error.problem

    def test_nobody_listens(self, aws: Aws, no_pause: None) -> None:
        """A refused connection may be a restart."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        refused(TemporaryError, "aws:name", {"endpoint_url": f"http://127.0.0.1:{port}"})


class TestValue:
    """What of a secret is taken."""

    def test_version(self, aws: Aws) -> None:
        """A stage or an id takes an older version; both are AWSCURRENT by default."""
        stored = aws.store(f"{SECRET}-1")
        client = aws.client("secretsmanager")
        client.put_secret_value(SecretId=stored["Name"], SecretString=f"{SECRET}-2")
        reference = f"aws:{stored['Name']}"
        assert contract.read(reference) == f"{SECRET}-2"
        assert contract.read(reference, {"version_stage": "AWSPREVIOUS"}) == f"{SECRET}-1"
        assert contract.read(reference, {"version_id": stored["VersionId"]}) == f"{SECRET}-1"

    def test_no_such_version(self, aws: Aws) -> None:
        """A version that is not there is an error of the config; no other one is used."""
        reference = f"aws:{aws.store(SECRET)['Name']}"
        refused(ConfigError, reference, {"version_stage": "AWSPREVIOUS"})
        refused(ConfigError, reference, {"version_id": str(uuid.uuid4())})

    def test_field(self, aws: Aws) -> None:
        """A field is a path of keys; a key that holds the dots itself goes first."""
        reference = f"aws:{aws.store(DOCUMENT)['Name']}"
        assert contract.read(f"{reference}#oauth.client_secret") == SECRET
        assert contract.read(f"{reference}#a.b") == f"{SECRET}-dotted"

    def test_whole_json(self, aws: Aws) -> None:
        """An object is never the secret: its fields are named, not their values."""
        document = json.dumps({"user": "app-user-name", "client_secret": SECRET, SECRET: 1})
        error = refused(ConfigError, f"aws:{aws.store(document)['Name']}")
        assert "client_secret, user" in error.problem
        assert "#" in error.hint
        for value in ("app-user-name", SECRET):
            assert value not in error.line()

    @pytest.mark.parametrize("text", ["0123456789", "true", '"quoted-secret"'])
    def test_json_that_is_no_object(self, aws_script: Script, text: str) -> None:
        """Digits are JSON as well, and a secret."""
        aws_script.answers = [(200, json.dumps({"SecretString": text}))]
        assert contract.read("aws:name") == text

    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    def test_field_forms(self, aws_script: Script, mark: str) -> None:
        """A pointer, a nested string of JSON and a byte order mark before it are understood."""
        inner = json.dumps({"oauth": json.dumps({"k/e": SECRET})})
        aws_script.answers = [(200, json.dumps({"SecretString": mark + inner}))]
        assert contract.read("aws:name#oauth.k/e") == SECRET
        assert contract.read("aws:name#/oauth/k~1e") == SECRET

    def test_byte_order_mark(self, aws_script: Script) -> None:
        """A mark that PowerShell put before the secret is no part of it."""
        aws_script.answers = [(200, json.dumps({"SecretString": f"\ufeff{SECRET}"}))]
        assert contract.read("aws:name") == SECRET

    def test_version_of_the_reference(self, aws: Aws) -> None:
        """`?version=` names an id or a stage, after the name or the field, before the settings."""
        stored = aws.store(json.dumps({"s": f"{SECRET}-1"}))
        name, first = stored["Name"], stored["VersionId"]
        aws.rotate(name, json.dumps({"s": f"{SECRET}-2"}))
        for version in (first, "AWSPREVIOUS"):
            for reference in (f"{name}?version={version}#s", f"{name}#s?version={version}"):
                pinned = {"version_stage": "AWSCURRENT"}
                assert contract.read(f"aws:{reference}", pinned) == f"{SECRET}-1"
        assert contract.read(f"aws:{name}?version=AWSCURRENT#s") == f"{SECRET}-2"
        assert backend.read_previous(f"{name}?version=AWSCURRENT", "s", backend.Settings()) == ""
        assert backend.read_previous(name, "s", backend.Settings()) == f"{SECRET}-1"
        told = list(backend.describe(f"{name}?version={first}", "s", backend.Settings()))
        assert f"version {first[:8]} (AWSPREVIOUS)" in told[1]
        for wrong in (f"{name}?version=#s", f"{name}?version=a#s?version=b"):
            assert "version" in refused(ConfigError, f"aws:{wrong}").problem

    @pytest.mark.parametrize("part", ["all", "six", "reversed"])
    def test_what_check_tells(
        self, aws_script: Script, monkeypatch: pytest.MonkeyPatch, part: str
    ) -> None:
        """No name that AWS gives is shown where it holds a part of the secret or of our keys."""
        key = KEYS["AWS_SECRET_ACCESS_KEY"]
        for hidden in (key, f"{SECRET}-of-the-client"):
            monkeypatch.setattr(redaction, "_secrets", {hidden})
            word = {"all": hidden, "six": hidden[3:9], "reversed": hidden[::-1]}[part]
            answer = {"SecretString": SECRET, "VersionId": word, "VersionStages": [word, "MINE"]}
            arn = f"<Arn>arn:aws:iam::123456789012:user/{word}</Arn>"
            aws_script.answers = [
                (200, f"<R><GetCallerIdentityResult>{arn}</GetCallerIdentityResult></R>"),
                (200, json.dumps(answer | {"CreatedDate": 1.7e9})),
            ]
            told = list(backend.describe("name", "", backend.Settings()))
            assert told == ["unknown in eu-west-1", "version unknown (MINE), created 2023-11-14"]

    def test_no_value_yet(self, aws_script: Script) -> None:
        """A secret that was made without a value is told from one that does not exist."""
        message = "Secrets Manager can't find the specified secret"
        kind = "ResourceNotFoundException"
        aws_script.refuse(400, kind, f"{message} value for staging label: AWSCURRENT")
        assert "no value" in refused(ConfigError, "aws:name").hint
        aws_script.refuse(400, kind, f"{message}.")
        assert "name, region" in refused(ConfigError, "aws:name").hint

    @pytest.mark.parametrize("text", [SECRET, f'["{SECRET}"]', f'"{SECRET}"', "[" * 60_000])
    def test_field_of_no_object(self, aws_script: Script, text: str) -> None:
        """A field of what is no JSON object is an error of the config, however deep it nests."""
        aws_script.answers = [(200, json.dumps({"SecretString": text}))]
        refused(ConfigError, "aws:name#client_secret")

    def test_binary(self, aws: Aws) -> None:
        """Bytes that are text are text, as some tools store it; others are refused."""
        assert contract.read(f"aws:{aws.store(SECRET.encode())['Name']}") == SECRET
        name = aws.store(b"\xff\xfe" + SECRET.encode())["Name"]
        assert "binary" in refused(ConfigError, f"aws:{name}").problem


@pytest.mark.slow
class TestRefusal:
    """Who must act when AWS says no."""

    def test_not_found(self, aws: Aws) -> None:
        """A secret that does not exist is an error of the config."""
        assert "ResourceNotFoundException" in refused(ConfigError, "aws:no/such").problem

    def test_scheduled_for_deletion(self, aws: Aws) -> None:
        """A secret that waits for its deletion needs a human, who is told so."""
        name = aws.store(SECRET)["Name"]
        aws.client("secretsmanager").delete_secret(SecretId=name, RecoveryWindowInDays=7)
        assert "deletion" in refused(DeniedError, f"aws:{name}").hint

    @pytest.mark.parametrize(
        ("status", "code", "kind", "attempts"),
        [
            (400, "AccessDeniedException", DeniedError, 1),
            (400, "DecryptionFailure", DeniedError, 1),
            (400, "ExpiredTokenException", DeniedError, 1),
            (400, "UnrecognizedClientException", DeniedError, 1),
            (400, "IncompleteSignature", DeniedError, 1),
            (400, "OptInRequired", DeniedError, 1),
            (400, "NotAuthorized", DeniedError, 1),
            (400, "InvalidParameterException", ConfigError, 1),
            (400, "ThrottlingException", TemporaryError, 3),
            (400, "ProvisionedThroughputExceededException", TemporaryError, 3),
            (500, "InternalServiceError", TemporaryError, 3),
        ],
    )
    @pytest.mark.usefixtures("no_pause")
    def test_error(
        self,
        aws_script: Script,
        status: int,
        code: str,
        kind: type[CredhelperError],
        attempts: int,
    ) -> None:
        """AWS's word for it decides and is shown; its sentence is not. Only faults are retried."""
        aws_script.refuse(status, code, f"detail of arn:aws:kms:key and {SECRET}")
        error = refused(kind, "aws:name")
        assert code in error.problem
        assert "kms" not in error.line()
        assert len(aws_script.requests) == attempts

    @pytest.mark.parametrize("code", ["RequestLimitExceeded", "RequestTimeoutException"])
    @pytest.mark.usefixtures("no_pause")
    def test_fault_that_older_releases_do_not_know(self, aws_script: Script, code: str) -> None:
        """Older releases of botocore do not try these again; both are temporary faults."""
        aws_script.refuse(400, code, f"detail of arn:aws:kms:key and {SECRET}")
        assert code in refused(TemporaryError, "aws:name").problem
        assert len(aws_script.requests) in (1, 3)

    @pytest.mark.parametrize(
        ("code", "ahead_s", "word"),
        [
            ("RequestTimeTooSkewed", 0, "clock"),
            ("InvalidSignatureException", 4000, "differs"),
            ("InvalidSignatureException", 0, "secret access key"),
            ("AccessDeniedException", 0, "KMS"),
        ],
    )
    def test_clock(self, aws_script: Script, code: str, ahead_s: int, word: str) -> None:
        """A clock that is wrong is named, by AWS's word for it or by the time of its answer."""
        aws_script.refuse(400, code, "Signature expired")
        aws_script.ahead_s = ahead_s
        assert word in refused(DeniedError, "aws:name").hint

    @pytest.mark.parametrize("code", [f"{SECRET}", "a b", "x" * 65, "<b>"])
    def test_a_code_that_is_none(
        self, aws_script: Script, monkeypatch: pytest.MonkeyPatch, code: str
    ) -> None:
        """What is no plain word, or holds the secret, is not shown."""
        monkeypatch.setattr(redaction, "_secrets", {SECRET})
        aws_script.answers = [(400, json.dumps({"__type": code, "message": SECRET}))]
        assert "(unknown)" in refused(ConfigError, "aws:name").problem

    def test_a_code_that_is_not_shown_still_decides(
        self, aws_script: Script, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A secret that has a part in common with AWS's word hides it, and changes no class."""
        monkeypatch.setattr(redaction, "_secrets", {"AccessDenied77"})
        aws_script.refuse(400, "AccessDeniedException", "")
        assert "(unknown)" in refused(DeniedError, "aws:name").problem

    @pytest.mark.parametrize("status", [429, 503])
    def test_html_from_a_proxy(self, aws_script: Script, no_pause: None, status: int) -> None:
        """A fault without AWS's JSON is told by its status, and its text is not shown."""
        aws_script.answers = [(status, f"<html>{SECRET}</html>")]
        refused(TemporaryError, "aws:name")

    @pytest.mark.parametrize(
        "body",
        [
            *(f"<html>{SECRET}</html>", f"{SECRET} \udcff", "", "{}", "[]", "1"),
            *('{"SecretString": null}', '{"SecretString": 1}', '{"VersionStages": 1}'),
        ],
        ids=ascii,
    )
    def test_captive_portal(self, aws_script: Script, body: str) -> None:
        """A success that is not AWS's breaks the contract; it is neither empty nor binary."""
        aws_script.answers = [(200, body)]
        refused(ProtocolError, "aws:name")

    @pytest.mark.parametrize("body", [f"<html>{SECRET}", f"<html>{SECRET}</html>", "{}", ""])
    def test_captive_portal_for_the_role(self, aws_script: Script, body: str) -> None:
        """The same goes for the role."""
        aws_script.answers = [(200, body)]
        refused(ProtocolError, "aws:name", {"role_arn": ROLE})


@pytest.mark.slow
class TestCredentials:
    """How AWS is told who we are."""

    def test_none(self, aws: Aws, no_keys: None) -> None:
        """Without credentials a human must give some."""
        assert "credentials" in refused(DeniedError, "aws:name").problem

    @pytest.mark.usefixtures("no_keys")
    def test_mute_instance_metadata(
        self, aws: Aws, black_hole: str, clean_environ: SetVariable
    ) -> None:
        """An instance metadata address that never answers costs less than 5 s."""
        clean_environ("AWS_EC2_METADATA_DISABLED", "false")
        clean_environ("AWS_EC2_METADATA_SERVICE_ENDPOINT", black_hole)
        started = time.monotonic()
        refused(DeniedError, "aws:name")
        assert time.monotonic() - started < 5

    @pytest.mark.parametrize("profile", ["human", "behind"])
    def test_mfa(
        self, aws: Aws, no_keys: None, aws_config: Callable[[str], None], profile: str
    ) -> None:
        """A profile that would ask for an MFA code, itself or by its source, is refused unasked."""
        aws_config(
            f"[profile human]\nrole_arn = {ROLE}\nsource_profile = keys\nmfa_serial = serial\n"
            f"[profile behind]\nrole_arn = {ROLE}\nsource_profile = human\n"
            "[profile keys]\naws_access_key_id = a\naws_secret_access_key = b\n"
        )
        error = refused(DeniedError, "aws:name", {"profile": profile})
        assert "the AWS profile human asks for an MFA code" in error.problem

    def test_mfa_that_is_never_asked_for(
        self, aws: Aws, aws_config: Callable[[str], None], clean_environ: SetVariable
    ) -> None:
        """Keys of the environment go before AWS_PROFILE, and keys with a serial need no code."""
        reference = f"aws:{aws.store(SECRET)['Name']}"
        aws_config(
            f"[profile human]\nrole_arn = {ROLE}\nsource_profile = keys\nmfa_serial = serial\n"
            "[profile keys]\naws_access_key_id = a\naws_secret_access_key = b\nmfa_serial = s\n"
        )
        clean_environ("AWS_PROFILE", "human")
        assert contract.read(reference) == SECRET
        assert contract.read(reference, {"profile": "keys"}) == SECRET

    def test_failed_credential_process(
        self, aws: Aws, no_keys: None, aws_config: Callable[[str], None]
    ) -> None:
        """A credential process that fails gives no credentials; what it said is not shown."""
        aws_config(f"[profile p]\ncredential_process = sh -c 'echo {SECRET} >&2; exit 1'\n")
        refused(DeniedError, "aws:name", {"profile": "p"})

    def test_ended_sso_login(
        self, aws: Aws, no_keys: None, aws_config: Callable[[str], None]
    ) -> None:
        """A login that has ended needs a human."""
        aws_config(
            "[profile p]\nsso_session = s\nsso_account_id = 111111111111\nsso_role_name = r\n"
            f"[sso-session s]\nsso_region = {REGION}\nsso_start_url = https://sso.example.com\n"
        )
        refused(DeniedError, "aws:name", {"profile": "p"})

    def test_circle(self, box: Box) -> None:
        """A credential process that is credhelper again ends after a few rounds, quickly."""
        started = box.home / "started"
        again = f"sh -c 'echo x >> {started}; exec {COMMAND} get loop'"
        config = box.home / "aws_config"
        config.write_text(f"[profile loop]\nregion = {REGION}\ncredential_process = {again}\n")
        box.config(
            '[profiles.loop]\ntoken_url = "http://127.0.0.1:1/token"\nclient_id = "c"\n'
            'client_secret = "aws:name"\n'
            '[profiles.loop.aws]\nprofile = "loop"\nendpoint_url = "http://127.0.0.1:1"\n'
        )
        box.environ["AWS_CONFIG_FILE"] = str(config)
        box.environ["AWS_EC2_METADATA_DISABLED"] = "true"
        begun = time.monotonic()
        line = box.run("get", "loop").refused(78)
        assert "the same AWS profile again" in line
        assert "profile" in line.partition(";")[2]
        assert time.monotonic() - begun < 15
        assert len(started.read_text().splitlines()) == 1

    def test_circle_of_changing_homes(self, box: Box) -> None:
        """A circle that looks like another profile each time ends after four processes."""
        started = box.home / "started"
        box.config(
            '[profiles.loop]\ntoken_url = "http://127.0.0.1:1/token"\nclient_id = "c"\n'
            'client_secret = "aws:name"\n[profiles.loop.aws]\nregion = "eu-west-1"\n'
        )
        again = box.home / "again"
        again.write_text(f"#!/bin/sh\necho x >> {started}\nHOME=$HOME/./ exec {COMMAND} get\n")
        again.chmod(0o700)
        (box.home / ".aws").mkdir()
        (box.home / ".aws" / "config").write_text(f"[default]\ncredential_process = {again}\n")
        box.environ["AWS_EC2_METADATA_DISABLED"] = "true"
        assert "calls credhelper" in box.run("get", "loop").refused(78)
        assert len(started.read_text().splitlines()) == aws_session.CHAIN_LIMIT - 1

    def test_no_circle(self, box: Box, aws_script: Script, tokens: TokenServer) -> None:
        """A process that asks by another AWS profile is served."""
        keys = json.dumps({"Version": 1, "AccessKeyId": "inner", "SecretAccessKey": "b"})
        aws_script.answers = [(200, json.dumps({"SecretString": SECRET}))]
        box.config(
            f'[profiles.p]\ntoken_url = "{tokens.url}"\nclient_id = "c"\n'
            'client_secret = "aws:name"\n[profiles.p.aws]\nregion = "eu-west-1"\n'
            f'profile = "outer"\nendpoint_url = "{aws_script.address}"\n'
            f'[profiles.q]\ntoken_url = "{tokens.url}"\nclient_id = "c"\n'
            'client_secret = "aws:name"\n[profiles.q.aws]\nregion = "eu-west-1"\n'
            f'profile = "inner"\nendpoint_url = "{aws_script.address}"\n'
        )
        process = f"sh -c '{COMMAND} get q >/dev/null && cat $HOME/keys'"
        (box.home / "keys").write_text(keys)
        (box.home / ".aws").mkdir()
        (box.home / ".aws" / "config").write_text(
            f"[profile outer]\ncredential_process = {process}\n"
            f"[profile inner]\ncredential_process = cat {box.home}/keys\n"
        )
        box.run("get", "p").token()
        assert len(aws_script.requests) == 2
