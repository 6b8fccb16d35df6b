"""The error that a token endpoint's answer without a token is: its code, words and id."""

import re
from collections.abc import Callable, Mapping
from functools import partial

import requests

from credhelper.errors import (
    CredhelperError,
    ProtocolError,
    TemporaryError,
)
from credhelper.oauth import meanings
from credhelper.system import http, redaction
from credhelper.system.url import Peer

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


def trouble(answer: requests.Response, peer: Peer) -> CredhelperError | None:
    """Return the error for a server that cannot answer now, whatever was asked; None if it can."""
    row = meanings.BY_STATUS.get(answer.status_code)
    return explain(answer, {}, peer) if row and row.kind is TemporaryError else None


def is_error(document: Mapping[str, object]) -> bool:
    """Return whether the document of a good status is an error all the same."""
    return not document.get("access_token") and any(map(document.get, _ERRORS))


def explain(answer: requests.Response, words_for: Mapping[str, str], peer: Peer) -> CredhelperError:
    """Return the error that an answer without a token is; `words_for` fills the hints."""
    try:
        found: dict[str, object] | None = http.document(answer, peer)
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
    exact = number[0] if number and number[0].lower() in meanings.BY_CODE else code
    row = meanings.meaning(status, None if found is None else exact)
    if not code and row.kind is not TemporaryError and re.search(_NO_CLIENT, words):
        row = meanings.CLIENT
    problem = f"{peer.whom} answered {status}" + f" {code}" * bool(code)
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
