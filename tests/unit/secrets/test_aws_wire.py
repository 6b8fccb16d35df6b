"""Every request of botocore's, the chain's own as well: where it may go, how much may come back."""

import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import botocore.exceptions
import botocore.httpsession
import pytest
import urllib3.exceptions
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.credentials import JSONFileCache

from credhelper import cache
from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import (
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.oauth.grants import aws_sts
from credhelper.secrets import aws_errors, aws_process, aws_session, aws_wire
from credhelper.token import Token
from tests.support.servers.aws import REGION, Script

SetVariable = Callable[[str, str], None]
FOREIGN = "aws.example.com"
PIECE = 64 * 1024
RULES = {
    "version": "1.0",
    "parameters": {"Region": {"builtIn": "AWS::Region", "required": False, "type": "String"}},
    "rules": [{"conditions": [], "type": "endpoint"}],
}


class Sent(Exception):  # noqa: N818 - no error: a request has come to its end
    """A request that would go out now."""


@pytest.fixture
def environ(clean_environ: SetVariable) -> SetVariable:
    """Return the way to set a variable in an environment without AWS's."""
    clean_environ(cache.CHAIN, "")
    clean_environ("AWS_EC2_METADATA_DISABLED", "true")
    clean_environ("AWS_REGION", REGION)
    return clean_environ


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], None]:
    """Return the way to write AWS's config file."""

    def write(text: str) -> None:
        (tmp_path / ".aws").mkdir(exist_ok=True)
        (tmp_path / ".aws" / "config").write_text(text)

    return write


@pytest.fixture
def flood() -> Iterator[tuple[str, list[int]]]:
    """Return the address of a server whose answer has 64 MiB, and how much of it was taken."""
    taken = [0]

    def serve() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(PIECE)
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {1024 * PIECE}\r\n\r\n"
                try:
                    connection.sendall(head.encode())
                    for _ in range(1024):
                        connection.sendall(b" " * PIECE)
                        taken[0] += PIECE
                except OSError:
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", taken
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def failed() -> CredhelperError:
    """Return the error of opening a session: nothing may have been sent by then."""
    with pytest.raises(CredhelperError) as caught:
        aws_session.open_session(profile="", region=REGION)
    return caught.value


def prepared(address: str) -> AWSPreparedRequest:
    """Return a request as botocore sends it."""
    return AWSPreparedRequest("GET", address, {}, b"", stream_output=False)


