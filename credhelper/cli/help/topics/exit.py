"""Exit status: who must act."""

from credhelper import errors
from credhelper.cli.help import prose

ABOUT = """\
On a failure stdout stays empty, stderr has one line `credhelper: CLASS: what and where; next
step`, and the exit status is the class's. With `--error-format json`, or CREDHELPER_ERROR_FORMAT
set to `json`, the line is JSON. A protocol whose caller wants errors in another shape follows its
caller.
"""
SIGNAL = "a signal of that number ended it; 141 if the reader of stdout had gone"


def text() -> str:
    """Return what each status means."""
    kinds = errors.CredhelperError.__subclasses__()
    pairs = [(f"{kind.status} {kind.word}", prose.first_line(kind.__doc__)) for kind in kinds]
    listed = [("0", "the answer is complete"), *pairs, ("128+N", SIGNAL)]
    return prose.paragraph(ABOUT) + prose.definitions(listed)
