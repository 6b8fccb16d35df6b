"""Every way to fail, one class per exit status: the class says who must act.

CredhelperError
├── UsageError       64  the command line is wrong; 127 and 126: so is the command of `exec`
├── ConfigError      78  the config file, a reference or an endpoint is wrong
├── DeniedError      77  an identity or a permission was refused: a human must act
├── TemporaryError   75  retrying later helps
├── ProtocolError    76  a server or the caller broke its contract
├── OutputError      74  stdout or the disk failed
└── BugError         70  ours
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Callers cut or choke on more: a Java caller deadlocks on a full pipe that it reads after exit.
LINE_LIMIT = 2048
# For so many seconds other callers share a server's refusal. A person who has just corrected the
# cause waits no longer; MSAL uses the same time.
SHARED_S = 5.0


class CredhelperError(Exception):
    """What went wrong and what to do next, both as sentences for the person who must act.

    `code` is the server's own word for it (RFC 6749 section 5.2) where it gave one;
    `retry_after_s` the seconds to wait, where known; `correlation_id` the server's name for the
    request, which its operator can look up; `shared_s` for how many seconds other callers get this
    error without asking the server, 0 where it is this caller's alone.
    """

    status = 70
    word = "bug"

    def __init__(  # noqa: PLR0913 - one per thing that is known
        self,
        problem: str,
        *,
        hint: str,
        code: str = "",
        retry_after_s: float | None = None,
        correlation_id: str = "",
        shared_s: float = 0.0,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
        self.code = code
        self.retry_after_s = retry_after_s
        self.correlation_id = correlation_id
        self.shared_s = shared_s

    def line(self) -> str:
        """Return the one line for stderr: `credhelper: CLASS: what, where; next step`."""
        text = f"credhelper: {self.word}: {self.problem}; {self.hint}"
        # A name in the message may come from a hostile file or server: no escape codes, no lines.
        return printable(text)[:LINE_LIMIT]

    def json(self) -> str:
        """Return the same as one line of JSON, for machines."""
        import json  # 5 ms, which only a failure in JSON costs

        # The texts are cut until the whole fits: a character may be written as twelve.
        limit = LINE_LIMIT
        while len(text := json.dumps(self._members(limit))) > LINE_LIMIT:
            limit = limit * 3 // 4
        return text

    def _members(self, limit: int) -> "dict[str, object]":
        return {
            "class": self.word,
            "status": self.status,
            "code": self.code[:limit] or None,
            "problem": self.problem[:limit],
            "hint": self.hint[:limit],
            "retryable": isinstance(self, TemporaryError),
            "retry_after_s": self.retry_after_s,
            "correlation_id": self.correlation_id[:limit] or None,
        }


def printable(text: str) -> str:
    """Return the text without escape codes and line breaks: a file or a server had a part in it."""
    return "".join(c if c.isprintable() else "?" for c in text)


def word_for(error: Exception) -> str:
    """Return the system's own word for an error, else its class: its text may quote anything."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return type(error).__name__


def causes(error: BaseException) -> "Iterator[BaseException]":
    """Yield an exception and its causes.

    urllib3 carries one in `reason`, botocore in `kwargs`.
    """
    queue: list[object] = [error]
    seen: set[int] = set()
    while queue:
        item = queue.pop(0)
        if isinstance(item, BaseException) and id(item) not in seen:
            seen.add(id(item))
            yield item
            carried = (getattr(item, "reason", None), getattr(item, "kwargs", {}).get("error"))
            queue += [item.__cause__, item.__context__, *carried, *item.args]


class UsageError(CredhelperError):
    """The command line is wrong."""

    status = 64
    word = "usage"


class CommandAbsentError(UsageError):
    """The command of `exec` is not found; the status is a shell's for it (POSIX XCU 2.8.2)."""

    status = 127


class CommandFaultyError(UsageError):
    """The command of `exec` is there, and cannot be run."""

    status = 126


class ConfigError(CredhelperError):
    """The config file, a reference or an endpoint is wrong."""

    status = 78
    word = "config"


class DeniedError(CredhelperError):
    """An identity or a permission was refused: a human must act."""

    status = 77
    word = "denied"


class ClientRefusedError(DeniedError):
    """The server refuses the client with this secret: another version of it may be right."""


class TemporaryError(CredhelperError):
    """Retrying later helps."""

    status = 75
    word = "temporary"


class ProtocolError(CredhelperError):
    """A server or the caller broke its contract."""

    status = 76
    word = "protocol"


class OutputError(CredhelperError):
    """The answer could not be written, or the disk failed."""

    status = 74
    word = "io"


class BugError(CredhelperError):
    """Ours: an unforeseen exception, reported without its text, which may quote a secret."""
