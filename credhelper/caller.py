"""What a caller asks, and how it is read; `protocols` has one file per caller's format.

Callers that pass no arguments, or require a fixed command name, start us under a name that says the
protocol: `docker-credential-credhelper`, `keyring`, or with a profile `credhelper-pnpm@itwin`. The
files in `cli/scripts` are installed; a link with another such name works as well.
"""

import os
import time

from credhelper import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol as Contract
    from typing import TypeAlias

    from credhelper.hosts import Rule
    from credhelper.token import Token

    Heard: TypeAlias = "Asked | Answer | Rejected | Listing"

    class Protocol(Contract):
        """A module that speaks one caller's dialect.

        It may have `ask(words, environ)`, which returns an `Asked`, `Answer`, `Rejected` or
        `Listing` (without it, the words are a profile and more); `refuse(error, words) -> Answer`,
        for errors in the caller's shape; and, if it returns `Listing`, `listing(rules) -> str`.
        """

        def reply(self, token: Token, asked: "Asked") -> str:
            """Return all that the caller expects on stdout. Raises UsageError, ProtocolError."""
            ...


INPUT_LIMIT = 65536
# The `code` of the error for a URL that no profile serves: many callers ask about every URL.
UNKNOWN_HOST = "unknown_host"
# A target without an origin, so no rule fits.
NOWHERE = "://"
# Google's registries and indexes demand this name for an OAuth token as a Basic password; others
# have their own, or take any.
USERNAME = "oauth2accesstoken"
BLANKS = " \t\r\n"  # RFC 8259 section 2
_HEX = frozenset("0123456789abcdefABCDEF")


class Asked:
    """What a caller asks for.

    `profile` is "" for the one that the URL, or else the configuration, chooses. `url` is where
    the token will be sent, where the caller says so: then only `hosts` decide. `server` is the
    same of a caller that may leave it out: then they decide where the profile has any. Both are ""
    where the caller names none (None here), for an empty URL is a URL, and NOWHERE. `username` is
    the user name of the profile that they chose. `grant` names a further exchange ("sts"). `words`
    is what else the caller said. `newer_than` (unix seconds) is set after a 401.
    """

    __slots__ = ("environ", "grant", "newer_than", "profile", "server", "url", "username", "words")

    def __init__(  # noqa: PLR0913 - many fields, most of them rare
        self,
        profile: str,
        *,
        words: "Sequence[str]" = (),
        environ: "Mapping[str, str]",
        url: str | None = None,
        server: str | None = None,
        username: str = "",
        grant: str = "",
        newer_than: float = 0.0,
    ) -> None:
        self.profile = profile
        self.words = words
        self.environ = environ
        self.url = "" if url is None else url or NOWHERE
        self.server = "" if server is None else server or NOWHERE
        self.username = username
        self.grant = grant
        self.newer_than = newer_than

    def under(self, rule: "Rule") -> "Asked":
        """Return the same question with profile and user name of the rule that serves it."""
        found = Asked.__new__(Asked)
        for name in self.__slots__:
            setattr(found, name, getattr(self, name))
        found.profile, found.username = rule.profile, rule.username
        return found

    def allowed(self, rules: "Sequence[Rule]", default: str) -> "Asked | None":
        """Return the same question under the rule that lets the token go where the caller says.

        None if no rule does. `default` is the profile if the caller names none.
        """
        from credhelper import hosts  # a caller that names no URL need not pay for it

        if self.url:
            rule = hosts.match(rules, self.url, self.profile)
            return self.under(rule) if rule else None
        profile = self.profile or default
        if not any(rule.profile == profile for rule in rules):
            return self
        rule = hosts.match(rules, self.server, profile)
        return self.under(rule) if rule else None


class Answer:
    """An answer without a token: text on stdout, a line on stderr, an exit status."""

    __slots__ = ("line", "status", "text")

    def __init__(self, text: str = "", *, line: str = "", status: int = 0) -> None:
        self.text, self.line, self.status = text, line, status


class Rejected:
    """A caller asks to drop the token for `url`; `access_token` "" means any token.

    `text` is what the caller wants to read on stdout once it is gone.
    """

    __slots__ = ("access_token", "profile", "text", "url")

    def __init__(self, profile: str, *, url: str, access_token: str = "", text: str = "") -> None:
        self.profile, self.url, self.access_token, self.text = profile, url, access_token, text


class Question:
    """A protocol and what its `ask` returned, or raised: stdin can be read only once."""

    __slots__ = ("asked", "protocol", "words")

    def __init__(
        self, protocol: "Protocol", *, words: "Sequence[str]", asked: "Heard | Exception"
    ) -> None:
        self.protocol, self.words, self.asked = protocol, words, asked


class Listing:
    """A caller asks which hosts are served; the protocol's `listing` answers."""


def ask(arguments: "Sequence[str]", environ: "Mapping[str, str]") -> Asked:
    """Return what `[PROFILE] [WORD …]` asks for; `$CREDHELPER_PROFILE` names the profile, too."""
    profile = arguments[0] if arguments else environ.get("CREDHELPER_PROFILE", "")
    return Asked(profile, words=arguments[1:], environ=environ)


