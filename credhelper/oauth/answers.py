"""What a token endpoint's answer means: one table of statuses and codes, for every caller of it.

Sorted by what servers mean, not by the code that RFC 6749 section 5.2 would have liked.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import requests

from credhelper.errors import (
    SHARED_S,
    ClientRefusedError,
    ConfigError,
    CredhelperError,
    DeniedError,
    ProtocolError,
    TemporaryError,
)
from credhelper.system import http, redaction, url


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


_CLIENT = Meaning(
    ClientRefusedError,
    "compare client_id {client_id} and the secret at {secret} with the application's{page}, and "
    "re-generate the secret last{method}",
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
_PORTAL = Meaning(ProtocolError, http.PORTAL)
_TABLE = (
    _CLIENT,
    _RIGHT,
    _WALL,
    Meaning(
        DeniedError,
        "let the application {client_id} use the client credentials grant",
        SHARED_S,
        "unauthorized_client",
    ),
    Meaning(
        ConfigError,
        "add the scope `{scope}` to the application {client_id}, or correct `scope`{preset}",
        codes="invalid_scope auth-004 aadsts70011 aadsts1002012",
    ),
    Meaning(
        ConfigError,
        "check audience, scope and parameters of the profile",
        codes="invalid_target invalid_resource aadsts500011",
    ),
    Meaning(
        ConfigError,
        "check the tenant in token_url, and that client_id {client_id} is known there",
        codes="aadsts700016 aadsts7000229 aadsts90002 aadsts900023",
    ),
    Meaning(
        ConfigError,
        "check token_url, client_auth and parameters of the profile",
        codes="invalid_request unsupported_grant_type invalid_argument auth-008 auth-009 auth-011",
        statuses=(404, 405, 410, 415),
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
_BY_CODE = {code: row for row in _TABLE for code in row.codes.split()}
_BY_STATUS = {status: row for row in _TABLE for status in row.statuses}

# Where servers put their code and their words; objects within each other in this order.
_INNER = ("errors", "error", "fault", "detail")
_ERRORS = ("error", "errors", "errorCode", "ErrorCode", "error_code", "errcode", "fault")
_CODES_OF = (
    "error",
    "errorCode",
    "ErrorCode",
    "errorcode",
    "error_code",
    "label",
    "code",
    "status",
)
_NUMBERS_OF = ("errcode", "code")
_WORDS_OF = ("error_description", "errorSummary", "developerMessage", "message", "reason", "errmsg",
             "msg", "faultstring", "Error", "detail", "error")  # fmt: skip
# CrowdStrike has nothing but words for it.
_NO_CLIENT = r"(?i)client authentication failed|invalid client\b"
_AADSTS = r"AADSTS[0-9]{4,9}"
# Under one of these names servers send the id by which their operator finds the request.
_IDS_IN_HEADERS = ("X-Correlation-Id", "X-Request-Id", "Request-Id", "X-Ms-Request-Id",
                   "X-Okta-Request-Id")  # fmt: skip
_IDS_OF = ("correlation_id", "correlationId", "trace_id", "errorId", "error_id")


def meaning(status: int, code: str | None) -> Meaning:
    """Return what a status means with a code: "" for JSON without one, None for another body."""
    by_code, by_status = _BY_CODE.get((code or "").lower()), _BY_STATUS.get(status)
    if by_code is _CLIENT or by_status is _CLIENT:
        return _CLIENT
    if by_status and by_status.kind is TemporaryError:
        return by_status  # a busy server says little else that is true
    if by_status is _WALL and code:
        return by_code or _RIGHT
    return by_code or by_status or (_PORTAL if code is None else _UNKNOWN)


def trouble(answer: requests.Response) -> CredhelperError | None:
    """Return the error for a server that cannot answer now, whatever was asked; None if it can."""
    row = _BY_STATUS.get(answer.status_code)
    return explain(answer, {}) if row and row.kind is TemporaryError else None


def is_error(document: Mapping[str, object]) -> bool:
    """Return whether the document of a good status is an error all the same."""
    return not document.get("access_token") and any(map(document.get, _ERRORS))


def explain(answer: requests.Response, words_for: Mapping[str, str]) -> CredhelperError:
    """Return the error that an answer without a token is; `words_for` fills the hints."""
    try:
        found: dict[str, object] | None = http.document(answer)
    except ProtocolError:
        found = None
    objects = _objects(found or {})
    status, words = answer.status_code, _first(objects, _WORDS_OF, redaction.sentence)
    code = _first(objects, _CODES_OF, redaction.code) or _first(
        objects, _NUMBERS_OF, redaction.number
    )
    code = "" if code == str(status) else code
    words = "" if words == code else words
    # Neither part may reveal a secret, nor may both together.
    words = words if redaction.sentence(f"{code}: {words}", limit=300) else ""
    number = re.search(_AADSTS, words)  # Entra's codes of RFC 6749 are coarse
    exact = number[0] if number and number[0].lower() in _BY_CODE else code
    row = meaning(status, None if found is None else exact)
    if not code and row.kind is not TemporaryError and re.search(_NO_CLIENT, words):
        row = _CLIENT
    problem = f"{url.host_of(answer.url)} answered {status}" + f" {code}" * bool(code)
    error = row.kind(
        problem + f": {words}" * bool(words),
        hint=row.hint.format_map(words_for),
        code=number[0] if number else code,
        correlation_id=_id(answer, objects),
        shared_s=row.shared_s,
    )
    wait_s = http.retry_after_s(answer.headers.get("Retry-After", ""))
    if isinstance(error, TemporaryError) and wait_s is not None:
        error.hint, error.retry_after_s = f"try again in {wait_s:.0f} s", wait_s
        error.shared_s = wait_s
    return error


def _objects(document: dict[str, object]) -> list[dict[str, object]]:
    """Return an error's object and those around it, the innermost first."""
    found = [document]
    for name in _INNER:
        value = found[0].get(name)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, dict):
            found.insert(0, value)
    return found


def _first(
    objects: list[dict[str, object]], names: tuple[str, ...], show: Callable[[object], str]
) -> str:
    """Return the first of these members, object by object, that can be shown."""
    return next((text for o in objects for name in names if (text := show(o.get(name)))), "")


def _id(answer: requests.Response, objects: list[dict[str, object]]) -> str:
    headers: dict[str, object] = {name: answer.headers.get(name) for name in _IDS_IN_HEADERS}
    shown = partial(redaction.sentence, limit=100)
    return _first([headers], _IDS_IN_HEADERS, shown) or _first(objects, _IDS_OF, shown)
