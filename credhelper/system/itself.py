"""How we start ourselves again: this package and no other, in any environment and folder."""

import os
import sys

# `-I` forgets the folder that made us importable (the user's packages, an entry of PYTHONPATH).
# It comes after the standard library's three, and before what else is installed.
_FIND = "import sys; sys.path.insert(3, sys.argv.pop(1)); sys.argv[0] = 'credhelper'; "


def command(*arguments: str) -> list[str]:
    """Return the words that run `credhelper` with these arguments in a new interpreter."""
    return python("from credhelper.__main__ import main; main()", *arguments)


def python(code: str, *arguments: str) -> list[str]:
    """Return the words that run code of ours in a new interpreter."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # Where Python is embedded it has no name.
    return [sys.executable or "", "-I", "-c", f"{_FIND}{code}", folder, *arguments]
