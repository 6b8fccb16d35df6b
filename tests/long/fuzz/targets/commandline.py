"""The command line, and the name under which it was started."""

import contextlib
import io

from credhelper import cache, caller
from credhelper.cli import answer, parser
from credhelper.errors import CredhelperError
from tests.long.fuzz import checks
from tests.support import slots


def fuzz_command_line(data: bytes) -> None:
    """Read the words, one a line; none of them is quoted, for one may be a secret."""
    hidden = checks.canary(data, "typed")
    words = checks.word(data).replace("{secret}", hidden).split("\n")
    quiet = io.StringIO()
    try:
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            options = parser.parse(words)
        assert options.command
        if options.command == "as":
            assert callable(answer.find(options.protocol).reply)
    except CredhelperError as error:
        checks.check(error, hidden)
    except SystemExit as leaving:  # --help and --version
        status = leaving.code
        assert not status


def fuzz_executable(data: bytes) -> None:
    """Read a name and words; the profile comes first, and no name of one leaves the cache."""
    name, *words = checks.word(data).split("\n")
    protocol, further = caller.of_name(name, words)
    assert protocol == "" or protocol in name
    assert further[len(further) - len(words) :] == words
    for each in further[:1]:
        assert not cache.is_name(each) or "/" not in slots.name(cache.Source("", stamp="s"), each)
