"""What statuses and codes of a token endpoint mean: one table, for every caller of it.

Sorted by what servers mean, not by the code that RFC 6749 section 5.2 would have liked.
"""

from dataclasses import dataclass

from credhelper.errors import (
    SHARED_S,
    ClientRefusedError,
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.system import http


@dataclass(frozen=True)
class Meaning:
    """A row of the table: what is meant by these codes, and by these statuses without a code.

    A ClientRefusedError begins a rotation, a TemporaryError is tried again. For `shared_s` seconds
    other callers need not ask. Codes are in lower case, whatever their status: vendors say the
    same with 200, 400, 401 and 403.
    """

    kind: type[CredhelperError]
    hint: str
    shared_s: float = 0.0
    codes: str = ""
    statuses: tuple[int, ...] = ()


CLIENT = Meaning(
    ClientRefusedError,
    "compare client_id {client_id} and the secret at {secret} with the application's{page}; where "
    "both are right, re-generate the secret there{method}",
    SHARED_S,
    # RFC 6749, GitHub, Slack, Salesforce, HubSpot, X, Autodesk, Entra
    "invalid_client incorrect_client_credentials bad_client_secret invalid_client_secret "
    "invalid_client_id invalid_client_credentials bad_client_id authenticity_token_error "
    "auth-003 aadsts7000215 aadsts7000216 aadsts7000222 aadsts7000218",
    (401,),  # of any kind: RFC 6749 section 5.2 knows it for nothing else
)
_RIGHT = Meaning(
    DeniedError,
    "let the application {client_id} use this grant with its scope and audience",
    codes="access_denied invalid_grant permission_denied consent_required inactive_user "
    "inactive_org insufficient_scope auth-001 auth-002 aadsts7000112 aadsts53003 aadsts65001",
)
_WALL = Meaning(
    DeniedError,
    "the server, or a firewall before it, refuses this machine or the application {client_id}; "
    "ask its operator",
    statuses=(403,),
)
_UNKNOWN = Meaning(
    ProtocolError, "look it up in the server's documentation, or ask the server's operator"
)
_PORTAL = Meaning(ProtocolError, "check {address}; " + http.PORTAL)
_PATH = Meaning(
    ConfigError,
    "{path_step}",
    statuses=(404, 405, 410),
)
_TABLE = (
    CLIENT,
    _RIGHT,
    _WALL,
    _PATH,
    Meaning(
        DeniedError,
        "let the application {client_id} use the client credentials grant",
        SHARED_S,
        "unauthorized_client",
    ),
    Meaning(
        ConfigError,
        "{scope_step}",
        codes="invalid_scope auth-004 aadsts70011 aadsts1002012",
    ),
    Meaning(
        ConfigError,
        "check {key}.audience, {key}.scope and {key}.parameters",
        codes="invalid_target invalid_resource aadsts500011",
    ),
    Meaning(
        ConfigError,
        "check the tenant in {address}, and that client_id {client_id} is known there",
        codes="aadsts700016 aadsts7000229 aadsts90002 aadsts900023",
    ),
    Meaning(
        ConfigError,
        "check {address}, {key}.client_auth and {key}.parameters",
        codes="invalid_request unsupported_grant_type invalid_argument auth-008 auth-009 auth-011",
        statuses=(415,),
    ),
    Meaning(
        ConfigError,
        "allow Bearer tokens for the application {client_id}: a token bound by DPoP cannot be used "
        "by credhelper's callers",
        codes="use_dpop_nonce invalid_dpop_proof",
    ),
    Meaning(
        TemporaryError,
        "try again later",
        SHARED_S,
        "slow_down temporarily_unavailable server_error internal_error service_unavailable "
        "too_many_requests too_many_attempts rate_limit_exceeded rate_limited ratelimited "
        "resource_exhausted unavailable err-001 aadsts90006 aadsts90012 aadsts90024 aadsts90033 "
        "aadsts90055",
        (429, *range(500, 600)),
    ),
    Meaning(
        TemporaryError,
        "try again later",
        codes="request_timeout deadline_exceeded jti_known",
        statuses=(408, 425),
    ),
)
BY_CODE = {code: row for row in _TABLE for code in row.codes.split()}
BY_STATUS = {status: row for row in _TABLE for status in row.statuses}


def meaning(status: int, code: str | None) -> Meaning:
    """Return what a status means with a code: "" for JSON without one, None for another body."""
    by_code, by_status = BY_CODE.get((code or "").lower()), BY_STATUS.get(status)
    if by_code is CLIENT or by_status is CLIENT:
        return CLIENT
    if by_status and by_status.kind is TemporaryError:
        return by_status  # a busy server says little else that is true
    if by_status is _PATH:
        return _PATH  # some frameworks put a code of OAuth beside it
    if by_status is _WALL and code:
        return by_code or _RIGHT
    return by_code or by_status or (_PORTAL if code is None else _UNKNOWN)
