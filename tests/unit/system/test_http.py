"""The hardened session: what no server, proxy or environment can make it do."""

import email.utils
import shutil
import socket
import ssl
import subprocess
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from credhelper import cache
from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError, CredhelperError, ProtocolError, TemporaryError
from credhelper.oauth import exchange
from credhelper.renewal import issue, order
from credhelper.secrets.secret import Secret
from credhelper.system import deadline, http, unreached
from credhelper.system.url import Peer
from tests.conftest import Box
from tests.support.servers.scripted import (
    Behaviour,
    Kind,
    Script,
    Scripted,
    answer,
    broken_chunk,
    drip_body,
    drip_head,
    grant,
    huge,
    redirect,
    reset,
    send,
    short,
    silence,
    tunnel,
    zipped,
)

SECRET = "s3cret-of-the-client"
PASSWORD = "p4ss:w@rd-of-the-proxy"
IMS = "https://ims.bentley.com/connect/token"
TOKEN = b'{"access_token":"tok","token_type":"Bearer"}'
SetVariable = Callable[[str, str], None]
pytestmark = pytest.mark.usefixtures("clean_environ", "_no_pause")


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries follow at once."""
    monkeypatch.setattr(http, "BACKOFF_BASE_S", 0.01)


def profile(**settings: Any) -> Profile:  # noqa: ANN401 - as many kinds as the fields have
    """Return a profile that sends the secret in the form, with these settings."""
    reference = SecretRef("env", "APP_SECRET")
    base = {"name": "p", "client_id": "app", "client_auth": "client_secret_post"}
    return Profile(**{**base, "client_secret": reference, **settings})


def at(server: Scripted, **settings: Any) -> Profile:  # noqa: ANN401 - as many kinds as the fields have
    """Return a profile for a scripted server."""
    return profile(**{"token_url": server.url, "ca": server.ca, **settings})


def got_token(chosen: Profile) -> bool:
    """Return True once the exchange has brought a token."""
    return exchange.exchange(chosen, Secret(SECRET), attempts=3).token.access_token == "tok"


def refused(kind: type[CredhelperError], chosen: Profile) -> CredhelperError:
    """Return the error of an exchange that must fail; no secret or password is in it."""
    with pytest.raises(kind) as caught:
        exchange.exchange(chosen, Secret(SECRET), attempts=3)
    return harmless(kind, caught.value)


def harmless(kind: type[CredhelperError], error: CredhelperError) -> CredhelperError:
    """Return the error after a look at all that could ever be shown of it."""
    assert type(error) is kind
    shown = "".join(traceback.format_exception(error)) + error.line()
    for hidden in (SECRET, PASSWORD, quote(PASSWORD, safe="")):
        assert hidden not in shown
    assert "\n\nDuring handling" not in shown
    assert "\n\nThe above exception" not in shown
    return error


# Redirects


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_no_redirect_is_followed(scripted: Script, status: int) -> None:
    """A 307 would carry the secret along: the other host hears nothing, and is not named."""
    target = scripted(grant())
    location = target.url.replace("127.0.0.1", "localhost") + "?path-of-the-target"
    server = scripted(redirect(status, location))
    error = refused(ConfigError, at(server))
    assert error.problem.startswith(f"{server.whom} redirects to another host, ")
    assert "localhost" not in error.line()
    assert (target.connections, len(server.requests)) == (0, 1)


@pytest.mark.parametrize("location", ["", "/relative", "https://[::1", "\u00e9", "https://"])
def test_a_redirect_to_nowhere_is_refused_as_well(scripted: Script, location: str) -> None:
    """Also one that Python's parser chokes on."""
    server = scripted(redirect(302, location))
    assert "redirects to another place" in refused(ConfigError, at(server)).problem
    assert len(server.requests) == 1


# Bodies


def test_a_compressed_answer_is_refused(scripted: Script) -> None:
    """Nobody asked for it, and a little of it unpacks to a lot."""
    server = scripted(zipped(TOKEN))
    assert "compressed" in refused(ProtocolError, at(server)).problem
    assert len(server.requests) == 1


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "x"])
def test_any_encoding_is_refused(scripted: Script, encoding: str) -> None:
    """Known or not."""
    server = scripted(answer(200, TOKEN, Content_Encoding=encoding))
    refused(ProtocolError, at(server))


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_no_encoding_has_several_spellings(scripted: Script, encoding: str) -> None:
    """RFC 9110 section 8.4.1: the names of codings are case-insensitive."""
    assert got_token(at(scripted(answer(200, TOKEN, Content_Encoding=encoding))))


