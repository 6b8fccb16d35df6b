"""Transcripts as text: one file per protocol, one block per conversation, in `transcripts/`.

    $ NAME=VALUE command word …     what the caller runs, with variables before it
    < a line of stdin               (`<| ` for one without a line end; escapes as in Python)
    > a line of stdout
    ! a line of stderr
    = 0                             the exit status, which ends the block

`# also imports: json` at the top of a file lets a hit of that protocol import it.
"""

import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import COMMAND, Box

FOLDER = Path(__file__).parent / "transcripts"
# Where the one profile's token may go in every transcript.
HOSTS = "api.example.com,*.corp.example,127.0.0.1:8080,//iam.example.com/pools/p"


@dataclass
class Transcript:
    """One conversation: what is run, with which variables and stdin, and what must come of it."""

    protocol: str
    environ: dict[str, str]
    command: list[str]
    stdin: str = ""
    stdout: str = ""
    stderr: str = ""
    status: int = -1
    also: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the command line, as the name of a test."""
        return shlex.join(self.command)

    @property
    def has_token(self) -> bool:
        """Whether the conversation gives the token out."""
        return "tok-1" in self.stdout


def names() -> list[str]:
    """Return the protocols that have a file of transcripts."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def read(name: str) -> list[Transcript]:
    """Return the transcripts of a protocol. Raises ValueError for a line of no kind."""
    found: list[Transcript] = []
    also: list[str] = []
    for line in (FOLDER / f"{name}.txt").read_text().splitlines():
        mark, _space, text = line.partition(" ")
        if mark == "$":
            found.append(_start(name, text, also))
        elif mark == "#":
            also = text.removeprefix("also imports:").split() if "also imports:" in text else also
        elif mark == "=":
            found[-1].status = int(text)
        elif mark in ("<", "<|"):
            found[-1].stdin += _unescaped(text) + ("\n" if mark == "<" else "")
        elif mark == ">":
            found[-1].stdout += text + "\n"
        elif mark == "!":
            found[-1].stderr += text + "\n"
        elif line:
            raise ValueError(line)
    assert all(each.status >= 0 for each in found), f"{name}: a block has no status"
    return found


def _start(name: str, text: str, also: list[str]) -> Transcript:
    words = shlex.split(text)
    environ = {}
    while "=" in words[0]:
        key, _equals, value = words.pop(0).partition("=")
        environ[key] = value
    return Transcript(name, environ, words, also=also)


def _unescaped(text: str) -> str:
    return text.encode("latin-1").decode("unicode_escape") if "\\" in text else text


def converse(box: Box, script: Transcript) -> tuple[int, str, str]:
    """Have one conversation with the installed command; return its status and what it said."""
    done = subprocess.run(
        [_executable(box, script.command[0]), *script.command[1:]],
        env=box.environ | script.environ,
        cwd=box.home,
        input=script.stdin.encode("latin-1"),
        capture_output=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def _executable(box: Box, name: str) -> str:
    """Return the installed executable; a name with a profile in it is a link of the user's."""
    if "@" not in name:
        return str(Path(COMMAND).with_name(name))
    link = box.home / name
    if not link.exists():
        link.symlink_to(COMMAND)
    return str(link)
