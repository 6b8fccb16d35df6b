"""The main job, offline: an embedded platform, and the real `get` against it."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote_plus

from credhelper.errors import OutputError, TemporaryError, word_for
from credhelper.system import itself

CLIENT_ID = "service-demo"
# Public, and the same each time, so that settings outlive a restart; its tokens open nothing else.
CLIENT_SECRET = "xK3-vQ8_tR5-hW2_nB7-yJ4"
SCOPE = "itwin-platform"
LIFE_S = 3600
ITWINS = ("Demo bridge", "Demo tunnel")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _jwt(key: bytes) -> str:
    """Return a short-lived HS256 JWT that no real service would take for its own."""
    now = int(time.time())
    header = {"alg": "HS256", "typ": "JWT"}
    claims = {
        "iss": "credhelper-demo",
        "note": "demo token, good for nothing",
        "client_id": CLIENT_ID,
        "scope": SCOPE,
        "iat": now,
        "exp": now + LIFE_S,
        "jti": secrets.token_hex(8),
    }
    parts = [_base64url(json.dumps(part).encode()) for part in (header, claims)]
    signature = hmac.new(key, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, _base64url(signature)])


class _Platform(BaseHTTPRequestHandler):
    """Answers as iTwin does; `http.server` works by subclasses alone."""

    key = b""
    issued: tuple[str, ...] = ()

    def do_GET(self) -> None:
        """Answer with a page of iTwins to who brings a token of ours (RFC 6750 section 2.1)."""
        if self.path.partition("?")[0].rstrip("/") != "/itwins":
            self._answer(404, {"error": {"code": "NotFound"}})
        elif self.headers.get("Authorization") not in [f"Bearer {each}" for each in self.issued]:
            self._answer(401, {"error": {"code": "Unauthorized"}})
        else:
            self._answer(200, {"iTwins": [{"displayName": name} for name in ITWINS]})

    def do_POST(self) -> None:
        """Check grant type, client, secret and scope, then issue a token (RFC 6749 section 4.4)."""
        length = int(self.headers.get("Content-Length") or 0)
        form = dict(parse_qsl(self.rfile.read(min(length, 65536)).decode("ascii", "replace")))
        if self.path != "/connect/token":
            self._answer(404, {"error": "invalid_request"})
        elif form.get("grant_type") != "client_credentials":
            self._answer(400, {"error": "unsupported_grant_type"})
        elif not self._knows(form):
            self._answer(400, {"error": "invalid_client"})
        elif form.get("scope") != SCOPE:
            self._answer(400, {"error": "invalid_scope"})
        else:
            access_token = _jwt(self.key)
            type(self).issued += (access_token,)
            token = {"access_token": access_token, "token_type": "Bearer"}
            self._answer(200, {**token, "expires_in": LIFE_S, "scope": SCOPE})

    def _knows(self, form: dict[str, str]) -> bool:
        """Return whether header or form authenticates the client (RFC 6749 section 2.3.1)."""
        found = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            try:
                name, _, secret = base64.b64decode(text).decode().partition(":")
            except ValueError:
                return False
            found = unquote_plus(name), unquote_plus(secret)
        return found[0] == CLIENT_ID and hmac.compare_digest(
            found[1].encode(), CLIENT_SECRET.encode()
        )

    def _answer(self, status: int, document: dict[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        if status == 401:
            self.send_header("WWW-Authenticate", "Bearer")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Stay silent: a request line is nothing to print."""


def _server(port: int) -> tuple[ThreadingHTTPServer, type[_Platform]]:
    """Return a server at a port, 0 for any that is free. Raises OutputError."""
    platform = type("Platform", (_Platform,), {"key": os.urandom(32)})
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), platform), platform
    except (OSError, OverflowError) as error:
        msg = f"the demo cannot listen at port {port} ({word_for(error)})"
        raise OutputError(msg, hint="give another --port, or none") from None


def _origin(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def _url(server: ThreadingHTTPServer) -> str:
    return f"{_origin(server)}/connect/token"


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - stdout is the token's


def serve(port: int) -> None:
    """Run the server until a signal comes, and print the settings that use it.

    Raises OutputError if it cannot listen at the port; 0 is any that is free.
    """
    server, _platform = _server(port)
    _say("A platform for development is running; in another shell:")
    _say(f"  export CREDHELPER_TOKEN_URL={_url(server)}")
    _say(f"  export ITWIN_CLIENT_ID={CLIENT_ID}")
    _say(f"  export ITWIN_CLIENT_SECRET={CLIENT_SECRET}")
    _say(f"  export ITWIN_API={_origin(server)}")
    _say("then: credhelper get")
    secret = "--secret-reference env:ITWIN_CLIENT_SECRET"
    _say("or, beside other profiles, with that secret exported:")
    _say(f"  credhelper init demo --token-url {_url(server)} --scope {SCOPE} \\")
    _say(f"    --client-id {CLIENT_ID} {secret}")
    with server:
        server.serve_forever()


def run() -> str:
    """Run the real `get` twice against the server; return what the second one printed."""
    server, platform = _server(0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with server, tempfile.TemporaryDirectory(prefix="credhelper-demo-") as folder:
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CREDHELPER_", "ITWIN_"))
        }
        environ |= {
            "CREDHELPER_CACHE_DIR": f"{folder}/cache",
            "XDG_CONFIG_HOME": folder,
            "CREDHELPER_TOKEN_URL": _url(server),
            "CREDHELPER_PROVIDER": "itwin",
            "CREDHELPER_CLIENT_ID": CLIENT_ID,
            "CREDHELPER_CLIENT_SECRET": "env:DEMO_CLIENT_SECRET",
            "DEMO_CLIENT_SECRET": CLIENT_SECRET,
        }
        _say(f"1. An authorization server listens at {_url(server)}.")
        _say("2. The client secret lies in the environment: env:DEMO_CLIENT_SECRET.")
        _get(environ)
        _say(f"3. `credhelper get` exchanged it: {len(platform.issued)} token request.")
        answer = _get(environ)
        count = len(platform.issued)
        _say(f"4. `credhelper get` again, from the cache: still {count} token request.")
        _say("Next: set ITWIN_CLIENT_ID and ITWIN_CLIENT_SECRET, or write a config file (README).")
        server.shutdown()
    return answer


def _get(environ: dict[str, str]) -> str:
    command = itself.command("get")
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        _say(done.stderr.strip())
        raise TemporaryError("the demo got no token", hint="the line above says why")
    return done.stdout
