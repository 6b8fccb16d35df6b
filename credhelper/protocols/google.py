"""Google's executable-sourced external account: gcloud and Google's client libraries.

https://google.aip.dev/auth/4117. Success and failure alike are one JSON object and exit status 0,
with nothing on stderr, which the libraries read as a part of the JSON. The audience, a workload
identity pool's, is what a URL is to other callers: where the token goes.
"""

from credhelper import caller
from credhelper.caller import Answer, Asked, Rejected
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credhelper.errors import CredhelperError

CALLERS = ("gcloud", "gsutil", "google-auth")
_VARIABLE = "GOOGLE_EXTERNAL_ACCOUNT_"
_KIND = "urn:ietf:params:oauth:token-type:"
# Both mean a JWT, in `id_token`; SAML's assertion is no access token.
KINDS = (f"{_KIND}jwt", f"{_KIND}id_token")
# The libraries use a token, the output file's above all, up to the stated second.
MARGIN_S = 30
REVOKED = '{"version":1,"success":true}\n'


def ask(words: "Sequence[str]", environ: "Mapping[str, str]") -> Asked | Rejected:
    """Return what `[PROFILE]` and the library's variables ask for.

    Raises UsageError, ProtocolError.
    """
    profile, _none = caller.profile_and(words, 0)
    audience, kind = _said(environ, "AUDIENCE"), _said(environ, "TOKEN_TYPE")
    # Else it would be compared with hosts, or, if it is empty, not at all.
    if not audience.startswith("//"):
        raise _unfit("AUDIENCE", hint="give the pool's audience, //iam.googleapis.com/…")
    if _said(environ, "REVOKE") == "1":
        _drop(_said(environ, "OUTPUT_FILE"))
        return Rejected(profile, url=audience, text=REVOKED)
    if kind not in KINDS:
        raise _unfit("TOKEN_TYPE", hint=f"set subject_token_type to {KINDS[0]}")
    return Asked(profile, words=[kind], environ=environ, url=audience)


def reply(token: Token, asked: Asked) -> str:
    """Return the token as the subject token, after a copy for the library's output file.

    In interactive mode stdout is a terminal and the file the only answer. Raises OutputError.
    """
    text = (
        f'{{"version":1,"success":true,"token_type":"{asked.words[0]}",'
        f'"id_token":"{token.access_token}","expiration_time":{token.expires_at - MARGIN_S}}}\n'
    )
    is_kept = _keep(_said(asked.environ, "OUTPUT_FILE"), text)
    if _said(asked.environ, "INTERACTIVE") != "1":
        return text
    if is_kept:
        return ""
    from credhelper.errors import OutputError

    msg = "the output_file of the credential configuration cannot be written"
    hint = "name a new file, or one with such an answer, in a folder that you alone may write"
    raise OutputError(msg, hint=hint)


def refuse(error: "CredhelperError", _words: "Sequence[str]") -> Answer:
    """Return the failure as JSON: any other exit status or output hides it from the user."""
    from credhelper.errors import ConfigError

    if error.code == caller.UNKNOWN_HOST:
        error = ConfigError("no token may go to this audience", hint=error.hint, code=error.code)
    code, message = caller.quote(error.code or error.word), caller.quote(error.line())
    return Answer(f'{{"version":1,"success":false,"code":{code},"message":{message}}}\n')


def _said(environ: "Mapping[str, str]", name: str) -> str:
    return environ.get(_VARIABLE + name, "")


def _unfit(name: str, *, hint: str) -> "CredhelperError":
    from credhelper.errors import ProtocolError

    return ProtocolError(f"{_VARIABLE}{name} is not one that can be served", hint=hint)


def _keep(path: str, text: str) -> bool:
    """Return whether the file has the text now."""
    if not path:
        return False
    from credhelper.system import answer_file  # few callers want the file

    try:
        answer_file.write(path, text)
    except OSError:
        return False
    return True


def _drop(path: str) -> None:
    from credhelper.system import answer_file  # as above

    try:
        answer_file.remove(path)
    except OSError:
        return