@pytest.mark.parametrize(
    "address",
    [
        *("http://169.254.169.254/latest/api/token", "http://[fd00:ec2::254]/latest/api/token"),
        *("http://169.254.170.2/v2/credentials/x", "http://169.254.170.23/v1/credentials"),
        *("http://[fd00:ec2::23]/v1/credentials", "http://127.0.0.1:1338/x", "http://localhost/x"),
        "https://sts.eu-west-1.amazonaws.com/",
    ],
)
def test_where_requests_may_go(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """To https, to this machine, and to the addresses of metadata and containers."""
    raw = mock.Mock()
    raw.read.side_effect = [b"yes", b""]
    answer = AWSResponse(address, 200, {}, raw)
    monkeypatch.setattr(aws_wire, "_send", mock.Mock(return_value=answer))
    session = botocore.httpsession.URLLib3Session()
    assert session.send(prepared(address)).content == b"yes"


@pytest.mark.parametrize(
    "address",
    [
        *(f"http://{FOREIGN}/", "http://127.1/", "http://169.254.169.254.example.com/"),
        *("http://169.254.169.254@aws.example.com/", "http://aws.example.com\\@169.254.169.254/"),
        *("http://169.254.170.2@aws.example.com/x", "http://169.254.170.3/", "http://[fd00::23]/"),
        *("http://169.254.169.254%2f.example.com/", "ftp://localhost/", "http://0/", "HTTP://x/"),
    ],
)
def test_where_no_request_goes(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """To no other host in plain text, however the address is written."""
    send = mock.Mock()
    monkeypatch.setattr(aws_wire, "_send", send)
    with pytest.raises(ConfigError):
        botocore.httpsession.URLLib3Session().send(prepared(address))
    assert send.call_count == 0


def test_sso_over_plain_http(
    environ: SetVariable, write: Callable[[str], None], tmp_path: Path, monkeypatch: object
) -> None:
    """The SSO token is not sent to an endpoint that a variable moves to http."""
    start = "https://example.awsapps.com/start"
    folder = tmp_path / ".aws" / "sso" / "cache"
    folder.mkdir(parents=True)
    name = hashlib.sha1(start.encode()).hexdigest()
    token = {"accessToken": "sso-canary", "expiresAt": "2036-01-01T00:00:00Z"}
    (folder / f"{name}.json").write_text(json.dumps(token | {"startUrl": start, "region": REGION}))
    write(
        f"[default]\nsso_start_url = {start}\nsso_region = {REGION}\n"
        "sso_account_id = 123456789012\nsso_role_name = r\n"
    )
    environ("AWS_ENDPOINT_URL_SSO", f"http://{FOREIGN}")
    # botocore has found this folder when it was imported, for another home.
    with mock.patch("botocore.credentials.JSONFileCache", return_value=JSONFileCache(str(folder))):
        error = failed()
    assert isinstance(error, ConfigError)
    assert f"AWS_ENDPOINT_URL_SSO for {FOREIGN}" in error.problem


@pytest.mark.parametrize("how", ["services", "rules", "AWS_DATA_PATH"])
def test_web_identity_over_plain_http(
    environ: SetVariable, write: Callable[[str], None], tmp_path: Path, how: str
) -> None:
    """Nor is the token of a pod: not by a `services` section, and not by a set of rules."""
    (tmp_path / "jwt").write_text("jwt-canary")
    role = (
        "role_arn = arn:aws:iam::123456789012:role/r\n"
        f"web_identity_token_file = {tmp_path}/jwt\nregion = {REGION}\n"
    )
    services = f"[services s]\nsts =\n  endpoint_url = http://{FOREIGN}\n"
    write(f"[default]\n{role}" + (f"services = s\n{services}" if how == "services" else ""))
    if how != "services":
        models = tmp_path / ("models" if how == "AWS_DATA_PATH" else ".aws/models")
        place_rules(models)
        environ("AWS_DATA_PATH", str(models))  # ~/.aws/models was found when botocore was imported
    error = failed()
    assert isinstance(error, ConfigError)
    assert FOREIGN in error.problem
    assert "jwt-canary" not in error.line()


def place_rules(models: Path) -> None:
    """Write rules that send every request to STS to a foreign host."""
    folder = models / "sts" / "2011-06-15"
    folder.mkdir(parents=True)
    rules = json.loads(json.dumps(RULES))
    rules["parameters"]["Region"]["documentation"] = "x"
    rules["rules"][0]["endpoint"] = {
        "url": f"http://{FOREIGN}",
        "properties": {},
        "headers": {},
    }
    (folder / "endpoint-rule-set-1.json").write_text(json.dumps(rules))


def test_our_own_sts_reads_no_rules(environ: SetVariable, tmp_path: Path) -> None:
    """The keys for a token are asked from AWS's own STS, whatever lies in AWS's folders."""
    place_rules(tmp_path / "models")
    environ("AWS_DATA_PATH", str(tmp_path / "models"))
    asked: list[str] = []

    def note(_session: object, request: AWSPreparedRequest) -> AWSResponse:
        asked.append(request.url)
        raise Sent

    reference = SecretRef("env", "S")
    table = {"role_arn": "arn:aws:iam::123456789012:role/r"}
    profile = Profile("p", "c", reference, token_url="https://login.example.com", sts=table)
    token = Token("canary-token-1", token_type="Bearer", expires_at=2_000_000_000, scope="")
    with mock.patch.object(aws_wire, "_send", note), pytest.raises(Sent):
        aws_sts.assume(profile, token)
    # botocore 1.36 asks the one for all regions.
    assert asked in ([f"https://sts.{REGION}.amazonaws.com/"], ["https://sts.amazonaws.com/"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://{FOREIGN}/x"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "nonsense"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", f"@{FOREIGN}/x"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://{FOREIGN}/"),
    ],
)
def test_credentials_of_a_foreign_host(environ: SetVariable, name: str, value: str) -> None:
    """Neither a container's nor an instance's are asked from it; the variable is named."""
    environ("AWS_EC2_METADATA_DISABLED", "false")
    environ(name, value)
    error = failed()
    assert isinstance(error, ConfigError)
    assert name in error.problem


def test_plain_text_knows_no_proxy(environ: SetVariable, aws_script: Script) -> None:
    """What is asked on this machine in plain text is not sent to another one."""
    environ("AWS_ENDPOINT_URL", "")
    environ("AWS_ACCESS_KEY_ID", "")
    environ("HTTP_PROXY", "http://127.0.0.1:1")
    environ("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{aws_script.address}/x")
    environ("AWS_EC2_METADATA_SERVICE_ENDPOINT", aws_script.address)
    keys = {"AccessKeyId": "a", "SecretAccessKey": "b", "Token": "c"}
    document = json.dumps(keys | {"Expiration": "2100-01-01T00:00:00Z", "Code": "Success"})
    aws_script.answers = [(200, document)]
    assert aws_session.open_session(profile="", region=REGION)
    environ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
    environ("AWS_EC2_METADATA_DISABLED", "false")
    aws_script.answers = [(200, "imds-token"), (200, "role"), (200, document)]
    assert aws_session.open_session(profile="", region=REGION)
    assert aws_script.paths[1] == "/latest/api/token"


@pytest.mark.parametrize(
    "name",
    [
        *("AWS_ENDPOINT_URL", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    ],
)
def test_a_flood_is_not_drunk(
    environ: SetVariable, flood: tuple[str, list[int]], tmp_path: Path, name: str
) -> None:
    """Of an answer of any size 256 KiB are read, whoever gives it."""
    address, taken = flood
    (tmp_path / "jwt").write_text("jwt-canary")
    if name == "AWS_ENDPOINT_URL":
        environ("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "jwt"))
        environ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r")
    environ("AWS_EC2_METADATA_DISABLED", "false")
    environ(name, address)
    error = failed()
    assert isinstance(error, ProtocolError)
    assert str(aws_wire.BODY_LIMIT) in error.problem
    assert taken[0] < 16 * 1024 * 1024


def test_a_body_that_breaks_off(environ: SetVariable, black_hole_after: str) -> None:
    """A connection that ends amid the answer is told as one, whoever asked."""
    environ("AWS_CONTAINER_CREDENTIALS_FULL_URI", black_hole_after)
    with mock.patch("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0):
        assert isinstance(failed(), DeniedError)
    session = botocore.httpsession.URLLib3Session(timeout=1)
    with pytest.raises(aws_errors.ERRORS) as caught:
        session.send(prepared(black_hole_after))
    assert aws_errors.explain(caught.value, what="it").status == 75


@pytest.fixture
def black_hole_after() -> Iterator[str]:
    """Return the address of a server that resets each connection amid its answer."""

    def serve() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.recv(1)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_tls_faults_are_told_apart() -> None:
    """A server that leaves amid the handshake may come back; a bad certificate stays."""
    for cause, kind, words in (
        (ssl.SSLEOFError(8, "EOF occurred"), TemporaryError, "broken off"),
        (ssl.SSLCertVerificationError(1, "self-signed"), ConfigError, "not trusted"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), ConfigError, "no TLS connection"),
    ):
        inner = urllib3.exceptions.SSLError(cause)
        fault = botocore.exceptions.SSLError(endpoint_url="https://x", error=inner)
        error = aws_errors.explain(fault, what="it")
        assert type(error) is kind
        assert words in error.problem


def test_the_guards_are_in_place() -> None:
    """The library calls them, by names of its own that a new version might drop."""
    import botocore.credentials
    import botocore.endpoint
    import botocore.utils

    fetchers = (botocore.utils.IMDSFetcher(), botocore.utils.ContainerMetadataFetcher())
    for session in [fetcher._session for fetcher in fetchers]:  # noqa: SLF001 - botocore's own
        assert session.send.__func__ is aws_wire.send
    assert botocore.endpoint.URLLib3Session.send is aws_wire.send
    assert botocore.credentials.ProcessProvider is aws_process.provider
