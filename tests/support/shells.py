"""The TAB key of real shells: what each offers for a line, as the user who types it sees it."""

import os
import pty
import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Box

BASH = """\
source {script}
while IFS= read -r line; do
  COMP_LINE=$line
  COMP_WORDBREAKS=$' \\t\\n"'"'"'><=;|&(:'
  read -ra COMP_WORDS <<<"${{line//=/ = }}"
  case $line in *[' =']) COMP_WORDS+=('') ;; esac
  COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
  COMPREPLY=()
  _credhelper
  printf '%s\\n' "${{COMPREPLY[@]}}" END
done
"""
FISH = """\
source {script}
while read -l line
    complete -C "$line"
    echo END
end
"""
# Every word that the completion system is given is written down; with -D it is only asked.
ZSHRC = """\
autoload -Uz compinit
compinit -C -d {dump}
source {script}
compadd() {{
  local -a hits
  if [[ " $* " != *" -D "* ]]; then
    builtin compadd -A hits "$@"
    print -rl -- $hits >> {out}
  fi
  builtin compadd "$@"
}}
tab() {{ zle complete-word; print END >> {out}; zle kill-buffer }}
zle -N tab
bindkey '^I' tab
print READY >> {out}
"""
ALL = ("bash", "zsh", "fish")


def require(shell: str) -> None:
    """Skip the test where this machine does not have the shell."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")


def offers(box: Box, shell: str, lines: Sequence[str]) -> list[list[str]]:
    """Return for each line, the cursor at its end, the words that the shell offers.

    The shell must say nothing else: what reaches the terminal disturbs who is typing.
    """
    script = box.home / f"script.{shell}"
    if not script.exists():
        ran = box.run("completion", shell)
        assert (ran.status, ran.stderr) == (0, "")
        script.write_text(ran.stdout)
        box.environ["PATH"] = f"{Path(COMMAND).parent}:{box.environ['PATH']}"
    if shell == "zsh":
        text = _type(box, script, lines)
    else:
        driver = {"bash": BASH, "fish": FISH}[shell].format(script=script)
        plain = {"bash": ["--norc", "--noprofile"], "fish": ["--no-config"]}[shell]
        text = _feed(box, [shell, *plain, "-c", driver], lines)
    answers = text.split("END\n")
    assert answers.pop() == ""
    return [[word.split("\t")[0] for word in each.splitlines() if word] for each in answers]


def _feed(box: Box, command: Sequence[str], lines: Sequence[str]) -> str:
    done = subprocess.run(
        command,
        env=box.environ,
        cwd=box.home,
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def _type(box: Box, script: Path, lines: Sequence[str]) -> str:
    """Return what an interactive zsh was given to show, typing at its terminal."""
    out = box.home / "out"
    out.write_text("")
    dump = box.home.parent / "zcompdump"  # of all tests: to collect it anew takes half a second
    names = {"script": script, "out": out, "dump": dump}
    text = ZSHRC.format(**{name: shlex.quote(str(path)) for name, path in names.items()})
    (box.home / ".zshrc").write_text(text)
    master, slave = pty.openpty()
    process = subprocess.Popen(
        ["zsh", "-i"],
        env={**box.environ, "TERM": "dumb", "ZDOTDIR": str(box.home)},
        cwd=box.home,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        _await(out, "READY\n", 1)
        out.write_text("")
        for number, line in enumerate(lines, 1):
            os.write(master, f"{line}\t".encode())
            _await(out, "END\n", number)
    finally:
        process.kill()
        process.wait()
        os.close(master)
    return out.read_text()


def _await(path: Path, mark: str, number: int) -> None:
    """Wait until the file has the mark so many times."""
    until = time.monotonic() + 15
    while path.read_text().count(mark) < number:
        assert time.monotonic() < until, path.read_text()
        time.sleep(0.01)
