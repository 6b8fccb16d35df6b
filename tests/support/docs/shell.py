"""A page run from top to bottom in one shell, and what it said compared with what the page says.

`…` in an answer stands for any text of a line, a line of `…` alone for any lines. A command must
succeed, unless the next one asks for its status by `echo $?`. `export NAME=…` gets the value that a
server on the page, or one of its needs, has given.
"""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import Box
from tests.support.docs.page import Block, Command, Page

LIMIT_S = 60
SECOND = "a second terminal"  # the title of a block whose command goes on running
_PRELUDE = """
exec 2>&1
trap 'for job in $(jobs -p); do kill -- "-$job"; done' EXIT
mark() { local status=$?; printf '\\036%s\\n' "$status"; return "$status"; }
"""
_WRITE = """
( mkdir -p "$(dirname '{path}')" && umask 077 && cat >'{path}' <<'END OF FILE'
{text}END OF FILE
)
"""
_GIVEN = re.compile(r"export ([A-Z_]+)=…")
# With job control, so that it has a process group of its own, which the trap ends as a whole.
_START = """
: >'{file}'
set -m
{{ {text}
}} >'{file}' 2>&1 &
set +m
for _ in {{1..400}}; do [ "$(wc -l <'{file}')" -lt {lines} ] || break; sleep 0.05; done
cat '{file}'
mark
"""


@dataclass
class Stage:
    """Where a page is run.

    `stand_ins` are texts of the page and what they are here; `values` are what it may export.
    """

    box: Box
    folder: Path
    stand_ins: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def real(self, text: str) -> str:
        """Return a page's text as it is here."""
        for there, here in self.stand_ins.items():
            text = text.replace(there, here)
        return text

    def told(self, text: str) -> str:
        """Return what was said here as the page would tell it."""
        for there, here in self.stand_ins.items():
            text = text.replace(here, there)
        return text


def run(page: Page, stage: Stage, away: Path) -> list[str]:
    """Return what is not as the page says; `away` is an empty folder that is not on the page."""
    given = away / "given"
    given.mkdir()
    (given / "values").write_text("".join(f"export {n}={v}\n" for n, v in stage.values.items()))
    script = away / "script"
    script.write_text(_PRELUDE + "".join(_part(block, stage, given) for block in page.blocks))
    done = subprocess.run(
        ["bash", str(script)],
        env=stage.box.environ,
        cwd=stage.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=LIMIT_S,
        check=False,
    )
    commands = [each for block in page.blocks if is_run(block) for each in block.commands()]
    return _differences(commands, stage.told(done.stdout.decode()).split("\036"))


def is_run(block: Block) -> bool:
    """Return whether the block is commands that are run."""
    return block.language == "console" and not block.reason


def _part(block: Block, stage: Stage, given: Path) -> str:
    """Return a block as a part of the script; "" for one that is only to be read."""
    if is_run(block):
        made = _start if block.title == SECOND else _command
        return "".join(made(command, stage, given) for command in block.commands())
    if not block.title or block.reason or block.title.startswith("examples/"):
        return ""  # an example is there as a whole; the page may show a part of it
    path = block.title.replace("~", str(stage.box.home), 1)
    return _WRITE.format(path=path, text=stage.real(block.text))


def _command(command: Command, stage: Stage, given: Path) -> str:
    if wanted := _GIVEN.fullmatch(command.text):
        # The value of one line `export NAME=value` among all that was given.
        line = f"sed -n 's/^ *export {wanted[1]}=//p' '{given}'/* | head -n 1"
        return f'export {wanted[1]}="$({line})" && [ -n "${wanted[1]}" ]\nmark\n'
    return f"{stage.real(command.text)}\nmark\n"


def _start(command: Command, stage: Stage, given: Path) -> str:
    file = given / f"terminal-{command.line}"
    return _START.format(text=stage.real(command.text), file=file, lines=len(command.answer))


def _differences(commands: list[Command], said: list[str]) -> list[str]:
    """Return a text for each command that said something else, or failed unseen."""
    found: list[str] = []
    text, status = said[0], ""
    for number, command in enumerate(commands):
        if number + 1 >= len(said):
            return [*found, f"{command.line}: the shell ended here: {text}"]
        status, _newline, after = said[number + 1].partition("\n")
        asks = commands[number + 1 : number + 2]
        is_status_told = status == "0" or (asks and asks[0].text == "echo $?")
        if not (matches(command.answer, text) and is_status_told):
            found.append(f"{command.line}: $ {command.text}\n{text}(ended with {status})")
        text = after
    return found


def matches(answer: tuple[str, ...], text: str) -> bool:
    """Return whether a text is what the lines of an answer stand for."""
    patterns = [
        r"(.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"[ \t]*\n"
        for line in answer
    ]
    ended = text if text.endswith("\n") or not text else f"{text}\n"
    return re.fullmatch("".join(patterns), ended) is not None