def test_a_body_at_the_limit_is_read(scripted: Script) -> None:
    """256 KiB, and not one byte less."""
    server = scripted(answer(200, TOKEN + b" " * (http.BODY_LIMIT - len(TOKEN))))
    assert got_token(at(server))


@pytest.mark.parametrize("behaviour", [huge(20 * 2**20), answer(200, b" " * (256 * 1024 + 1))])
def test_a_body_over_the_limit_is_not(scripted: Script, behaviour: Behaviour) -> None:
    """Announced or not, it is left unread."""
    server = scripted(behaviour)
    assert "more than 262144 bytes" in refused(ProtocolError, at(server)).problem
    assert len(server.requests) == 1


def test_a_good_chunked_answer_is_read(scripted: Script) -> None:
    """Chunks are no encoding."""
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (TOKEN[:9], TOKEN[9:], b""))
    server = scripted(send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks))
    assert got_token(at(server))


# Connections


FAULTS = {
    "reset": reset,
    "closed": send(b""),
    "short body": short(TOKEN),
    "broken chunk": broken_chunk,
    "cut chunk": send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nxx"),
    "cut head": send(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "no HTTP": send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "endless head": send(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"),
    "many headers": send(b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 500 + b"\r\n"),
}


@pytest.mark.parametrize("name", ["reset", "closed", "short body", "broken chunk", "cut chunk"])
def test_a_connection_that_breaks_is_tried_three_times(scripted: Script, name: str) -> None:
    """Then the failure is temporary; half a body is no token."""
    server = scripted(FAULTS[name])
    refused(TemporaryError, at(server))
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cut head", ProtocolError),
        ("no HTTP", TemporaryError),
        ("endless head", TemporaryError),
        ("many headers", TemporaryError),
    ],
)
def test_an_answer_that_is_no_http_is_not_quoted(
    scripted: Script, name: str, kind: type[CredhelperError]
) -> None:
    """Python's errors about it quote the line, so their text is dropped."""
    assert "SSH" not in refused(kind, at(scripted(FAULTS[name]))).line()


@pytest.mark.parametrize("name", ["reset", "closed", "short body"])
def test_a_connection_that_recovers_is_forgiven(scripted: Script, name: str) -> None:
    """The second try counts."""
    assert got_token(at(scripted(FAULTS[name], grant())))


def test_a_port_where_nobody_listens_is_temporary() -> None:
    """The server may just be starting."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = refused(TemporaryError, profile(token_url=f"https://127.0.0.1:{port}/token"))
    assert error.problem == f"the token endpoint at 127.0.0.1:{port} refuses connections"


def test_a_name_that_does_not_exist() -> None:
    """The config is wrong, unless the machine's resolver has no answer to give (EAI_AGAIN)."""
    with pytest.raises((ConfigError, TemporaryError)) as caught:
        exchange.exchange(
            profile(token_url="https://nonexistent.invalid/token"), Secret(SECRET), attempts=1
        )
    assert "nonexistent.invalid" in harmless(type(caught.value), caught.value).problem


@pytest.mark.parametrize(
    ("number", "kind", "attempts"),
    [(socket.EAI_NONAME, ConfigError, 1), (socket.EAI_AGAIN, TemporaryError, 3)],
)
def test_what_the_resolver_says_decides(
    monkeypatch: pytest.MonkeyPatch, number: int, kind: type[CredhelperError], attempts: int
) -> None:
    """A name that does not exist is asked once; a resolver in trouble three times."""
    asked: list[object] = []

    def resolve(host: object, *_further: object, **_named: object) -> None:
        asked.append(host)
        raise socket.gaierror(number, SECRET)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    refused(kind, profile(token_url="https://login.example.com/token"))
    assert len(asked) == attempts


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example", "*.example.com", "[fe80::1]"])
def test_a_host_that_cannot_be_asked(host: str) -> None:
    """Whatever the libraries raise about it becomes one of our errors."""
    with pytest.raises((ConfigError, TemporaryError)) as caught:
        exchange.exchange(profile(token_url=f"https://{host}/"), Secret(SECRET), attempts=1)
    harmless(type(caught.value), caught.value)


# The deadline


