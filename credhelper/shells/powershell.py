"""PowerShell: `credhelper completion powershell | Out-String | Invoke-Expression` in `$PROFILE`."""

from collections.abc import Iterable, Sequence

from credhelper.grammar import FILES, PROFILE, Argument, Command

# An empty answer lets PowerShell complete the name of a file.
CORE = """\
Register-ArgumentCompleter -Native -CommandName credhelper -ScriptBlock {
    param($current, $ast, $position)
    $command = ''; $slot = 0; $first = ''; $before = ''
    $valued = @(@valued@)
    $words = @($ast.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { $_.Extent.Text })
    foreach ($word in $words) {
        if ($word -ceq '--') { return }
        if ($valued -ccontains "$command $before") { $before = ''; continue }
        $before = $word
        if ($word.StartsWith('-')) { continue }
        if (-not $command) { $command = $word; continue }
        $slot++
        if (-not $first) { $first = $word }
    }
    $found = if ($valued -ccontains "$command $before") {
        switch -CaseSensitive ("$command $before") {
@values@
        }
    } elseif ("$current".StartsWith('-')) {
        switch -CaseSensitive ($command) {
@options@
        }
    } else {
        switch -CaseSensitive -Regex ("$command $slot $first") {
@slots@
        }
    }
    foreach ($line in $found) {
        $word, $about = "$line" -split ':', 2
        if (-not $word.StartsWith("$current")) { continue }
        if (-not $about) { $about = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
    }
}
"""


def script(commands: Sequence[Command]) -> str:
    """Return the script that teaches PowerShell our command line."""
    valued = {
        f"{command.name} {flag}": option
        for command in commands
        for option in command.options
        if option.metavar
        for flag in option.flags
    }
    names = _lines((each.name, each.about) for each in commands if each.name)
    parts = {
        "@valued@": ", ".join(map(_quote, valued)),
        "@values@": "\n".join(
            f"            {_quote(place)} {{ {_answer(option)} }}"
            for place, option in valued.items()
        ),
        "@options@": "\n".join(map(_options, commands)),
        "@slots@": "\n".join(
            [
                f"            '^ 0 $' {{ {names} }}",
                *(_slot(each.name, item) for each in commands for item in each.positionals),
            ]
        ),
    }
    text = CORE
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return text


def _slot(command: str, item: Argument) -> str:
    place = f"^{command} {item.slot} {item.after}" + ("$" if item.after else "")
    return f"            {_quote(place)} {{ {_answer(item)} }}"


def _options(command: Command) -> str:
    lines = _lines((flag, each.about) for each in command.options for flag in each.flags)
    return f"            {_quote(command.name)} {{ {lines} }}"


def _answer(item: Argument) -> str:
    if item.words:
        return _lines((word, "") for word in item.words)
    if item.metavar == PROFILE:
        found = "(Get-Command credhelper -CommandType Application -ErrorAction Ignore)[0]"
        return f"& {found} completion profiles 2>$null"
    return "return" if item.metavar in FILES else ""


def _lines(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(_quote(f"{word}:{about}" if about else word) for word, about in pairs)


def _quote(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
