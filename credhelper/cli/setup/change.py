"""One change of a caller's configuration: printed first, then made, by a tool or a parser."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from credhelper.cli.setup.target import Target
from credhelper.errors import ConfigError, UsageError
from credhelper.system import files

ABSENT = (1,)  # how git and pip say that a setting is not there
LIMIT_S = 60  # of a tool; npm's take seconds on a busy machine


@dataclass(frozen=True)
class Change:
    """A change: the line that announces it, the files it may change, and the act.

    The act raises ConfigError, UsageError or OSError.
    """

    line: str
    files: tuple[str, ...]
    act: Callable[[], None]


def tool(target: Target, words: Sequence[str], *files: str) -> Change:
    """Return the run of a caller's own configuration command, which changes one of the files."""

    def act() -> None:
        status, _text = _run(target, words)
        if status:
            raise _failed(words, status)

    return Change(f"run: {shlex.join(words)}", files, act)


def answer(target: Target, *words: str, absent: Container[int] = ABSENT) -> str:
    """Return what a tool prints, without the last line end; "" if it has no such setting.

    `absent` are the statuses that say so. Raises ConfigError for a tool that fails otherwise, as on
    a file of its own that is broken.
    """
    status, text = _run(target, words)
    if status and status not in absent:
        raise _failed(words, status)
    return "" if status else text.removesuffix("\n")


def _failed(words: Sequence[str], status: int) -> ConfigError:
    hint = f"run `{shlex.join(words)}` by hand: it says what is wrong, maybe with a file of its own"
    return ConfigError(f"`{words[0]} {words[1]}` failed with status {status}", hint=hint)


def document(path: str, text: str, *, line: str) -> Change:
    """Return the replacement of a file by its new text, which the line must not quote."""
    return Change(line, (path,), lambda: replace(path, text))


def links(path: str, target: str) -> list[Change]:
    """Return the making of a link, nothing if it is there. Raises ConfigError for another's."""
    if os.path.realpath(path) == os.path.realpath(target):
        return []
    if os.path.lexists(path):
        hint = "move it away, or keep it and set up by hand"
        raise ConfigError(f"{path} is there, and no link to {target}", hint=hint)

    def act() -> None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)

    return [Change(f"link: {path} to {target}", (), act)]


def unlinks(path: str, executable: str) -> list[Change]:
    """Return the deletion of a link to an executable of that name, nothing if it is no such."""
    name = os.path.basename(executable)
    if not os.path.islink(path) or os.path.basename(os.readlink(path)) != name:
        return []
    return [Change(f"delete: {path}", (), lambda: os.unlink(path))]


def links_on_path(target: Target, name: str, executable: str) -> list[Change]:
    """Return the making of a link that is found by its name, nothing if it is. Raises ConfigError.

    Where the PATH has another file of that name, its users would lose it.
    """
    path = target.environ.get("PATH", "")
    found = shutil.which(name, path=path)
    if found is None and os.path.dirname(link_path(target, name)) not in path.split(":"):
        folder = os.path.dirname(link_path(target, name))
        hint = f'add to your shell\'s start file: export PATH={shlex.quote(folder)}:"$PATH"'
        raise ConfigError(f"{folder} is not on the PATH", hint=hint)
    return links(found or link_path(target, name), executable)


def link_path(target: Target, name: str) -> str:
    """Return where a link of ours lies: most systems have that folder on the PATH."""
    return target.path(".local", "bin", name)


def read(path: str) -> str:
    """Return the text of a file with its own line ends, "" if there is none. Raises ConfigError."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError):
        raise ConfigError(f"{path} cannot be read", hint="check its owner and mode") from None


def _run(target: Target, words: Sequence[str]) -> tuple[int, str]:
    """Return a tool's status and stdout. Raises UsageError, ConfigError."""
    found = shutil.which(words[0], path=target.environ.get("PATH"))
    if found is None:
        hint = "put in place by hand what `credhelper setup` prints without --write"
        raise UsageError(f"{words[0]} is not on the PATH", hint=hint)
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and every word is ours
            [found, *words[1:]],
            env=target.environ,
            # Away from any project, whose own settings would answer.
            cwd=target.path(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise ConfigError(f"{words[0]} does not run", hint=f"try `{found}` by hand") from None
    return done.returncode, done.stdout.decode(errors="replace")


def replace(path: str, text: str) -> None:
    """Replace a file whole or not at all; its mode stays, and a link to it, too."""
    path = os.path.realpath(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    mode = os.stat(path).st_mode & 0o777 if os.path.exists(path) else 0o600
    files.write(path, text.encode(), mode=mode)
