"""What the modules of `cli` must offer; for the type checker and for readers."""

from types import SimpleNamespace
from typing import TYPE_CHECKING
from typing import Protocol as Contract

if TYPE_CHECKING:
    from argparse import ArgumentParser  # 5 ms, and contracts are imported on a miss


class Command(Contract):
    """A module with one command of the command line; its docstring is its line in `--help`."""

    def declare(self, parser: "ArgumentParser") -> None:
        """Add the command's own arguments; `--config`, `-v` and `--error-format` are there."""
        ...

    def run(self, options: SimpleNamespace) -> int:
        """Run it and return the exit status. Raises CredhelperError."""
        ...


class Topic(Contract):
    """A module that explains one topic; its docstring is the title."""

    def text(self) -> str:
        """Return the explanation in 80 columns, of `prose`'s blocks, with an empty line at the end.

        What the code knows comes from the code.
        """
        ...
