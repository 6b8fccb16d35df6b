"""Real shells, which take the assignments of `credhelper as env`, each in its own way."""

import shutil
import subprocess

import pytest

from tests.conftest import COMMAND, Box
from tests.support.servers.counting import TokenServer

# What a user writes; the last line prints what a program started there finds in its environment.
ASSIGN = {
    "sh": "eval \"$('{command}' as env)\"",
    "bash": "eval \"$('{command}' as env env sh)\"",
    "zsh": "eval \"$('{command}' as env)\"",
    "fish": "'{command}' as env env fish | source",
    "pwsh": "& '{command}' as env env powershell | Out-String | Invoke-Expression",
}
PRINT = "\nprintenv ACCESS_TOKEN ACCESS_TOKEN_EXPIRATION\n"


@pytest.mark.parametrize("shell", ASSIGN)
def test_a_shell_takes_the_assignments(box: Box, tokens: TokenServer, shell: str) -> None:
    """A program started by the shell has the token in its environment, cold and warm."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    box.itwin(tokens.url)
    for _ in range(2):
        done = subprocess.run(
            [shell, "-c", ASSIGN[shell].format(command=COMMAND) + PRINT],
            env=box.environ,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        token, expiration, end = done.stdout.split("\n")
        assert (token, expiration[-1], end) == ("canary-token-1", "Z", ""), done.stderr
    assert tokens.count == 1
