"""What a failure of TLS is called, and plain HTTP where TLS is spoken."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError, CredhelperError, TemporaryError
from credhelper.oauth import exchange
from credhelper.secrets.secret import Secret
from credhelper.system import tls
from credhelper.system.url import Peer
from tests.support.servers.scripted import Behaviour, Script, answer, grant, reset, send

pytestmark = pytest.mark.usefixtures("clean_environ")


def refused(kind: type[CredhelperError], address: str, ca: str = "") -> CredhelperError:
    """Return the error of an exchange at an address."""
    chosen = Profile("p", "app", SecretRef("env", "NAME"), token_url=address, ca=ca)
    with pytest.raises(CredhelperError) as caught:
        exchange.exchange(chosen, Secret("s3cret-of-the-client"), attempts=1)
    assert type(caught.value) is kind
    return caught.value


@pytest.fixture
def client_certificate(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """Serve TLS with a certificate that is for clients only; return its file and the port."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(tz=dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(9))
    alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    made = made.add_extension(alternative, critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    certificate = made.add_extension(usage, critical=False).sign(key, hashes.SHA256())
    path = tmp_path / "client.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(certificate.public_bytes(Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def serve() -> None:
        connection, _peer = listener.accept()
        with connection, pytest.raises(OSError):  # noqa: PT011 - the client breaks it off
            context.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield str(path), listener.getsockname()[1]
        thread.join(10)


def test_openssls_own_words_are_told(client_certificate: tuple[str, int]) -> None:
    """And no number, and no hint at another authority, which could not help."""
    path, port = client_certificate
    error = refused(ConfigError, f"https://localhost:{port}/token", path)
    assert "its certificate is refused: unsuitable certificate purpose" in error.problem
    assert error.hint == "replace the server's certificate"


@pytest.mark.parametrize(
    ("code", "words", "problem", "hint"),
    [
        (10, "certificate has expired", "its certificate has expired", "clock"),
        (20, "unable to get", "is signed by an unknown authority", "set profiles.p.ca to"),
        (62, "Hostname mismatch for 'x'", "is for another host name", "in profiles.p.token_url"),
        (26, "unsuitable purpose", "is refused: unsuitable purpose", "replace the server's"),
        (79, "bad\x1b[31m <b>word</b>", "is refused: bad m b word b", "replace the server's"),
        (99, "", "is refused: for no known reason", "replace the server's"),
    ],
)
def test_a_certificate_that_is_refused(code: int, words: str, problem: str, hint: str) -> None:
    """Plainer words where there are some; letters and blanks alone of the others."""
    error = ssl.SSLCertVerificationError(1, "not shown")
    error.verify_code, error.verify_message = code, words
    made = tls.explain(error, Peer("https://idp.example", "the server", "profiles.p.token_url"))
    assert type(made) is ConfigError
    assert problem in " ".join(made.problem.split())
    assert hint in made.hint
    assert ("profiles.p.ca" in made.hint) is (code == 20)


def test_tls_to_a_plain_port(scripted: Script) -> None:
    """The address is at fault, not the server's TLS settings."""
    server = scripted(grant(), kind="")
    error = refused(ConfigError, f"https://127.0.0.1:{server.port}/token")
    assert error.problem == f"{server.whom} speaks no TLS on this port"
    assert (
        error.hint == "correct the port in profiles.p.token_url, or write http:// (loopback only)"
    )


def test_plain_http_to_a_port_for_tls(scripted: Script) -> None:
    """The key of the address is named, and the secret was never sent where it could be read."""
    server = scripted(grant())
    error = refused(ConfigError, f"http://127.0.0.1:{server.port}/token")
    assert error.problem == (
        f"{server.whom} speaks TLS on this port, and profiles.p.token_url starts with http://"
    )
    assert error.hint.startswith("write https:// in profiles.p.token_url")


@pytest.mark.parametrize(
    "behaviour",
    [
        answer(400, "Client sent an HTTP request to an HTTPS server.\n"),
        answer(400, "<html>The plain HTTP request was sent to HTTPS port</html>"),
        answer(400, "Bad Request\nThis combination of host and port requires TLS.\n"),
        answer(400, "You're speaking plain HTTP to an SSL-enabled server port."),
        send(b"\x15\x03\x01\x00\x02\x02\x50"),
    ],
    ids=["Go", "nginx", "Tomcat", "Apache", "alert"],
)
def test_a_server_that_says_it_wants_tls(scripted: Script, behaviour: Behaviour) -> None:
    """Each in its own words."""
    server = scripted(behaviour, kind="")
    error = refused(ConfigError, server.url)
    assert error.problem.startswith(f"{server.whom} speaks TLS on this port")


def test_a_connection_that_breaks_without_tls_is_temporary(scripted: Script) -> None:
    """The port is asked whether it speaks TLS, and does not."""
    server = scripted(reset, kind="")
    where = server.url.split("/")[2]
    problem = refused(TemporaryError, server.url).problem
    assert problem == f"the connection to the token endpoint at {where} failed"
    assert len(server.requests) == 1
