"""The real go, with credhelper in GOAUTH, against a TLS stub of a module server."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from credhelper import cache
from credhelper.renewal import store
from tests.conftest import COMMAND, Box, Ran
from tests.support import canary
from tests.support.servers import http, process
from tests.support.servers.counting import TokenServer
from tests.support.servers.http import Asked, Reply
from tests.support.slots import of

# What a module proxy says, and what a page for a direct fetch says about the same proxy.
PAGES = {
    "/@v/list": "v1.0.0\nv1.1.0\n",
    "/@v/v1.1.0.info": '{"Version":"v1.1.0","Time":"2026-01-02T03:04:05Z"}',
    "/@v/v1.1.0.mod": "module {module}\n",
    "?go-get=1": '<meta name="go-import" content="{module} mod https://code.example.com/mirror">',
}
MODULE = "code.example.com/m"
VERSIONS = f"{MODULE} v1.0.0 v1.1.0\n"
REJECTION = 'Bearer error="invalid_token"'


def page(asked: Asked) -> str:
    """Return what a module server has at a URL, "" for nothing."""
    path, mark, query = asked.path.removeprefix("/mirror").partition("?")
    key = mark + query if mark else path.removeprefix(f"/{MODULE}")
    return PAGES.get(key, "").replace("{module}", MODULE)


@dataclass
class Modules:
    """A module server: the Authorization headers that it was sent, and which of them it wants."""

    seen: list[str] = field(default_factory=list)
    accepted: str = "Bearer canary-token-1"

    def answer(self, asked: Asked) -> Reply:
        """Return a page, or say that the token is missing or wrong."""
        sent = asked.headers.get("Authorization", "")
        self.seen.append(sent)
        if sent != self.accepted:
            return Reply(401, headers={"WWW-Authenticate": REJECTION if sent else "Bearer"})
        found = page(asked)
        return Reply(200 if found else 404, found)

    def take(self) -> list[str]:
        """Return the Authorization headers of all requests since the last time."""
        seen, self.seen = self.seen, []
        return seen


@pytest.fixture
def modules(box: Box, tokens: TokenServer) -> Iterator[Modules]:
    """Return a server that is each host behind a proxy, with the box set up for go to ask it."""
    process.need("go")
    modules, ca = Modules(), box.home / "ca.pem"
    box.itwin(tokens.url)
    with http.serving(modules.answer, ca, names=["*.example.com"], is_proxy=True) as served:
        box.environ |= {
            "CREDHELPER_HOSTS": "code.example.com",
            "GOAUTH": f"{COMMAND} as goauth",
            "GOPROXY": "https://code.example.com",
            "GONOSUMDB": "*",
            "GOFLAGS": "-mod=mod -modcacherw",
            "GOTOOLCHAIN": "local",
            "HTTPS_PROXY": served.url,
            "SSL_CERT_FILE": str(ca),
        }
        yield modules


def go_list(box: Box) -> Ran:
    """Run `go list -m -versions` with nothing downloaded before."""
    shutil.rmtree(box.home / "go", ignore_errors=True)
    return box.call("go", "list", "-m", "-versions", MODULE)


def age(box: Box) -> None:
    """Make the cached token a minute old."""
    source = cache.source(box.environ)
    old = cache.read(of(box.cache, source), box.environ)
    assert old
    old.stored_at = time.time() - 60
    store.write(of(box.cache, source), old)


@pytest.mark.parametrize("proxy", ["https://code.example.com", "direct"])
def test_go_sends_the_token(box: Box, tokens: TokenServer, modules: Modules, proxy: str) -> None:
    """The first go asks after a 401; the next ones know the token before they send anything."""
    box.environ["GOPROXY"] = proxy
    done = go_list(box)
    assert done.stdout == VERSIONS, done.stderr
    first, *others = modules.take()
    assert (first, set(others)) == ("", {modules.accepted})
    age(box)
    assert go_list(box).stdout == VERSIONS
    assert set(modules.take()) == {modules.accepted}
    assert tokens.count == 1


def test_a_rejected_token_is_replaced_at_once(
    box: Box, tokens: TokenServer, modules: Modules
) -> None:
    """The same go command goes on with a new token, and the next one needs none."""
    assert go_list(box).stdout == VERSIONS
    age(box)
    modules.take()
    modules.accepted = "Bearer canary-token-2"
    done = go_list(box)
    assert done.stdout == VERSIONS, done.stderr
    first, *others = modules.take()
    assert (first, set(others)) == ("Bearer canary-token-1", {modules.accepted})
    assert go_list(box).stdout == VERSIONS
    assert tokens.count == 2


def test_a_new_token_that_is_rejected_stays(
    box: Box, tokens: TokenServer, modules: Modules
) -> None:
    """A server that rejects everything costs no request for each of many URLs."""
    modules.accepted = "Bearer another"
    for _ in range(2):
        assert "401 Unauthorized" in go_list(box).stderr
    assert tokens.count == 1


def test_a_suffix_gets_the_token_after_a_401(
    box: Box, tokens: TokenServer, modules: Modules
) -> None:
    """Such a host is not known beforehand: its first 401 says nothing about the cached token."""
    box.environ["CREDHELPER_HOSTS"] = "*.example.com"
    for _ in range(2):
        assert go_list(box).stdout == VERSIONS
        first, *others = modules.take()
        assert (first, set(others)) == ("", {modules.accepted})
        age(box)
    assert tokens.count == 1


@pytest.mark.parametrize(
    ("header", "count"), [("", 1), ("Bearer", 1), (f"{REJECTION}, scope=x", 2)]
)
def test_a_server_may_say_that_a_token_is_invalid(
    box: Box, tokens: TokenServer, header: str, count: int
) -> None:
    """With a suffix, the server's own word replaces the token (RFC 6750 section 3.1)."""
    box.itwin(tokens.url)
    box.environ["CREDHELPER_HOSTS"] = "*.example.com"
    for _ in range(2):
        said = f"HTTP/1.1 401 Unauthorized\nWww-Authenticate: {header}\n\n"
        done = box.call(COMMAND, "as", "goauth", f"https://{MODULE}", stdin=said)
        if tokens.count == 1:
            age(box)
    expected = f"https://code.example.com\n\nAuthorization: Bearer canary-token-{count}\n\n"
    assert (done.stdout, done.stderr, tokens.count) == (expected, "", count)


