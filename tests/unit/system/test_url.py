"""An endpoint is an absolute https URL with nothing hidden in it."""

import pytest

from credhelper import hosts
from credhelper.errors import ConfigError
from credhelper.system import url


@pytest.mark.parametrize(
    "address",
    [
        "https://ims.bentley.com/connect/token",
        "https://login.example.com:8443/a/b?tenant=1&x=%20",
        "https://[2001:db8::1]/token",
        "http://127.0.0.1:8080/token",
        "http://127.255.0.3/token",
        "http://localhost/token",
        "http://[::1]:8080/token",
    ],
)
def test_a_good_endpoint_is_returned_as_it_is(address: str) -> None:
    """No normalising: the cache and the server see what the user wrote."""
    assert url.endpoint(address, key="token_url") == address


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ims.bentley.com/token", "does not start with https://"),
        ("vault.example.com:8200", "does not start with https://"),
        ("https:///token", "names no host"),
        ("https://a%2eb/token", "has a percent sign in its host"),
        ("https://user@example.com/token", "has a user part"),
        ("https://example.com/token#x", "has a fragment, the part from # on"),
    ],
)
def test_what_is_wrong_is_named(address: str, words: str) -> None:
    """That one thing, after the key."""
    with pytest.raises(ConfigError, match=f"^VAULT_ADDR {words}"):
        url.endpoint(address, key="VAULT_ADDR")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ims.bentley.com/connect/token",
        "//ims.bentley.com/token",
        "https:///token",
        "https://",
        "file:///etc/passwd",
        "ftp://example.com/token",
        "http://example.com/token",
        "http://10.0.0.1/token",
        "http://localhost.example.com/token",
        "http://127.0.0.1.example.com/token",
        "http://127.1/token",
        "http://127.0.0.999/token",
        "http://localhost./token",
        "https://user@example.com/token",
        "https://user:pw@example.com/token",
        "https://:pw@example.com/token",
        "https://@example.com/token",
        "https://example.com/token#fragment",
        "https://example.com:99999/token",
        "https://example.com:port/token",
        "https://[::1/token",
        "https://example.com/to ken",
        "https://example.com/\ntoken",
        "https://example.com/\x1b[31m",
        "https://ex\u00e4mple.com/token",
        "https://evil.example\\.good.example/token",
        "https://example.com\\@good.example/token",
        "https://example.com/{tenant}/token",
        'https://example.com/"token"',
        " https://example.com/token",
    ],
)
def test_anything_else_is_refused(address: str) -> None:
    """The error names the key; it quotes neither a user part nor the whole address."""
    with pytest.raises(ConfigError) as caught:
        url.endpoint(address, key="profiles.p.token_url")
    line = caught.value.line()
    assert line.startswith("credhelper: config: profiles.p.token_url ")
    assert caught.value.hint == "set profiles.p.token_url to an https:// address"
    assert "pw" not in line
    assert line.isprintable()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.255.255", True),
        ("::1", True),
        ("127.0.0.256", False),
        ("127.0.0.08", False),
        ("127.0.0.1\n", False),
        ("localhost.localdomain", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_loopback_is_told_by_the_spelling(host: str, expected: bool) -> None:  # noqa: FBT001 - a row
    """No resolver is asked, because it could say anything."""
    assert hosts.is_loopback(host) is expected


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://User:pw@EXAMPLE.com:8443/x", "example.com"),
        ("/relative", ""),
        ("https://[::1/x", ""),
        ("", ""),
    ],
)
def test_the_host_of_any_text_is_told(address: str, host: str) -> None:
    """Also of a hostile `Location`: nothing raises."""
    assert url.host_of(address) == host


@pytest.mark.parametrize(
    ("address", "whom"),
    [
        ("https://idp.example/a:80/token", "the server at idp.example"),
        ("https://idp.example:8443/a:80/", "the server at idp.example:8443"),
        ("https://[::1]:8443/token", "the server at [::1]:8443"),
        ("https://[::1]/token", "the server at [::1]"),
    ],
)
def test_a_server_is_told_by_host_and_port(address: str, whom: str) -> None:
    """A colon in the path is no port, and an IPv6 address stands in brackets."""
    assert url.Peer(address, "the server").whom == whom
