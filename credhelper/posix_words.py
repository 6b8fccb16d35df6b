"""What bash and zsh have in common: a function that prints which words may stand next."""

import shlex
from collections.abc import Iterable, Sequence

from credhelper.grammar import FILES, PROFILE, Argument, Command

# A line of the answer is `WORD` or `WORD:DESCRIPTION`; status 2 asks for the name of a file.
# `slot` counts the words of a command that are no options, `first` is the first of them.
CORE = """\
_credhelper_words() {
  local current=$1 command='' slot=0 first='' before='' word
  shift
  for word in "$@"; do
    [ "$word" != = ] || continue
    case "$command $before" in @valued@)
      before=
      continue
      ;;
    esac
    before=$word
    case $word in -*) continue ;; esac
    if [ -z "$command" ]; then
      command=$word
    else
      slot=$((slot + 1))
      first=${first:-$word}
    fi
  done
  case "$command $before" in
@values@
  esac
  case $current in -*)
    case $command in
@options@
    esac
    return
    ;;
  esac
  case "$command $slot $first" in
@slots@
  esac
}
"""


def script(commands: Sequence[Command]) -> str:
    """Return the function; it takes the word under the cursor, then the words before it."""
    others = commands[1:]
    valued = [(each.name, option) for each in others for option in each.options if option.metavar]
    slots = [_slot(each.name, item) for each in others for item in each.positionals]
    names = _lines((each.name, each.about) for each in others)
    parts = {
        "@valued@": " | ".join(_flags(*item) for item in valued),
        "@values@": "\n".join(f"    {_flags(*item)}) {_answer(item[1])} ;;" for item in valued),
        "@options@": "\n".join(map(_options, commands)),
        "@slots@": "\n".join([f"    ' 0 ') {names} ;;", *slots]),
    }
    text = CORE
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return text


def _flags(command: str, option: Argument) -> str:
    return " | ".join(shlex.quote(f"{command} {flag}") for flag in option.flags)


def _slot(command: str, item: Argument) -> str:
    after = shlex.quote(item.after) if item.after else "*"
    return f"    '{command} {item.slot} '{after}) {_answer(item)} ;;"


def _options(command: Command) -> str:
    lines = _lines((flag, each.about) for each in command.options for flag in each.flags)
    return f"      {shlex.quote(command.name)}) {lines} ;;"


def _answer(item: Argument) -> str:
    if item.words:
        return f"{_lines((word, '') for word in item.words)}; return"
    if item.metavar == PROFILE:
        return "command credhelper completion profiles 2>/dev/null; return"
    return "return 2" if item.metavar in FILES else "return"


def _lines(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a command that prints words, one a line, with what they mean."""
    texts = [f"{word}:{about}" if about else word for word, about in pairs]
    return f"printf '%s\\n' {shlex.join(texts)}"
