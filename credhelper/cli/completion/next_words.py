"""Which words may stand next on the command line: all that the shells' stubs know."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from credhelper.cli.grammar import FILES, PROFILE, Argument, Command

FILE = ":"  # the line of an answer that asks the shell for names of files


@dataclass(frozen=True)
class _Place:
    """Where the next word stands: in which command, after which option that wants a value.

    `slot` counts the words of the command that are no options, `first` is the first of them.
    """

    command: Command
    option: Argument | None
    slot: int
    first: str


def next_words(
    commands: Sequence[Command],
    current: str,
    before: Sequence[str],
    *,
    profiles: Callable[[], Iterable[str]],
) -> list[str]:
    """Return `WORD` or `WORD:MEANING` for each word that begins as `current` does, or FILE.

    `before` are the words between `credhelper` and `current`; bash has each `=` as one of them.
    `profiles` is called where names of profiles may stand.
    """
    if "--" in before:
        return []  # another command's words
    head, equals, value = current.partition("=")
    if head[:2] == "--" and equals:
        found = next_words(commands, value, [*before, head], profiles=profiles)
        return [each if each == FILE else f"{head}={each}" for each in found]
    place = _place(commands, before)
    if place.option:
        lines = _values([place.option], profiles)
    elif current[:1] == "-":
        options = place.command.options
        lines = [f"{flag}:{each.about}" for each in options for flag in each.flags]
    elif not place.command.name:
        lines = [f"{each.name}:{each.about}" for each in commands if each.name]
    else:
        here = [each for each in place.command.positionals if each.slot == place.slot]
        lines = _values([each for each in here if each.after in ("", place.first)], profiles)
    return [line for line in lines if line == FILE or line.startswith(current)]


def _place(commands: Sequence[Command], before: Sequence[str]) -> _Place:
    command, option, rest = commands[0], None, []
    for word in before:
        if word == "=":
            continue
        if option:
            option = None
        elif word[:1] == "-":
            option = next((each for each in command.options if word in each.flags), None)
            option = option if option and option.metavar else None
        elif not command.name:
            command = next((each for each in commands if each.name == word), commands[0])
        else:
            rest.append(word)
    return _Place(command, option, len(rest), "".join(rest[:1]))


def _values(arguments: Iterable[Argument], profiles: Callable[[], Iterable[str]]) -> list[str]:
    found: list[str] = []
    for argument in arguments:
        if argument.words:
            found += argument.words
        elif argument.metavar == PROFILE:
            found += profiles()
        elif argument.metavar in FILES:
            found.append(FILE)
    return found