@pytest.mark.slow
@pytest.mark.parametrize("behaviour", [drip_body, drip_head, silence])
def test_a_server_that_never_ends_is_left_at_the_deadline(
    scripted: Script, monkeypatch: pytest.MonkeyPatch, behaviour: Behaviour
) -> None:
    """A time limit on each read would be met for ever."""
    monkeypatch.setenv("APP_SECRET", SECRET)
    chosen = at(scripted(behaviour), deadline=1.0, ephemeral=True)
    begun = time.monotonic()
    with pytest.raises(TemporaryError) as caught:
        issue.issue(order.place(chosen, cache.Source("", stamp=""), started=begun))
    assert 0.9 < time.monotonic() - begun < 3
    assert "within" in harmless(TemporaryError, caught.value).problem


def test_the_commands_deadline_holds(scripted: Script, box: Box) -> None:
    """End to end: the config's word ends the run, with one line and nothing on stdout."""
    server = scripted(drip_body)
    box.environ["APP_SECRET"] = SECRET
    box.config(
        "[profiles.p]\n"
        f'token_url = "{server.url}"\nca = "{server.ca}"\ndeadline = "1s"\n'
        'client_id = "app"\nclient_secret = "env:APP_SECRET"\n'
    )
    begun = time.monotonic()
    line = box.run("get").refused(75)
    assert time.monotonic() - begun < 3
    assert line.startswith("credhelper: temporary: profile p got no token within 1 s")
    assert SECRET not in line


def test_a_pause_that_does_not_fit_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last error is raised instead of a deadline that hides it."""
    monkeypatch.setattr(deadline, "remaining_s", lambda: 0.5)
    tries: list[int] = []

    def attempt() -> None:
        tries.append(1)
        raise TemporaryError("busy", hint="wait", retry_after_s=0.6)

    with pytest.raises(TemporaryError, match="busy"):
        http.retrying(attempt)
    assert len(tries) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("9" * 50, 999_999_999.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("\u0663", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0.0),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Fri, 99 Dec 2099 23:59:59 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    """RFC 9110 section 10.2.3; a past date is now, and nonsense says nothing."""
    assert http.retry_after_s(value) == seconds


def test_retry_after_may_be_a_date_to_come() -> None:
    """Counted from now, by this machine's clock."""
    wait_s = http.retry_after_s(email.utils.formatdate(time.time() + 100, usegmt=True))
    assert wait_s is not None
    assert 90 < wait_s <= 100


# TLS


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expired", "its certificate has expired"),
        ("early", "its certificate is not valid yet"),
        ("other host", "its certificate is for another "),
        ("other ca", "its certificate is signed by an unknown authority"),
        ("old", "no TLS 1.2 or newer connection"),
    ],
)
def test_a_server_that_cannot_be_trusted_gets_nothing(
    scripted: Script, kind: Kind, reason: str
) -> None:
    """The reason is named, nothing is tried again, and no request is ever sent."""
    server = scripted(grant(), kind=kind)
    error = refused(ConfigError, at(server))
    assert reason in error.problem
    assert ("clock" in error.hint) is (kind in ("expired", "early"))
    assert error.problem.count("127.0.0.1") == 1
    assert (server.settled(), server.connections) == ([], 1)


def test_a_host_name_must_be_the_certificates(scripted: Script) -> None:
    """By name as by address."""
    server = scripted(grant(), kind="other host")
    named = server.url.replace("127.0.0.1", "localhost")
    error = refused(ConfigError, at(server, token_url=named))
    assert "its certificate is for another host name" in error.problem
    assert server.settled() == []


def test_a_server_without_tls_gets_nothing(scripted: Script) -> None:
    """There is no falling back to plain text."""
    server = scripted(grant(), kind="")
    refused(ConfigError, at(server, token_url=server.url.replace("http:", "https:")))
    assert server.settled() == []


def test_a_handshake_that_breaks_off_is_temporary(scripted: Script) -> None:
    """It may be a restart."""
    server = scripted(grant(), kind="cut")
    refused(TemporaryError, at(server))
    assert server.connections == 3


def test_plain_http_is_good_enough_on_loopback(scripted: Script) -> None:
    """It leaves no machine."""
    assert got_token(at(scripted(grant(), kind=""), ca=""))


# Roots


CA_VARIABLES = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"]


@pytest.mark.parametrize("name", CA_VARIABLES)
def test_the_profiles_roots_win_over_the_environments(
    scripted: Script, clean_environ: SetVariable, name: str
) -> None:
    """`ca` is the whole truth, both ways."""
    server, other = scripted(grant()), scripted(grant())
    clean_environ(name, other.ca)
    assert got_token(at(server))
    clean_environ(name, server.ca)
    refused(ConfigError, at(server, ca=other.ca))


