"""What a backend and a protocol must offer; for the type checker and for readers."""

from types import SimpleNamespace
from typing import TYPE_CHECKING
from typing import Protocol as Contract

from credhelper.place import Place
from credhelper.protocols import Asked
from credhelper.token import Token

if TYPE_CHECKING:
    from argparse import ArgumentParser  # 5 ms, and contracts are imported on a miss
    from collections.abc import Sequence

    from credhelper import grammar


class Backend(Contract):
    """A module that reads one secret.

    It may also have `Settings`, a frozen dataclass whose fields are the keys of
    `[profiles.NAME.BACKEND]`, and `VARIABLES`, the environment variables that decide which secret
    a reference means; a token is bound to their values; and `read_previous`, like `read`, which
    returns the version before the current one ("" if there is none) to bridge a rotation; and
    `describe`, which takes the same and yields two texts, first who we are where the secret lives,
    then the secret's version and age, for `credhelper check`.
    """

    def read(self, path: str, field: str, settings: object) -> str:
        """Return the secret at `path`, its `field` if one is named ("" if not).

        `settings` is an instance of `Settings`, with `Secret` for each reference in it, or None.
        Raises ConfigError (no such secret), DeniedError (not allowed), TemporaryError (try again).
        """
        ...


class Protocol(Contract):
    """A module that speaks one caller's dialect.

    It may also have `ask(words, environ)`, which returns one of `Asked`, `Answer`, `Rejected` and
    `Listing` (without it, the words are a profile and what follows); `refuse(error, words) ->
    Answer`, for a caller that wants errors in a shape of its own; and, if it returns `Listing`,
    `listing(rules) -> str`.
    """

    def reply(self, token: Token, asked: Asked) -> str:
        """Return what the caller expects on stdout, all of it.

        Raises UsageError or ProtocolError for what the caller asked wrongly.
        """
        ...


class Command(Contract):
    """A module with one command of the command line; its docstring is its line in `--help`."""

    def declare(self, parser: "ArgumentParser") -> None:
        """Add the command's own arguments; `--config`, `-v` and `--error-format` are there."""
        ...

    def run(self, options: SimpleNamespace) -> int:
        """Run it and return the exit status. Raises CredhelperError."""
        ...


class Setup(Contract):
    """A module that configures one caller to run us.

    If the caller's own command, a format library or a link can put it in place, it also has
    `steps(place) -> list[Step]`, what is still to be done; and `rest(place) -> str`, if then
    something is left to paste.
    """

    WHERE: str  # where the text belongs, as an order to the reader

    def text(self, place: Place) -> str:
        """Return the configuration, all of it.

        Raises ConfigError if the profile has no hosts, and the caller names one.
        """
        ...


class Shell(Contract):
    """A module that teaches one shell our command line; its docstring says how it is told."""

    def script(self, commands: "Sequence[grammar.Command]") -> str:
        """Return the script, all of it."""
        ...


class Topic(Contract):
    """A module that explains one topic; its docstring is the title."""

    def text(self) -> str:
        """Return the explanation in 80 columns, of `prose`'s blocks, with an empty line at the end.

        What the code knows comes from the code.
        """
        ...
