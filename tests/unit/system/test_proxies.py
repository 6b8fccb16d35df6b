"""A proxy that is none, or does not let us pass: it is named, and not the host behind it."""

import socket
from collections.abc import Callable

import pytest

from credhelper.config.profile import Profile
from credhelper.config.reference import SecretRef
from credhelper.errors import ConfigError, CredhelperError, TemporaryError
from credhelper.oauth import exchange
from credhelper.secrets.secret import Secret
from credhelper.system import proxies
from tests.support.servers.scripted import Script, answer, grant

URL = "https://idp.example/token"
SetVariable = Callable[[str, str], None]
pytestmark = pytest.mark.usefixtures("clean_environ")


def refused(kind: type[CredhelperError], proxy: str = "") -> CredhelperError:
    """Return the error of an exchange by way of a proxy."""
    chosen = Profile("p", "app", SecretRef("env", "NAME"), token_url=URL, proxy=proxy)
    with pytest.raises(CredhelperError) as caught:
        exchange.exchange(chosen, Secret("s3cret-of-the-client"), attempts=1)
    assert type(caught.value) is kind
    assert "p4ssword" not in caught.value.line()
    return caught.value


@pytest.mark.parametrize("scheme", ["socks4", "socks5", "SOCKS5H"])
@pytest.mark.parametrize("name", ["ALL_PROXY", "HTTPS_PROXY", "https_proxy"])
def test_socks_without_pysocks_names_the_variable(
    clean_environ: SetVariable, monkeypatch: pytest.MonkeyPatch, scheme: str, name: str
) -> None:
    """To try again cannot help."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    clean_environ(name, f"{scheme}://user:p4ssword@127.0.0.1:1")
    error = refused(ConfigError)
    assert error.problem == f"{name} names a SOCKS proxy, which needs PySocks"
    assert name in error.hint


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1:1", "http://", "http://[::1", "http://h:99999", "http://h:port"]
)
def test_what_is_no_proxy_is_named_by_its_key(clean_environ: SetVariable, address: str) -> None:
    """Or by its variable; the address may hold a password and is not shown."""
    assert refused(ConfigError, address).problem == "`proxy` is no address of a proxy"
    clean_environ("https_proxy", address)
    assert refused(ConfigError).hint == "set https_proxy like http://host:port"


ANSWERS: dict[int, tuple[type[CredhelperError], str, str]] = {
    407: (
        ConfigError,
        "does not accept user and password (407)",
        "user and password in HTTPS_PROXY",
    ),
    403: (ConfigError, "refuses the connection (403)", "name the host in NO_PROXY"),
    429: (TemporaryError, "cannot connect (429)", "later"),
    502: (TemporaryError, "cannot connect (502)", "later"),
}


@pytest.mark.parametrize("status", ANSWERS)
def test_a_proxy_that_says_no_is_named(
    scripted: Script, clean_environ: SetVariable, status: int
) -> None:
    """By the variable; nothing is said of the host that was not reached."""
    kind, words, hint = ANSWERS[status]
    proxy = scripted(answer(status), kind="")
    clean_environ("HTTPS_PROXY", f"user:p4ssword@127.0.0.1:{proxy.port}")
    error = refused(kind)
    assert error.problem == f"the proxy on the way to idp.example {words}"
    assert hint in error.hint


def test_the_name_of_a_proxy_is_the_proxys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint's own name was never looked up."""

    def resolve(*_words: object, **_named: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "p4ssword")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    error = refused(ConfigError, "http://proxy.invalid:3128")
    assert error.problem == "the name of the proxy on the way to idp.example does not exist"
    assert error.hint == "correct `proxy`"


def test_a_proxy_that_speaks_no_tls_is_no_fault_of_the_host(scripted: Script) -> None:
    """`https://` before a proxy means TLS to the proxy itself."""
    proxy = scripted(grant(), kind="")
    error = refused(ConfigError, f"https://127.0.0.1:{proxy.port}")
    assert error.problem == "the proxy on the way to idp.example speaks no TLS that can be trusted"


def test_no_proxy_is_none(clean_environ: SetVariable) -> None:
    """For hosts that NO_PROXY names, and where nothing is set."""
    assert proxies.find(URL, "") == ""
    clean_environ("ALL_PROXY", "proxy.example:3128")
    assert proxies.find(URL, "") == "http://proxy.example:3128"
    clean_environ("NO_PROXY", "idp.example")
    assert proxies.find(URL, "") == ""
    assert proxies.find(URL, "http://own.example:1") == "http://own.example:1"