@pytest.mark.parametrize("name", CA_VARIABLES)
def test_without_them_the_environments_are_honoured(
    scripted: Script, clean_environ: SetVariable, name: str
) -> None:
    """As users of OpenSSL and requests expect."""
    server = scripted(grant())
    clean_environ(name, server.ca)
    assert got_token(at(server, ca=""))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl computes the names")
def test_a_directory_of_roots_is_honoured(
    scripted: Script, clean_environ: SetVariable, tmp_path: Path
) -> None:
    """As the profile's and as the environment's; OpenSSL finds roots in it by hash."""
    server, folder = scripted(grant()), tmp_path / "roots"
    folder.mkdir()
    pem = server.authority.cert_pem.bytes()
    (folder / f"{subject_hash(pem)}.0").write_bytes(pem)
    assert got_token(at(server, ca=str(folder)))
    clean_environ("SSL_CERT_DIR", str(folder))
    assert got_token(at(server, ca=""))


def subject_hash(pem: bytes) -> str:
    """Return the name OpenSSL gives a root in a hashed directory (X509_NAME_hash)."""
    command = ["openssl", "x509", "-noout", "-subject_hash"]
    done = subprocess.run(command, input=pem, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REQUESTS_CA_BUNDLE", ""),
        ("CURL_CA_BUNDLE", ""),
        ("SSL_CERT_FILE", ""),
        ("SSL_CERT_DIR", ""),
        ("REQUESTS_CA_BUNDLE", "/nonexistent"),
        ("SSL_CERT_FILE", "/dev/null"),
        ("PYTHONHTTPSVERIFY", "0"),
        ("CURL_INSECURE", "1"),
        ("CREDHELPER_VERIFY", "false"),
    ],
)
def test_nothing_switches_verification_off(
    scripted: Script, clean_environ: SetVariable, name: str, value: str
) -> None:
    """No variable, empty or odd, makes a server trusted that is not."""
    server = scripted(grant())
    clean_environ(name, value)
    refused(ConfigError, at(server, ca=""))
    assert server.settled() == []


def test_roots_that_are_none_are_refused(scripted: Script, tmp_path: Path) -> None:
    """A file that is no PEM trusts nobody, and the error says where to look."""
    empty = tmp_path / "no.pem"
    empty.write_text("nothing")
    server = scripted(grant())
    error = refused(ConfigError, at(server, ca=str(empty)))
    assert "`ca`" in error.line()
    assert server.settled() == []


# Proxies


def proxy_url(port: int) -> str:
    """Return a proxy's address with a user and a password."""
    return f"http://user:{quote(PASSWORD, safe='')}@127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("behaviour", "kind", "attempts"),
    [
        (answer(407), ConfigError, 1),
        (answer(407, Proxy_Authenticate="Basic"), ConfigError, 1),
        (answer(503), TemporaryError, 3),
        (reset, TemporaryError, 3),
        (send(b""), TemporaryError, 3),
        (send(b"nonsense\r\n\r\n"), TemporaryError, 3),
    ],
)
def test_a_proxy_that_refuses(
    scripted: Script, behaviour: Behaviour, kind: type[CredhelperError], attempts: int
) -> None:
    """It is asked for the endpoint's host, learns no secret, and its password is not shown."""
    proxy = scripted(behaviour, kind="")
    error = refused(kind, profile(token_url=IMS, proxy=proxy_url(proxy.port)))
    assert "ims.bentley.com" in error.problem
    assert {request.line.split()[1] for request in proxy.requests} == {"ims.bentley.com:443"}
    assert all("proxy-authorization" in request.headers for request in proxy.requests)
    assert len(proxy.requests) == attempts


def test_a_number_in_an_address_is_no_407(scripted: Script) -> None:
    """The proxy's status decides, not a text in which the URL stands as well."""
    proxy = scripted(answer(503), kind="")
    address = "https://idp-407.example/407"
    refused(TemporaryError, profile(token_url=address, proxy=proxy_url(proxy.port)))


