"""One walk along the chain: what its links have found so far, each failure in its place."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from credhelper import deadline
from credhelper.errors import CredhelperError, TemporaryError, printable
from credhelper.profile import Profile, Profiles
from credhelper.secret import Secret
from credhelper.token import Token

T = TypeVar("T")


class Skipped(Exception):  # noqa: N818 - no error: an earlier link has failed
    """A link needs what an earlier one did not find."""


@dataclass(frozen=True)
class Finding:
    """What one link has found; `state` is ok, warning, failed or skipped.

    `hint` is the next step ("" where none is needed), `status` the exit status that a failure asks
    for (0 for all else).
    """

    link: str
    state: str
    detail: str = ""
    hint: str = ""
    took_s: float = 0.0
    status: int = 0


@dataclass(frozen=True)
class Answer:
    """What the token endpoint's server said to a request without a secret.

    `ends_at` is the end of its certificate (unix seconds), `ahead_s` how far its clock is ahead of
    ours; None where it did not tell.
    """

    transport: str
    ends_at: float | None
    ahead_s: float | None


@dataclass
class Walk:
    """The command's options, and what each link leaves for those after it; None: not found."""

    config: str
    name: str
    profiles: Profiles | None = None
    profile: Profile | None = None
    told: Iterator[str] | None = None
    identity: str | None = None
    secret: Secret | None = None
    proxy: str | None = None
    answer: Answer | None = None
    token: Token | None = None


Check = Callable[[Walk], tuple[str, str]]


def needed(value: T | None) -> T:
    """Return what an earlier link has found. Raises Skipped if it has not."""
    if value is None:
        raise Skipped
    return value


def go(walk: Walk, link: str, check: Check) -> Finding:
    """Return what a link finds, within the time of a whole run. Raises nothing that is expected.

    `check` returns what is there and, for a warning, the next step; it raises CredhelperError.
    """
    started = time.monotonic()
    status = 0
    deadline.start(deadline.BUDGET_S)
    try:
        detail, hint = check(walk)
        state = "warning" if hint else "ok"
    except Skipped:
        return Finding(link, "skipped")
    except deadline.DeadlineExceeded:
        late = TemporaryError("no answer in time", hint="try again later")
        state, detail, hint, status = "failed", late.problem, late.hint, late.status
    except CredhelperError as error:
        state, detail, hint, status = "failed", error.problem, error.hint, error.status
    finally:
        deadline.stop()
    took_s = round(time.monotonic() - started, 4)
    return Finding(link, state, _clean(walk, detail), _clean(walk, hint), took_s, status)


def _clean(walk: Walk, text: str) -> str:
    """Return the text fit to be shown: servers have a part in it, and may echo what they got."""
    hidden = [walk.secret.reveal()] if walk.secret else []
    hidden += [walk.token.access_token] if walk.token else []
    for value in hidden:
        # Of a shorter one each place where it stands by chance would tell what it is.
        text = text.replace(value, "(withheld)") if len(value) >= 8 else text
    return printable(text)
