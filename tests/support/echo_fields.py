"""Each field of each answer that a server could put a secret into, and the good answers."""

from functools import partial

from tests.support.echo_server import CLIENT_SECRET, Field, Reply, granted, jwt, told

_HEADERS = (
    *("X-Request-Id", "Request-Id", "X-Correlation-Id", "X-Ms-Request-Id", "X-Okta-Request-Id"),
    *("WWW-Authenticate", "Date", "Content-Type", "Server", "Set-Cookie", "X-Error", "Via"),
)
_OAUTH_MEMBERS = (
    *("error", "error_description", "error_uri", "errorCode", "error_code", "errorSummary"),
    *("developerMessage", "message", "reason", "errmsg", "msg", "faultstring", "Error", "detail"),
    *("errcode", "code", "status", "label", "correlation_id", "trace_id", "errorId", "title"),
)


def _beside(member: str, cut: str) -> Reply:
    return told(400, **{"error": "odd", member: cut})


def _under(header: str, cut: str) -> Reply:
    return told(400, {header: cut}, error="odd")


def _errors(status: int, cut: str) -> Reply:
    return told(status, errors=[cut], warnings=[cut], request_id=cut)


# Answers of which a token may come; the second group holds what it would show.
TOKEN: dict[str, Field] = {
    "access_token": ("token", lambda c: granted(access_token=c)),
    "a part of access_token": ("token", lambda c: granted(access_token=f"eyJ~~.{c}.~~")),
    "scope": ("token", lambda c: granted(scope=c)),
    "one of scope": ("token", lambda c: granted(scope=f"api {c}")),
}
ENDPOINT: dict[str, Field] = {
    "claims": ("token", lambda c: granted(access_token=jwt(iss=c, aud=[c], exp=c, scope=c))),
    "names of claims": ("token", lambda c: granted(access_token=jwt(aud={c: c}, iss=[[c]]))),
    "token_type": ("token", lambda c: granted(token_type=c)),
    "expires_in": ("token", lambda c: granted(expires_in=c)),
    "another member": ("token", lambda c: granted(**{"refresh_token": c, c: c, "id_token": c})),
    **{m: ("token", partial(_beside, m)) for m in _OAUTH_MEMBERS},
    "error alone": ("token", lambda c: told(400, error=c)),
    "error of 200": ("token", lambda c: told(200, error=c, error_description=c)),
    "error of 401": ("token", lambda c: told(401, error="invalid_client", error_description=c)),
    "error of 503": ("token", lambda c: told(503, error=c, message=c)),
    "two halves": (
        "token",
        lambda c: told(400, error=c[: len(c) // 2], error_description=c[len(c) // 2 :]),
    ),
    "errors[0]": ("token", lambda c: told(400, errors=[{"message": c, "code": c}])),
    "errors": ("token", lambda c: told(400, errors=[c])),
    "fault": ("token", lambda c: told(400, fault={"faultstring": c, "detail": {"errorcode": c}})),
    "error.message": ("token", lambda c: told(403, error={"message": c, "status": c, "code": c})),
    "text": ("token", lambda c: Reply(400, c, {"Content-Type": "text/plain"})),
    "page": ("token", lambda c: Reply(200, f"<h1>{c}</h1>", {"Content-Type": "text/html"})),
    "reason": ("token", lambda c: Reply(400, "{}", reason=c)),
    **{f"{h}:": ("token", partial(_under, h)) for h in _HEADERS},
    "Location:": ("token", lambda c: Reply(302, headers={"Location": f"https://{c}.example/{c}"})),
    "Retry-After:": ("token", lambda c: told(429, {"Retry-After": c}, error="slow_down")),
    "Content-Encoding:": ("token", lambda c: Reply(200, "{}", {"Content-Encoding": c})),
    "a header's name": ("token", lambda c: told(400, {c: c}, error="odd")),
}
ISSUER_GOOD = {
    "metadata": told(200, issuer="ISSUER", token_endpoint="ISSUER/token"),
    "token": granted(),
}
ISSUER: dict[str, Field] = {
    "issuer": ("metadata", lambda c: told(200, issuer=c, token_endpoint="https://t.example/")),
    "issuer's path": ("metadata", lambda c: told(200, issuer=f"https://i.example/{c}")),
    "issuer's host": ("metadata", lambda c: told(200, issuer=f"https://{c}.example")),
    "token_endpoint": ("metadata", lambda c: told(200, issuer="ISSUER", token_endpoint=c)),
    "token_endpoint's host": (
        "metadata",
        lambda c: told(200, issuer="ISSUER", token_endpoint=f"http://{c}.localhost:1/t"),
    ),
    "token_endpoint's path": (
        "metadata",
        lambda c: told(200, issuer="ISSUER", token_endpoint=f"ISSUER/{c}"),
    ),
    "error": ("metadata", lambda c: told(503, error=c, error_description=c)),
    "page": ("metadata", lambda c: Reply(200, c)),
    "Location:": ("metadata", lambda c: Reply(301, headers={"Location": f"https://{c}/{c}"})),
}
_MOUNT = {"path": "secret/", "type": "kv", "options": {"version": "2"}}
_META = {
    "version": 3,
    "created_time": "2026-01-02T03:04:05Z",
    "deletion_time": "",
    "destroyed": False,
}
_SELF = {"display_name": "token-app", "policies": ["default"], "ttl": 7200, "period": 0}


def _data(**meta: object) -> Reply:
    return told(200, data={"data": {"k": CLIENT_SECRET}, "metadata": {**_META, **meta}})


def _gone(**meta: object) -> Reply:
    return told(404, data={"data": None, "metadata": {**_META, **meta}})


def _mount(**members: object) -> Reply:
    return told(200, data={**_MOUNT, **members})


def _lookup(**members: object) -> Reply:
    return told(200, data={**_SELF, **members})


def _pieces(text: str) -> list[str]:
    """Return a text in pieces of five characters: none of them alone tells anything."""
    return [text[i : i + 5] for i in range(0, len(text), 5)]


VAULT_GOOD = {"mounts": _mount(), "lookup": _lookup(), "data": _data(), "token": granted()}
VAULT: dict[str, Field] = {
    **{
        f"errors of {status} at {place}": (
            place,
            partial(_errors, status),
        )
        for status in (400, 403, 404, 500)
        for place in ("mounts", "lookup", "data")
    },
    "fields of data": ("data", lambda c: told(200, data={"data": {c: CLIENT_SECRET, f"a{c}": 1}})),
    "pieces of data": (
        "data",
        lambda c: told(200, data={"data": dict.fromkeys(_pieces(c), CLIENT_SECRET)}),
    ),
    "version": ("data", lambda c: _data(version=c)),
    "created_time": ("data", lambda c: _data(created_time=c)),
    "created_time's start": ("data", lambda c: _data(created_time=f"2026-01-02T{c}")),
    "custom_metadata": ("data", lambda c: _data(custom_metadata={c: c})),
    "deletion_time": ("data", lambda c: _gone(deletion_time=c)),
    "version of a deleted one": ("data", lambda c: _gone(version=c, destroyed=True)),
    "warnings": ("data", lambda c: told(200, data=None, warnings=[c], lease_id=c)),
    "mount's path": ("mounts", lambda c: _mount(path=f"{c}/")),
    "mount's type": ("mounts", lambda c: _mount(type=c)),
    "mount's options": ("mounts", lambda c: _mount(options={"version": c, c: c})),
    "display_name": ("lookup", lambda c: _lookup(display_name=c)),
    "policies": ("lookup", lambda c: _lookup(policies=[c, "default"], identity_policies=[c])),
    "pieces of policies": ("lookup", lambda c: _lookup(policies=_pieces(c))),
    "ttl": ("lookup", lambda c: _lookup(ttl=c, period=c)),
    "Location:": ("data", lambda c: Reply(307, headers={"Location": f"https://{c}/v1/{c}"})),
    "page": ("mounts", lambda c: Reply(200, c)),
}
LOGIN_GOOD = {**VAULT_GOOD, "login": told(200, auth={"client_token": "hvs.granted"})}
LOGIN: dict[str, Field] = {
    "client_token": ("login", lambda c: told(200, auth={"client_token": f"{c}\n"})),
    "lease": ("login", lambda c: told(200, auth={"client_token": "t", "accessor": c}, lease_id=c)),
    "errors": ("login", lambda c: told(400, errors=[c])),
}


def _secret(**members: object) -> Reply:
    good = {"ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-1", "Name": "s"}
    good |= {"VersionId": "v", "SecretString": CLIENT_SECRET}
    rest = {"VersionStages": ["AWSCURRENT"], "CreatedDate": 1767323045}
    return told(200, **{**good, **rest, **members})


def _xml(action: str, body: str) -> Reply:
    return Reply(
        200, f"<{action}Response><{action}Result>{body}</{action}Result></{action}Response>"
    )


def _caller(arn: str, account: str = "123456789012") -> Reply:
    return _xml("GetCallerIdentity", f"<Arn>{arn}</Arn><Account>{account}</Account>")


def _markup(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain.replace("&", "&amp;").replace("<", "&lt;")


def _assumed(secret: str = "s" * 40, arn: str = "") -> Reply:
    keys = (
        f"<AccessKeyId>ASIA{secret[:12]}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
    )
    rest = "<SessionToken>t</SessionToken><Expiration>2099-12-31T23:59:59Z</Expiration>"
    user = f"<AssumedRoleUser><Arn>{arn}</Arn></AssumedRoleUser>"
    return _xml("AssumeRole", f"<Credentials>{keys}{rest}</Credentials>{user}")


def _sts_error(code: str, message: str) -> Reply:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(403, f"<ErrorResponse>{text}<RequestId>{code}</RequestId></ErrorResponse>")


_ARN = "arn:aws:sts::123456789012:assumed-role/r"
AWS_GOOD = {
    "GetSecretValue": _secret(),
    "GetCallerIdentity": _caller(f"{_ARN}/s"),
    "AssumeRole": _assumed(),
    "token": granted(),
}
AWS: dict[str, Field] = {
    "Code": ("GetSecretValue", lambda c: told(400, __type=c, message="m")),
    "Message": ("GetSecretValue", lambda c: told(400, __type="AccessDeniedException", message=c)),
    "Code of 500": ("GetSecretValue", lambda c: told(500, __type=c, message=c)),
    "VersionId": ("GetSecretValue", lambda c: _secret(VersionId=c)),
    "VersionStages": ("GetSecretValue", lambda c: _secret(VersionStages=[c])),
    "pieces of VersionStages": ("GetSecretValue", lambda c: _secret(VersionStages=_pieces(c))),
    "CreatedDate": ("GetSecretValue", lambda c: _secret(CreatedDate=c)),
    "ARN and Name": ("GetSecretValue", lambda c: _secret(ARN=c, Name=c)),
    "no SecretString": ("GetSecretValue", lambda c: _secret(SecretString=None, SecretBinary=c)),
    "x-amzn-ErrorType:": (
        "GetSecretValue",
        lambda c: told(400, {"x-amzn-ErrorType": c, "x-amzn-RequestId": c}),
    ),
    "Arn": ("GetCallerIdentity", lambda c: _caller(_markup(c))),
    "Arn's end": ("GetCallerIdentity", lambda c: _caller(f"{_ARN}/{_markup(c)}", _markup(c))),
    "pieces of Arn": (
        "GetCallerIdentity",
        lambda c: _caller(f"{_ARN}/{_markup('/'.join(_pieces(c)))}"),
    ),
    "Code of STS": ("GetCallerIdentity", lambda c: _sts_error(_markup(c), "m")),
    "Message of STS": ("GetCallerIdentity", lambda c: _sts_error("AccessDenied", _markup(c))),
}
ROLE: dict[str, Field] = {
    "SecretAccessKey": ("AssumeRole", lambda c: _assumed(_markup(c))),
    "AssumedRoleUser": ("AssumeRole", lambda c: _assumed(arn=_markup(c))),
    "Code of AssumeRole": ("AssumeRole", lambda c: _sts_error(_markup(c), _markup(c))),
}
