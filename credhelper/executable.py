"""The names under which callers start us: those that take no arguments, or fix the name.

A name says the protocol: `docker-credential-credhelper`, `credhelper-bazel`, `keyring`; after an
`@` it may name the profile, as in `credhelper-pnpm@itwin`. The files in `scripts` are the ones that
are installed; a link of one's own with another such name works as well.
"""

TYPE_CHECKING = False  # `import typing` costs 6 ms, of a hit's 8
if TYPE_CHECKING:
    from collections.abc import Sequence

_OURS = ("credhelper", "credential", "credentials")


def parse(name: str, arguments: "Sequence[str]") -> "tuple[str, list[str]]":
    """Return the protocol ("" if the name says none) and the words of `as` that follow it."""
    stem, _at, profile = name.partition("@")
    words = [word for word in stem.split("-") if word not in _OURS]
    protocol = words[0] if len(words) == 1 else ""
    return protocol, [profile, *arguments] if profile else list(arguments)
