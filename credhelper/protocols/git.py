"""A git credential helper; git-lfs, jj and others speak it, too.

https://git-scm.com/docs/git-credential#IOFMT. Lines end with a bare LF; everything that other
readers take for a line end (Clone2Leak, CVE-2024-52006) is refused, not read.
"""

from credhelper import caller
from credhelper.caller import Answer, Asked, Rejected
from credhelper.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credhelper.errors import CredhelperError

CALLERS = ("git-lfs", "jj")
# GitLab's word for "the password is an OAuth token"; other servers take any name, or `username`.
USERNAME = "oauth2"
# With it git 2.46 and newer can send a true Bearer token instead of a Basic password.
AUTHTYPE = "authtype"


def ask(words: "Sequence[str]", _environ: "Mapping[str, str]") -> Asked | Answer | Rejected:
    """Return what `[PROFILE] OPERATION` and the attributes on stdin ask for. Raises ProtocolError.

    An operation that we do not know gets no answer, as git demands of its helpers.
    """
    profile, operation = caller.profile_and(words, 1)
    if operation not in (["get"], ["erase"]):
        return Answer()
    attributes, lists = _attributes(caller.read_input(b"\n\n"))
    url = caller.address(attributes.get("host", ""), attributes.get("protocol", ""))
    if operation == ["erase"]:
        rejected = attributes.get("credential") or attributes.get("password", "")
        return Rejected(profile, url=url, access_token=rejected) if rejected else Answer()
    wanted = [AUTHTYPE] if _takes_bearer(lists) else []
    return Asked(profile, words=wanted, environ={}, url=url)


def reply(token: Token, asked: Asked) -> str:
    """Return the token as a Bearer credential where git and the server take it, or a password."""
    expiry = f"password_expiry_utc={token.expires_at}\n"
    if AUTHTYPE in asked.words:
        return (
            f"capability[]=authtype\nauthtype=Bearer\ncredential={token.access_token}\n"
            f"ephemeral=1\n{expiry}"
        )
    name = asked.username or USERNAME
    return f"username={name}\npassword={token.access_token}\n{expiry}"


def refuse(error: "CredhelperError", _words: "Sequence[str]") -> Answer:
    """Say nothing for a host that is not ours: git asks its helpers about every host."""
    if error.code == caller.UNKNOWN_HOST:
        return Answer()
    return Answer(line=error.line(), status=error.status)


def _attributes(data: bytes) -> "tuple[dict[str, str], list[tuple[str, str]]]":
    """Return the attributes that git sent, and those that may be many. Raises ProtocolError."""
    found, lists = {}, []
    # Not `splitlines`, which splits at CR and more: that is how a forged attribute gets in.
    for line in caller.text_of(data).split("\n"):
        key, equals, value = line.partition("=")
        if not equals:
            continue
        if key.endswith("[]"):
            lists.append((key, value))
        else:
            found[key] = value
    if any(character in value for value in found.values() for character in "\r\0"):
        from credhelper.errors import ProtocolError

        msg = "git sent a control character in a value"
        raise ProtocolError(msg, hint="check the URL of the remote")
    return found, lists


def _takes_bearer(lists: "list[tuple[str, str]]") -> bool:
    """Return whether git can send a Bearer token, and the server asks for one (RFC 9110 11.6.1).

    Git sends what it is given, also to the many servers that take nothing but Basic.
    """
    schemes = [v.lower().replace(",", " ").split() for key, v in lists if key == "wwwauth[]"]
    return ("capability[]", AUTHTYPE) in lists and any("bearer" in words for words in schemes)