def hear(protocol: "Protocol", words: "Sequence[str]") -> Question:
    """Return what a caller asks a protocol: by its own `ask`, or else by the common one."""
    listen = getattr(protocol, "ask", ask)
    try:
        asked: Heard | Exception = listen(words, os.environ)
        if isinstance(asked, Asked) and asked.profile and not cache.is_name(asked.profile):
            from credhelper.errors import ConfigError

            msg = "no profile has a name like the one that the caller gives"
            asked = ConfigError(msg, hint="see `credhelper list` for those that there are")
        return Question(protocol, words=words, asked=asked)
    except Exception as error:  # noqa: BLE001 - `cli` raises it again, and explains it
        return Question(protocol, words=words, asked=error)


def of_name(name: str, arguments: "Sequence[str]") -> "tuple[str, list[str]]":
    """Return the protocol that our name says ("" for none) and the words of `as` after it."""
    stem, _at, profile = name.partition("@")
    words = [
        word for word in stem.split("-") if word not in ("credhelper", "credential", "credentials")
    ]
    protocol = "".join(words) if len(words) == 1 else ""
    return protocol, [profile, *arguments] if profile else list(arguments)


def load(name: str) -> "Protocol | None":
    """Return the module of one of our protocols, None if there is no such file.

    Raises OutputError for a file that cannot be read.
    """
    if not name.isidentifier() or name[0] == "_":
        return None
    try:
        # Not importlib, which is a module more; `fromlist` makes it return the inner module.
        module: Protocol = __import__(f"credhelper.protocols.{name}", fromlist=["reply"])
    except Exception as error:  # noqa: BLE001 - a truncated file can raise anything
        if isinstance(error, ModuleNotFoundError) and error.name == f"credhelper.protocols.{name}":
            return None
        from credhelper.errors import OutputError, word_for

        msg = f"credhelper's own file protocols/{name}.py cannot be loaded ({word_for(error)})"
        raise OutputError(msg, hint="check the disk, then install credhelper again") from None
    return module


def address(host: str, scheme: str = "https") -> str:
    """Return the URL of a host that a caller names without one, NOWHERE for more than a host.

    The caller has decoded it, so what ends the host in a URL is a part of the name there: git makes
    `a.example/.evil.example` of `a.example%2f.evil.example`, and other libraries do the same.
    """
    is_plain = host and not {*"/?#"} & {*host, *scheme}
    return f"{scheme}://{host}" if is_plain else NOWHERE


def profile_and(words: "Sequence[str]", number: int) -> "tuple[str, Sequence[str]]":
    """Return the profile ("" without one) before the last `number` words, and these words.

    Raises UsageError for more or fewer words.
    """
    cut = max(0, len(words) - number)
    head, tail = words[:cut], words[cut:]
    if len(head) <= 1 and len(tail) == number:
        return "".join(head), tail
    from credhelper.errors import UsageError

    msg = f"words given: {len(words)}; this protocol takes {number}, after a profile or none"
    raise UsageError(msg, hint="see `credhelper setup` for how that caller is configured")


def read_input(until: bytes = b"") -> bytes:
    """Return stdin up to its end, or to where it ends with `until`. Raises ProtocolError."""
    data = b""
    while len(data) <= INPUT_LIMIT:
        try:
            more = os.read(0, INPUT_LIMIT)
        except BlockingIOError:
            time.sleep(0.01)  # the writer is slow; the time limit ends the wait
            continue
        except OSError:
            return data  # closed, or a directory: there is nothing to read
        data += more
        if not more or (until and data.endswith(until)):
            return data
    from credhelper.errors import ProtocolError

    msg = "the caller's question is too long"
    raise ProtocolError(msg, hint="see what its stdin was connected to")


def text_of(data: bytes) -> str:
    """Return the caller's bytes as text. Raises ProtocolError."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        from credhelper.errors import ProtocolError

        msg = "the caller's question is not UTF-8"
        raise ProtocolError(msg, hint="give it plain text") from None


def parse(text: str) -> object:
    """Return what a JSON text means. Raises ValueError, RecursionError.

    A plain object of strings needs no parser, and `import json` costs 5 ms.
    """
    flat = _flat(text.strip(BLANKS))
    if flat is not None:
        return flat
    import json

    return json.loads(text)


def _flat(text: str) -> "dict[str, str] | None":
    """Return a JSON object whose members are strings; None for any other text, and if unsure."""
    parts = text.split('"')
    shape = ["{", *[":", ","] * (len(parts) // 4)]
    shape[-1] = "}"
    if len(parts) == 1 or [part.strip(BLANKS) for part in parts[::2]] != shape:
        return None
    strings = [_unescaped(part) for part in parts[1::2]]
    found = [each for each in strings if each is not None]
    return dict(zip(found[::2], found[1::2], strict=True)) if len(found) == len(strings) else None


def _unescaped(text: str) -> str | None:
    r"""Return the text of a JSON string; None if unsure: any escape but `\u` of printable ASCII.

    Java and Go escape `=`, `&` and `<` this way.
    """
    found, *others = text.split("\\u")
    pieces = [found, *(other[4:] for other in others)]
    if any("\\" in piece or not piece.isprintable() for piece in pieces):
        return None
    for other in others:
        code = other[:4]
        if len(code) < 4 or not _HEX.issuperset(code) or not 0x20 <= int(code, 16) < 0x7F:
            return None
        found += chr(int(code, 16)) + other[4:]
    return found


def quote(text: str) -> str:
    """Return a JSON string of a text without control characters; `import json` costs 5 ms."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
