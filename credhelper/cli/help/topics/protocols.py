"""Protocols: the dialects of `credhelper as`."""

import pkgutil

from credhelper import caller, protocols
from credhelper.cli.help import prose

ABOUT = """\
`credhelper as PROTOCOL [PROFILE]` prints the token as that caller wants it, and `credhelper setup
CALLER [PROFILE]` how the caller is configured. A caller that names a URL gets the token only for
the `hosts` of a profile. Another protocol is a module with `reply(token, asked) -> str` and an
entry point in the group `credhelper.protocols`.
"""


def text() -> str:
    """Return a line of each protocol that is here."""
    names = [module.name for module in pkgutil.iter_modules(protocols.__path__)]
    pairs = [(name, prose.first_line(caller.load(name).__doc__)) for name in names]
    return prose.paragraph(ABOUT) + prose.definitions(pairs)
