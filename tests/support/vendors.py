"""What token endpoints in the field answer instead of a token, and what is to be made of it.

From vendors' documentation and from what people report of them; names and numbers are made up.
"""

import json
from dataclasses import dataclass

from credhelper.errors import (
    ClientRefusedError,
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)

SHARED_S = 5.0


@dataclass(frozen=True)
class Answer:
    """An answer; `code` and a part of the `hint` are told of it, for `shared_s` to all callers.

    A ClientRefusedError begins a rotation; a TemporaryError is tried again.
    """

    status: int
    body: dict[str, object] | str
    kind: type[CredhelperError]
    code: str
    hint: str
    shared_s: float = 0.0
    words: str = ""
    retry_after: str = ""

    def text(self) -> str:
        """Return the body as it is sent."""
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


def refused(status: int, body: dict[str, object] | str, code: str = "", words: str = "") -> Answer:
    """Return an answer that means: this is not the secret of this client."""
    hint = "compare client_id app and the secret at vault:secret/app#s"
    return Answer(status, body, ClientRefusedError, code, hint, SHARED_S, words)


def busy(
    status: int, body: dict[str, object] | str, code: str = "", shared_s: float = SHARED_S
) -> Answer:
    """Return an answer that means: later."""
    return Answer(status, body, TemporaryError, code, "try again later", shared_s)


def config(status: int, body: dict[str, object] | str, code: str, hint: str) -> Answer:
    """Return an answer that means: the profile says something wrong."""
    return Answer(status, body, ConfigError, code, hint)


def denied(status: int, body: dict[str, object] | str, code: str, hint: str) -> Answer:
    """Return an answer that means: the client is known and may not."""
    return Answer(status, body, DeniedError, code, hint)


def oauth(error: str, words: str = "", **further: object) -> dict[str, object]:
    """Return the body of RFC 6749 section 5.2."""
    return {"error": error, **({"error_description": words} if words else {}), **further}


def entra(number: int, error: str, words: str) -> dict[str, object]:
    """Return what Entra answers: its own number, and words over several lines."""
    trace = "0d5b1c2e-7e1f-4c55-9f0d-6b8f3c1a2d00"
    text = f"AADSTS{number}: {words}\r\nTrace ID: {trace}\r\nTimestamp: 2026-01-02 03:04:05Z"
    return oauth(error, text, error_codes=[number], trace_id=trace)


INVALID = oauth("invalid_client")
PAGE = "<html><head><title>{}</title></head><body><h1>{}</h1></body></html>"
ATTENTION = PAGE.format("Attention Required! | Cloudflare", "Sorry, you have been blocked")
AKAMAI = PAGE.format("Access Denied", "Access Denied") + "Reference #18.5f4d1702"
IIS = PAGE.format("401 - Unauthorized", "401 - Unauthorized: Access is denied")
NGINX = PAGE.format("502 Bad Gateway", "502 Bad Gateway") + "<hr><center>nginx</center>"
UNKNOWN = "Client authentication failed (e.g., unknown client, no client authentication included)"
NO_GRANT = 'Client is not authorized to access "https://api". You need to create a "client-grant"'
RIGHT, WALL = "let the application app use this grant", "a firewall before it"
GRANT, SCOPE = "use the client credentials grant", "add the scope `api` to the application app"
REQUEST = "check profiles.p.token_url, profiles.p.client_auth and profiles.p.parameters"
TARGET = "check profiles.p.audience, profiles.p.scope and profiles.p.parameters"
PATH = "correct the path in profiles.p.token_url"
TENANT, DPOP, OPERATOR = (
    "check the tenant in profiles.p.token_url",
    "DPoP",
    "ask the server's operator",
)

