"""One file per caller's dialect; the contract is `contracts.Protocol`."""

TYPE_CHECKING = False  # `import typing` costs 6 ms, of a hit's 8
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credhelper.contracts import Protocol


class Asked:
    """What a caller asks for: the profile ("" for the default) and the words that follow it."""

    __slots__ = ("environ", "profile", "words")

    def __init__(
        self, profile: str, *, words: "Sequence[str]", environ: "Mapping[str, str]"
    ) -> None:
        self.profile = profile
        self.words = words
        self.environ = environ


def ask(arguments: "Sequence[str]", environ: "Mapping[str, str]") -> Asked:
    """Return what `[PROFILE] [WORD …]` asks for; `$CREDHELPER_PROFILE` names the profile, too."""
    profile = arguments[0] if arguments else environ.get("CREDHELPER_PROFILE", "")
    return Asked(profile, words=arguments[1:], environ=environ)


def own(name: str) -> "Protocol | None":
    """Return the module of one of our protocols, None if there is no such file."""
    if not name.isidentifier():
        return None
    try:
        # Not importlib, which is a module more; `fromlist` makes it return the inner module.
        module: Protocol = __import__(f"{__name__}.{name}", fromlist=["reply"])
    except ImportError:
        return None
    return module
