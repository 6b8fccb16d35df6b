"""An authorization server that is not ours: Authlib's, in Flask, over HTTPS."""

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import trustme
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from flask import Flask, Response, jsonify
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support import canary


class _Grant(grants.ClientCredentialsGrant):  # type: ignore[misc]  # Authlib is untyped
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")


@dataclass
class _Client(ClientMixin):  # type: ignore[misc]  # Authlib is untyped
    """The one client there is, as Authlib wants to ask it."""

    server: "Authorization"

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.server.client_secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in self.server.methods and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials" and self.server.permitted

    def get_allowed_scope(self, scope: str) -> str:
        return scope


@dataclass
class Authorization:
    """The running server. What a test changes with `monkeypatch.setattr` holds at once."""

    issuer: str
    ca: str
    client_id: str = "service-abc"
    # Characters that a wrong encoding changes: `+` and `%` above all. No space, though: Authlib
    # decodes a Basic header as a path, and leaves the `+` that form-encoding makes of one.
    client_secret: str = "s3cret+/=%41\u00e9\u2603-long"
    scopes: list[str] = field(default_factory=lambda: ["api", "api.read"])
    methods: tuple[str, ...] = ("client_secret_basic", "client_secret_post")
    permitted: bool = True
    issued: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The token endpoint."""
        return f"{self.issuer}/oauth/token"


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


def _application(server: Authorization) -> Flask:
    application = Flask(__name__)

    def query(client_id: str) -> _Client | None:
        return _Client(server) if client_id == server.client_id else None

    def save(token: dict[str, str], _request: object) -> None:
        server.issued.append(token["access_token"])
        canary.learn(server.client_secret)
        canary.learn_tokens([token["access_token"]])

    authlib = AuthorizationServer(application, query, save)
    authlib.register_grant(_Grant)

    @application.post("/oauth/token")
    def token() -> Response:
        authlib.scopes_supported = server.scopes
        answer: Response = authlib.create_token_response()
        return answer

    @application.get("/.well-known/oauth-authorization-server")
    def metadata() -> Response:
        document = AuthorizationServerMetadata(
            issuer=server.issuer,
            token_endpoint=server.url,
            grant_types_supported=["client_credentials"],
            response_types_supported=[],
            token_endpoint_auth_methods_supported=list(server.methods),
        )
        return jsonify(dict(document))

    return application


@pytest.fixture(scope="session")
def authorization(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authorization]:
    """Return a running authorization server."""
    authority = trustme.CA()
    ca = tmp_path_factory.mktemp("authorization") / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    server = Authorization("", str(ca))
    web = make_server(
        "127.0.0.1",
        0,
        _application(server),
        threaded=True,
        request_handler=_Quiet,
        ssl_context=context,
    )
    server.issuer = f"https://127.0.0.1:{web.server_port}"
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    yield server
    web.shutdown()
    thread.join(10)
    web.server_close()