def test_another_host_is_sent_nothing(box: Box, tokens: TokenServer, modules: Modules) -> None:
    """A host that no profile serves gets no token, and no token is fetched for it."""
    box.environ["CREDHELPER_HOSTS"] = "api.example.com"
    done = go_list(box)
    assert "401 Unauthorized" in done.stderr
    assert set(modules.take()) == {""}
    assert tokens.count == 0


def given(box: Box, *words: str) -> dict[str, str]:
    """Return what go is told before its first fetch: the header by the prefix of the URLs."""
    lines = box.run("as", "goauth", *words).stdout.split("\n\n")
    return dict(zip(lines[::2], lines[1::2], strict=False))


def both(name: str, number: int) -> dict[str, str]:
    """Return what go is told about a host of 443: with the port and without it."""
    header = f"Authorization: Bearer canary-token-{number}"
    return {f"https://{name}.example.com{port}": header for port in ("", ":443")}


def test_the_first_call_gives_each_host_its_own_token(box: Box, tokens: TokenServer) -> None:
    """Tokens cached under these settings, for hosts that one profile serves; none is fetched."""
    profiles = "".join(
        f'[profiles.{name}]\ntoken_url = "{tokens.url}"\nclient_id = "{name}"\n'
        f'client_secret = "env:SECRET"\nhosts = ["{name}.example.com", "both.example.com"]\n'
        for name in ("a", "b", "c")
    )
    box.config(profiles)
    box.environ["SECRET"] = canary.CLIENT_SECRET
    assert given(box) == {}
    for name in ("a", "b"):
        box.run("as", "goauth", f"https://{name}.example.com/m")
    assert given(box) == both("a", 1) | both("b", 2)
    assert given(box, "b") == both("b", 2) | both("both", 2)
    box.config(profiles + "# changed")
    assert given(box) == {}
    box.run("as", "goauth", "https://c.example.com/m")
    assert given(box) == both("c", 3)
    assert tokens.count == 3
