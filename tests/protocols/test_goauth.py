"""The real go, with credhelper in GOAUTH, against a TLS stub of a module server."""

import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from credhelper import cache, store
from tests import canary
from tests.conftest import COMMAND, Box
from tests.servers.counting import TokenServer

# What a module proxy says, and what a page for a direct fetch says about the same proxy.
PAGES = {
    "/@v/list": "v1.0.0\nv1.1.0\n",
    "/@v/v1.1.0.info": '{"Version":"v1.1.0","Time":"2026-01-02T03:04:05Z"}',
    "/@v/v1.1.0.mod": "module {module}\n",
    "?go-get=1": '<meta name="go-import" content="{module} mod https://code.example.com/mirror">',
}
VERSIONS = "code.example.com/m v1.0.0 v1.1.0\n"
REJECTION = 'Bearer error="invalid_token"'


class Modules:
    """A proxy of HTTPS_PROXY that plays every host itself: what it saw, which token it wants."""

    def __init__(self, ca: Path) -> None:
        self.seen: list[str] = []
        self.accepted = "Bearer canary-token-1"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(ca))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("*.example.com").configure_cert(context)
        outer = self

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sent = self.headers.get("Authorization", "")
                outer.seen.append(sent)
                path, mark, query = self.path.removeprefix("/mirror").partition("?")
                module = "code.example.com/m"
                page = PAGES.get(path.removeprefix(f"/{module}") if not mark else mark + query)
                self.send_response((200 if page else 404) if sent == outer.accepted else 401)
                self.send_header("WWW-Authenticate", REJECTION if sent else "Bearer")
                self.end_headers()
                if sent == outer.accepted and page:
                    self.wfile.write(page.replace("{module}", module).encode())

            def log_message(self, *_arguments: object) -> None:
                """Stay silent."""

        class Tunnel(Pages):
            def do_CONNECT(self) -> None:
                self.send_response(200)
                self.end_headers()
                with context.wrap_socket(self.connection, server_side=True) as connection:
                    Pages(connection, self.client_address, self.server)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Tunnel)
        self.server.daemon_threads = True

    def take(self) -> list[str]:
        """Return the Authorization headers of all requests since the last time."""
        seen, self.seen = self.seen, []
        return seen


@pytest.fixture
def modules(box: Box, tokens: TokenServer) -> Iterator[Modules]:
    """Return a running module server, with the box set up for go to ask it."""
    if not shutil.which("go"):
        pytest.skip("go is not installed")
    modules = Modules(box.home / "ca.pem")
    thread = threading.Thread(target=modules.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    box.itwin(tokens.url)
    box.environ |= {
        "CREDHELPER_HOSTS": "code.example.com",
        "GOAUTH": f"{COMMAND} as goauth",
        "GOPROXY": "https://code.example.com",
        "GONOSUMDB": "*",
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOTOOLCHAIN": "local",
        "HTTPS_PROXY": f"http://127.0.0.1:{modules.server.server_port}",
        "SSL_CERT_FILE": str(box.home / "ca.pem"),
    }
    yield modules
    modules.server.shutdown()
    thread.join()
    modules.server.server_close()


def go_list(box: Box) -> subprocess.CompletedProcess[str]:
    """Run `go list -m -versions` with nothing downloaded before."""
    shutil.rmtree(box.home / "go", ignore_errors=True)
    return subprocess.run(
        ["go", "list", "-m", "-versions", "code.example.com/m"],
        env=box.environ,
        cwd=box.home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def age(box: Box) -> None:
    """Make the cached token a minute old."""
    source = cache.source(box.environ)
    old = cache.read(str(box.cache), source.entry_name("env"), box.environ)
    assert old
    older = cache.Entry(
        old.token,
        stamp=old.stamp,
        identity=old.identity,
        stored_at=time.time() - 60,
        renew_at=old.renew_at,
        conditions=old.conditions,
    )
    store.write(str(box.cache), source.entry_name("env"), older)


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
        done = subprocess.run(
            [COMMAND, "as", "goauth", "https://code.example.com/m"],
            env=box.environ,
            input=f"HTTP/1.1 401 Unauthorized\nWww-Authenticate: {header}\n\n",
            capture_output=True,
            text=True,
            check=True,
        )
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