def test_a_proxy_where_nobody_listens_is_temporary() -> None:
    """Its password is not shown either."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    chosen = profile(token_url=IMS, proxy=proxy_url(port))
    assert "proxy" in refused(TemporaryError, chosen).problem


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_environments_proxy_is_honoured(
    scripted: Script, clean_environ: SetVariable, name: str
) -> None:
    """As every other program does."""
    proxy = scripted(answer(407), kind="")
    clean_environ(name, proxy_url(proxy.port))
    refused(ConfigError, profile(token_url=IMS))
    assert proxy.requests[0].line.startswith("CONNECT ims.bentley.com:443 ")


def test_the_profiles_proxy_wins(scripted: Script, clean_environ: SetVariable) -> None:
    """Over the environment's."""
    proxy, other = scripted(answer(407), kind=""), scripted(answer(407), kind="")
    clean_environ("HTTPS_PROXY", proxy_url(other.port))
    refused(ConfigError, profile(token_url=IMS, proxy=proxy_url(proxy.port)))
    assert (proxy.connections, other.connections) == (1, 0)


@pytest.mark.parametrize("address", ["not a url", "socks5://127.0.0.1:1", "http://[::1", "http://"])
def test_a_proxy_that_is_none_is_refused(address: str) -> None:
    """Whatever the libraries raise about it becomes one of our errors."""
    with pytest.raises((ConfigError, TemporaryError)) as caught:
        exchange.exchange(profile(token_url=IMS, proxy=address), Secret(SECRET), attempts=1)
    harmless(type(caught.value), caught.value)


@pytest.mark.parametrize("kind", ["", "trusted"])
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"])
def test_loopback_needs_no_proxy(
    scripted: Script, clean_environ: SetVariable, kind: Kind, name: str
) -> None:
    """A plain-text request would leave the machine."""
    proxy, server = scripted(answer(407), kind=""), scripted(grant(), kind=kind)
    clean_environ(name, proxy_url(proxy.port))
    assert got_token(at(server))
    assert got_token(at(server, proxy=proxy_url(proxy.port)))
    assert proxy.connections == 0


def test_the_secret_goes_through_the_tunnel_only(scripted: Script) -> None:
    """The proxy sees a host name; inside is TLS with the endpoint itself."""
    proxy = scripted(tunnel("idp.example", grant()), kind="")
    chosen = profile(
        token_url="https://idp.example/token", ca=proxy.ca, proxy=proxy_url(proxy.port)
    )
    assert got_token(chosen)
    outside, inside = proxy.requests
    assert outside.line.startswith("CONNECT idp.example:443 ")
    assert SECRET not in repr(outside)
    assert SECRET in inside.body
    assert "proxy-authorization" not in inside.headers


def test_the_tunnels_end_must_be_trusted_as_well(scripted: Script) -> None:
    """A proxy that answers in the endpoint's stead is found out."""
    proxy, other = scripted(tunnel("idp.example", grant()), kind=""), scripted(grant())
    chosen = profile(
        token_url="https://idp.example/token", ca=other.ca, proxy=proxy_url(proxy.port)
    )
    assert "unknown authority" in refused(ConfigError, chosen).problem
    assert [request.line.split()[0] for request in proxy.settled()] == ["CONNECT"]


def test_metadata_cannot_lead_the_secret_past_tls(
    scripted: Script, clean_environ: SetVariable
) -> None:
    """RFC 8414 wants https: what listens on this machine gets no secret from a remote issuer."""
    here = scripted(grant(), kind="")
    document = f'{{"issuer":"https://idp.example","token_endpoint":"{here.url}"}}'
    proxy = scripted(tunnel("idp.example", answer(200, document)), kind="")
    clean_environ("ALL_PROXY", proxy_url(proxy.port))
    error = refused(ConfigError, profile(issuer="https://idp.example", ca=proxy.ca))
    assert "no plain https:// address" in error.problem
    assert here.connections == 0


# The session itself


def test_the_session_takes_nothing_from_the_environment_by_itself() -> None:
    """`trust_env` would read `.netrc` and let a variable replace the roots."""
    with http.open_session(Peer("https://127.0.0.1/", "the server")) as session:
        assert session.trust_env is False
        assert session.verify
        assert session.auth is None
        assert not session.proxies


def test_no_foreign_text_is_shown() -> None:
    """An exception of a library can quote a header, so its text is dropped."""
    for error in (ValueError(SECRET), OSError(SECRET), ssl.SSLError(1, SECRET), KeyError(SECRET)):
        url = f"https://user:{SECRET}@h.example/{SECRET}"
        made = unreached.explain(error, Peer(url, "Vault"))
        assert SECRET not in made.line() + repr(made)
        assert "h.example" in made.problem