ANSWERS = {
    # who knows no such client, or another secret of it
    "Keycloak, wrong secret": refused(
        401,
        oauth("unauthorized_client", "Invalid client or Invalid client credentials"),
        "unauthorized_client",
        "unauthorized_client: Invalid client or Invalid client credentials",
    ),
    "Keycloak, unknown client": refused(401, INVALID, "invalid_client"),
    "Auth0, wrong secret": refused(401, oauth("access_denied", "Unauthorized"), "access_denied"),
    "UAA": refused(401, oauth("unauthorized", "Bad credentials"), "unauthorized"),
    "Okta": refused(
        401,
        {
            "errorCode": "invalid_client",
            "errorSummary": "Invalid value for 'client_id' parameter.",
            "errorLink": "invalid_client",
            "errorId": "oaeXb1",
            "errorCauses": [],
        },
        "invalid_client",
        "invalid_client: Invalid value for 'client_id' parameter.",
    ),
    "Entra, wrong secret": refused(
        401,
        entra(7000215, "invalid_client", "Invalid client secret provided."),
        "AADSTS7000215",
        "invalid_client: AADSTS7000215: Invalid client secret provided. Trace ID: 0d5b",
    ),
    "Entra, secret at its end": refused(
        401, entra(7000222, "invalid_client", "The provided keys are expired."), "AADSTS7000222"
    ),
    "Google": refused(401, oauth("invalid_client", "The OAuth client was not found."),
                      "invalid_client"),
    "Salesforce, unknown client": refused(
        400, oauth("invalid_client_id", "client identifier invalid"), "invalid_client_id"),
    "Salesforce, wrong secret": refused(
        400, oauth("invalid_client", "invalid client credentials"), "invalid_client"),
    "Slack": refused(200, {"ok": False, "error": "invalid_client_id"}, "invalid_client_id"),
    "Slack, wrong secret": refused(200, {"ok": False, "error": "bad_client_secret"},
                                   "bad_client_secret"),
    "GitHub": refused(
        200,
        oauth("incorrect_client_credentials", "The client_id and/or client_secret are incorrect."),
        "incorrect_client_credentials",
    ),
    "GitLab": refused(401, oauth("invalid_client", UNKNOWN), "invalid_client"),
    "Hydra": refused(401, oauth("invalid_client", UNKNOWN), "invalid_client"),
    "oidc-provider": refused(401, oauth("invalid_client", "client authentication failed"),
                             "invalid_client"),
    "HubSpot": refused(
        400,
        {"status": "BAD_CLIENT_ID", "message": "missing or unknown client id",
         "correlationId": "6356f281"},
        "BAD_CLIENT_ID",
        "BAD_CLIENT_ID: missing or unknown client id",
    ),
    "Zoom": refused(400, {"reason": "Invalid client_id or client_secret",
                          "error": "invalid_client"}, "invalid_client"),
    "ServiceNow": refused(401, oauth("server_error", "access_denied"), "server_error"),
    "Autodesk, wrong secret": refused(
        401,
        {"developerMessage": "The client_secret does not match the client_id",
         "errorCode": "AUTH-003"},
        "AUTH-003",
        "AUTH-003: The client_secret does not match",
    ),
    "PingFederate": refused(
        401, oauth("invalid_client", "Invalid client or client credentials."), "invalid_client"),
    "IdentityServer, Bentley's IMS": refused(400, INVALID, "invalid_client"),
    "Cognito": refused(400, INVALID, "invalid_client"),
    "Casdoor": refused(200, oauth("invalid_client", "client_secret is invalid"), "invalid_client"),
    "CrowdStrike": refused(
        403, {"meta": {"powered_by": "csam"}, "errors": [{"code": 403, "message": UNKNOWN}]}
    ),
    "X": refused(
        403,
        {"errors": [{"code": 99, "message": "Unable to verify your credentials",
                     "label": "authenticity_token_error"}]},
        "authenticity_token_error",
    ),
    "Spotify": refused(400, oauth("invalid_client", "Invalid client secret"), "invalid_client"),
    "PayPal": refused(401, oauth("invalid_client", "Client Authentication failed"),
                      "invalid_client"),
    "Box": refused(400, oauth("invalid_client", "The client credentials are invalid"),
                   "invalid_client"),
    "Databricks": refused(
        401, oauth("invalid_client", "Client authentication failed", error_id="b1"),
        "invalid_client"),
    "Snowflake": refused(
        400,
        {"data": None, "message": "This is an invalid client.", "success": False,
         "error": "invalid_client"},
        "invalid_client",
        "invalid_client: This is an invalid client.",
    ),
    "Adobe": refused(400, oauth("invalid_client", "invalid client_secret parameter"),
                     "invalid_client"),
    "LinkedIn": refused(401, oauth("invalid_client", "Client authentication failed"),
                        "invalid_client"),
    "Apigee": refused(401, {"ErrorCode": "invalid_client", "Error": "ClientId is Invalid"},
                      "invalid_client", "invalid_client: ClientId is Invalid"),
    "Apigee, as a fault": refused(
        401,
        {"fault": {"faultstring": "Invalid client identifier {0}",
                   "detail": {"errorcode": "oauth.v2.InvalidClientIdentifier"}}},
        "oauth.v2.InvalidClientIdentifier",
        "oauth.v2.InvalidClientIdentifier: Invalid client identifier",
    ),
    "Kong": refused(401, oauth("invalid_client", "Invalid client authentication"),
                    "invalid_client"),
    "Spring": refused(401, {"status": 401, "error": "Unauthorized", "path": "/oauth/token"},
                      "Unauthorized"),
    "IIS": refused(401, IIS),
    "plain text": refused(401, "Unauthorized"),
    # who knows the client, which may not
    "Auth0, no grant": denied(403, oauth("access_denied", NO_GRANT), "access_denied", RIGHT),
    "Autodesk, no right": denied(
        403, {"developerMessage": "no access to the api product", "errorCode": "AUTH-001"},
        "AUTH-001", RIGHT),
    "Google, nested": denied(
        403,
        {"error": {"code": 403, "message": "Permission denied.", "status": "PERMISSION_DENIED"}},
        "PERMISSION_DENIED", RIGHT),
    "Salesforce, no user": denied(
        400, oauth("invalid_grant", "no client credentials user enabled"), "invalid_grant", RIGHT),
    "DocuSign": denied(400, oauth("consent_required"), "consent_required", RIGHT),
    "LinkedIn, no grant": Answer(
        400, oauth("unauthorized_client", "This application is not allowed to create tokens"),
        DeniedError, "unauthorized_client", GRANT, SHARED_S),
    "Cloudflare": denied(403, ATTENTION, "", WALL),
    "Akamai": denied(403, AKAMAI, "", WALL),
    "AWS WAF": denied(403, {"message": "Forbidden"}, "", WALL),
    # what the profile says is wrong
    "Entra, resource": config(
        400, entra(500011, "invalid_resource", "The resource principal was not found."),
        "AADSTS500011", TARGET),
    "Entra, tenant": config(
        400, entra(90002, "invalid_request", "Tenant 'x' not found."), "AADSTS90002", TENANT),
    "Entra, application": config(
        400, entra(700016, "unauthorized_client", "Application was not found in the directory."),
        "AADSTS700016", TENANT),
    "Entra, scope": config(
        400, entra(1002012, "invalid_scope", "The provided value is not valid."),
        "AADSTS1002012", SCOPE),
    "IdentityServer, scope": config(400, oauth("invalid_scope"), "invalid_scope", SCOPE),
    "oidc-provider, resource": config(400, oauth("invalid_target"), "invalid_target", TARGET),
    "Zoom, account": config(400, oauth("unsupported_grant_type"), "unsupported_grant_type",
                            REQUEST),
    "Keycloak, DPoP": config(400, oauth("invalid_dpop_proof"), "invalid_dpop_proof", DPOP),
    "Okta, DPoP": config(400, oauth("use_dpop_nonce"), "use_dpop_nonce", DPOP),
    "nginx, another path": config(404, PAGE.format("404 Not Found", ""), "", PATH),
    # who has no time
    "nginx": busy(502, NGINX),
    "nginx, maintenance": busy(503, NGINX),
    "Hydra, a clock": busy(500, oauth("error"), "error"),
    "Auth0, too many": busy(429, oauth("too_many_requests"), "too_many_requests"),
    "Autodesk, too many": busy(
        429, {"developerMessage": "Rate limit is exceeded.", "errorCode": "ERR-001"}, "ERR-001"),
    "Entra, transient": busy(
        400, entra(90033, "temporarily_unavailable", "A transient error has occurred."),
        "AADSTS90033"),
    "RFC 8628": busy(400, oauth("slow_down"), "slow_down"),
    "a busy server with 400": busy(400, oauth("temporarily_unavailable"),
                                   "temporarily_unavailable"),
    "Cloudflare, no origin": busy(522, ATTENTION),
    "a slow gateway": busy(408, "", shared_s=0.0),
    "early data": busy(425, "", shared_s=0.0),
    # what nobody foresaw
    "an unknown code": Answer(400, oauth("no_such_thing"), ProtocolError, "no_such_thing",
                              OPERATOR),
    "an unknown code with 200": Answer(200, oauth("no_such_thing"), ProtocolError,
                                       "no_such_thing", OPERATOR),
    "a code of two words": Answer(
        400, oauth("No such thing"), ProtocolError, "", OPERATOR, words="400: No such thing"),
    "a portal": Answer(400, PAGE.format("Welcome", "Log in"), ProtocolError, "",
                       "a captive portal"),
}  # fmt: skip
