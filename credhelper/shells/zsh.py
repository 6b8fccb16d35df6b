"""zsh: `eval "$(credhelper completion zsh)"` in `~/.zshrc` after `compinit`.

Or as a file `_credhelper` in a directory of `$fpath`.
"""

from collections.abc import Sequence

from credhelper import posix_words
from credhelper.grammar import Command

FRONT = """\
_credhelper() {
  local answer
  local -i at=${words[(i)--]} kind
  local -a before found
  if ((at < CURRENT)); then
    words=("${(@)words[at+1,-1]}")
    ((CURRENT -= at))
    _normal
    return
  fi
  before=("${(@)words[2,CURRENT-1]}")
  if [[ $PREFIX == --*=* ]]; then
    before+=("${PREFIX%%=*}")
    compset -P '*='
  fi
  answer=$(_credhelper_words "$PREFIX" "${before[@]}")
  kind=$?
  if ((kind == 2)); then
    _files
  elif [[ -n $answer ]]; then
    found=("${(@f)answer}")
    _describe credhelper found
  fi
}
if [[ ${funcstack[1]} == _credhelper ]]; then
  _credhelper "$@"
else
  compdef _credhelper credhelper
fi
"""


def script(commands: Sequence[Command]) -> str:
    """Return the script that teaches zsh our command line."""
    return "#compdef credhelper\n" + posix_words.script(commands) + FRONT
