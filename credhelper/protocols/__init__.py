"""One file per caller's dialect; the contract is `contracts.Protocol`."""

import os

TYPE_CHECKING = False  # `import typing` costs 6 ms, of a hit's 8
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credhelper.contracts import Protocol
    from credhelper.hosts import Rule

INPUT_LIMIT = 65536
# The `code` of the error for a URL that no profile serves: many callers ask everybody for each.
UNKNOWN_HOST = "unknown_host"
# Google's registries and indexes demand this name for an OAuth token as a Basic password; others
# have their own, or take any.
USERNAME = "oauth2accesstoken"


class Asked:
    """What a caller asks for.

    `profile` is "" for the one that the URL, or else the configuration, chooses. `url` is where
    the token will be sent, where the caller says so: then only `hosts` decide. `username` is the
    user name of the profile that they chose. `grant` names a further exchange ("sts"). `words` is
    what else the caller said. `newer_than` (unix seconds) is set after a 401.
    """

    __slots__ = ("environ", "grant", "newer_than", "profile", "url", "username", "words")

    def __init__(  # noqa: PLR0913 - a frozen record's worth of fields, most of them rare
        self,
        profile: str,
        *,
        words: "Sequence[str]" = (),
        environ: "Mapping[str, str]",
        url: str = "",
        username: str = "",
        grant: str = "",
        newer_than: float = 0.0,
    ) -> None:
        self.profile = profile
        self.words = words
        self.environ = environ
        self.url = url
        self.username = username
        self.grant = grant
        self.newer_than = newer_than

    def under(self, rule: "Rule") -> "Asked":
        """Return the same wish with the profile and the user name of the rule that serves it."""
        return Asked(
            rule.profile,
            words=self.words,
            environ=self.environ,
            url=self.url,
            username=rule.username,
            grant=self.grant,
            newer_than=self.newer_than,
        )


class Answer:
    """What a caller is told without a token: text on stdout, a line on stderr, an exit status."""

    __slots__ = ("line", "status", "text")

    def __init__(self, text: str = "", *, line: str = "", status: int = 0) -> None:
        self.text = text
        self.line = line
        self.status = status


class Rejected:
    """A caller's report that the token for `url` was refused, or must go; "" means any token.

    `text` is what the caller wants to read on stdout once it is gone.
    """

    __slots__ = ("access_token", "profile", "text", "url")

    def __init__(self, profile: str, *, url: str, access_token: str = "", text: str = "") -> None:
        self.profile = profile
        self.url = url
        self.access_token = access_token
        self.text = text


class Question:
    """A protocol and what its `ask` heard: an error, too, for stdin can be read only once."""

    __slots__ = ("asked", "protocol", "words")

    def __init__(
        self,
        protocol: "Protocol",
        *,
        words: "Sequence[str]",
        asked: "Asked | Answer | Rejected | Listing | Exception",
    ) -> None:
        self.protocol = protocol
        self.words = words
        self.asked = asked


class Listing:
    """A caller's wish to know the hosts that are served; the protocol's `listing` answers."""

    __slots__ = ()


def ask(arguments: "Sequence[str]", environ: "Mapping[str, str]") -> Asked:
    """Return what `[PROFILE] [WORD …]` asks for; `$CREDHELPER_PROFILE` names the profile, too."""
    profile = arguments[0] if arguments else environ.get("CREDHELPER_PROFILE", "")
    return Asked(profile, words=arguments[1:], environ=environ)


def hear(protocol: "Protocol", words: "Sequence[str]") -> Question:
    """Return what a caller asks a protocol: by its own `ask`, or else by the common one."""
    listen = getattr(protocol, "ask", ask)
    try:
        return Question(protocol, words=words, asked=listen(words, os.environ))
    except Exception as error:  # noqa: BLE001 - `cli` raises it again, and explains it
        return Question(protocol, words=words, asked=error)


def own(name: str) -> "Protocol | None":
    """Return the module of one of our protocols, None if there is no such file."""
    if not name.isidentifier() or name[0] == "_":
        return None
    try:
        # Not importlib, which is a module more; `fromlist` makes it return the inner module.
        module: Protocol = __import__(f"{__name__}.{name}", fromlist=["reply"])
    except ImportError:
        return None
    return module


def profile_and(words: "Sequence[str]", number: int) -> "tuple[str, Sequence[str]]":
    """Return the profile ("" without one) before the last `number` words, and these words.

    Raises UsageError for more or fewer words.
    """
    cut = max(0, len(words) - number)
    head, tail = words[:cut], words[cut:]
    if len(head) <= 1 and len(tail) == number:
        return "".join(head), tail
    from credhelper.errors import UsageError  # not on the way of a hit

    msg = "the caller's words are not those of its protocol"
    raise UsageError(msg, hint="see `credhelper setup` for how that caller is configured")


def read_input(until: bytes = b"") -> bytes:
    """Return stdin up to its end, or to where it ends with `until`. Raises ProtocolError."""
    data = b""
    while len(data) <= INPUT_LIMIT:
        try:
            more = os.read(0, INPUT_LIMIT)
        except OSError:
            more = b""  # closed, or a directory: there is nothing to read
        data += more
        if not more or (until and data.endswith(until)):
            return data
    from credhelper.errors import ProtocolError  # not on the way of a hit

    msg = "the caller's question is longer than any is"
    raise ProtocolError(msg, hint="see what its stdin was connected to")


def text_of(data: bytes) -> str:
    """Return the caller's bytes as text. Raises ProtocolError."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        from credhelper.errors import ProtocolError  # not on the way of a hit

        msg = "the caller's question is not UTF-8"
        raise ProtocolError(msg, hint="give it plain text") from None


def quote(text: str) -> str:
    """Return a JSON string of a text without control characters; `import json` costs 5 ms."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
