"""fish: `credhelper completion fish | source` in `config.fish`.

Or as a file `credhelper.fish` in `~/.config/fish/completions`.
"""

from collections.abc import Iterator, Sequence

from credhelper.grammar import FILES, PROFILE, Argument, Command

# Succeeds where the words before the cursor are a command's: `__credhelper_at COMMAND`, or so many
# of its words that are no options: `… SLOT`, or also the first of them: `… SLOT FIRST`.
CORE = """\
function __credhelper_at
    set -l words (commandline -opc)
    contains -- "$argv[1]" '' $words; or return 1
    set -e words[1]
    set -l command ''
    set -l slot 0
    set -l first ''
    set -l before ''
    for word in $words
        if test "$word" = --
            test "$argv[1]" = --
            return
        end
        if contains -- "$command $before" @valued@
            set before ''
            continue
        end
        set before $word
        string match -q -- '-*' $word; and continue
        if test -z "$command"
            set command $word
            continue
        end
        set slot (math $slot + 1)
        test -z "$first"; and set first $word
    end
    set -l state "$command" $slot "$first"
    test "$state[1..$(count $argv)]" = "$argv"
end
complete -c credhelper -f
complete -c credhelper -n '__credhelper_at --' -F
"""


def script(commands: Sequence[Command]) -> str:
    """Return the script that teaches fish our command line."""
    valued = [
        _quote(f"{command.name} {flag}")
        for command in commands
        for option in command.options
        if option.metavar
        for flag in option.flags
    ]
    names = [
        _line("'' 0", f"-a {each.name} -d {_quote(each.about)}") for each in commands if each.name
    ]
    lines = [line for command in commands for line in _command(command)]
    return CORE.replace("@valued@", " ".join(valued)) + "".join([*names, *lines])


def _command(command: Command) -> Iterator[str]:
    name = command.name or "''"
    for option in command.options:
        flags = " ".join(
            f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags
        )
        value = f" {_value(option)}" if option.metavar else ""
        yield _line(name, f"{flags}{value} -d {_quote(option.about)}")
    for item in command.positionals:
        if item.words or item.metavar == PROFILE:
            yield _line(f"{name} {item.slot} {item.after}".rstrip(), _value(item))


def _value(item: Argument) -> str:
    if item.words:
        return f"-x -a {_quote(' '.join(item.words))}"
    if item.metavar == PROFILE:
        # fish tells of an unknown command past the redirection.
        names = "command -q credhelper; and command credhelper completion profiles 2>/dev/null"
        return f"-x -a '({names})'"
    return "-r -F" if item.metavar in FILES else "-x"


def _line(place: str, rest: str) -> str:
    return f"complete -c credhelper -n {_quote(f'__credhelper_at {place}')} {rest}\n"


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
