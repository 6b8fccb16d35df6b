"""bash, 3.2 and newer: `eval "$(credhelper completion bash)"` in `~/.bashrc`."""

from collections.abc import Sequence

from credhelper import posix_words
from credhelper.grammar import Command

# COMP_WORDS is split at `=`, which the core skips; without `compopt` (3.2) a file is not completed.
FRONT = """\
_credhelper() {
  local line word at answer
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    if [ "${COMP_WORDS[at]}" = -- ]; then
      if declare -F _command_offset >/dev/null; then
        _command_offset $((at + 1))
      else
        compopt -o bashdefault -o default 2>/dev/null
      fi
      return
    fi
  done
  word=${COMP_WORDS[COMP_CWORD]}
  [ "$word" != = ] || word=
  answer=$(_credhelper_words "$word" "${COMP_WORDS[@]:1:COMP_CWORD-1}")
  if [ $? = 2 ]; then
    compopt -o default 2>/dev/null
    return
  fi
  while IFS= read -r line; do
    line=${line%%:*}
    [[ -z $line || $line != "$word"* ]] || COMPREPLY+=("$line")
  done <<<"$answer"
}
complete -F _credhelper credhelper
"""


def script(commands: Sequence[Command]) -> str:
    """Return the script that teaches bash our command line."""
    return posix_words.script(commands) + FRONT
