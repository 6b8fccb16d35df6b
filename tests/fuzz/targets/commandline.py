"""The command line, and the name under which it was started."""

import contextlib
import io

from credhelper import cache, conversation, executable, parser, table
from credhelper.errors import CredhelperError
from tests.fuzz import judge


def fuzz_command_line(data: bytes) -> None:
    """Read the words, one a line; none of them is quoted, for one may be a secret."""
    hidden = judge.canary(data, "typed")
    words = judge.word(data).replace("{secret}", hidden).split("\n")
    quiet = io.StringIO()
    try:
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            options = parser.parse(words)
        assert options.command
        if options.command == "as":
            table.duration_s(options.min_ttl, key="--min-ttl")
            assert callable(conversation.find(options.protocol).reply)
    except CredhelperError as error:
        judge.check(error, hidden)
    except SystemExit as leaving:  # --help and --version
        status = leaving.code
        assert not status


def fuzz_executable(data: bytes) -> None:
    """Read a name and words; the profile comes first, and no file lies outside the cache."""
    name, *words = judge.word(data).split("\n")
    protocol, further = executable.parse(name, words)
    assert protocol == "" or protocol in name
    assert further[len(further) - len(words) :] == words
    for each in further[:1]:
        assert "/" not in cache.Source("", stamp="s").entry_name(each)
