"""The steps of `check`: each runs, whatever the one before found, and prints one line."""

import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from credhelper import cache
from credhelper.config import variables
from credhelper.errors import CredhelperError, TemporaryError, printable
from credhelper.system import deadline, output, terminal

if TYPE_CHECKING:
    from credhelper.config.load import Profiles
    from credhelper.config.profile import Profile
    from credhelper.secrets.secret import Secret
    from credhelper.token import Token

T = TypeVar("T")
COLOURS = {"ok": "32", "warning": "33", "failed": "1;31", "skipped": "2"}  # ECMA-48, SGR


class Skipped(Exception):  # noqa: N818 - no error: an earlier step has failed
    """A step needs what an earlier one did not find."""


@dataclass(frozen=True)
class Finding:
    """What one step found; `state` is ok, warning, failed or skipped.

    `hint` says what to do next ("" for nothing), `status` is the exit status of a failure, else 0.
    """

    step: str
    state: str
    detail: str = ""
    hint: str = ""
    took_s: float = 0.0
    status: int = 0


@dataclass
class Results:
    """The config file and the name of the profile, and what the steps found; None: not found.

    `description` yields what the backend says of us, then of the secret, each with the next step or
    ""; `read` is what reading the secret gave; `proxy` is "" where none is used; `ahead_s` is how
    far the server's clock is ahead of ours, NaN if the server does not send its time.
    """

    config: str
    name: str
    profiles: "Profiles | None" = None
    profile: "Profile | None" = None
    description: Iterator[tuple[str, str]] | None = None
    read: "Secret | CredhelperError | None" = None
    secret: "Secret | None" = None
    proxy: str | None = None
    ahead_s: float | None = None
    token: "Token | None" = None


def needed(value: T | None) -> T:
    """Return what an earlier step found. Raises Skipped if it did not."""
    if value is None:
        raise Skipped
    return value


def findings(config: str, profile: str) -> Iterator[Finding]:
    """Yield what each step finds for a profile ("" for the default one), in order."""
    # The network stack takes 65 ms to import; the other commands, which import this, need none.
    from credhelper.cli.check import endpoint, machine, secret, token

    results = Results(config, profile)
    for module, names in (
        (machine, "config"),
        (secret, "reference identity secret"),
        (endpoint, "name proxy connection clock"),
        (token, "exchange scopes claims"),
        (machine, "cache startup"),
    ):
        for step in names.split():
            yield run_step(step, getattr(module, f"check_{step}"), results)


def run_step(step: str, check: Callable[[Results], tuple[str, str]], results: Results) -> Finding:
    """Return what a step finds, within the time of a whole run. Raises nothing but a signal.

    `check` returns what is there and, for a warning, what to do; it raises CredhelperError.
    """
    from credhelper.cli.run import unforeseen  # which imports the commands

    error: CredhelperError | None = None
    detail, hint, started = "", "", time.monotonic()
    deadline.start(started + cache.BUDGET_S)
    try:
        detail, hint = check(results)
    except Skipped:
        return Finding(step, "skipped")
    except CredhelperError as raised:
        error = raised
    except deadline.DeadlineExceeded:
        error = TemporaryError("no answer in time", hint="try again later")
    except Exception as raised:  # noqa: BLE001 - whatever a step meets, the next ones may be good
        error = unforeseen(raised)
    finally:
        deadline.stop()
    state = "failed" if error else "warning" if hint else "ok"
    detail, hint = (error.problem, error.hint) if error else (detail, hint)
    if results.profiles and (environ := results.profiles.environ):
        detail, hint = variables.by_variable(detail, environ), variables.by_variable(hint, environ)
    took_s, status = round(time.monotonic() - started, 4), error.status if error else 0
    return Finding(step, state, _masked(detail, results), _masked(hint, results), took_s, status)


def _masked(text: str, results: Results) -> str:
    """Return the text without secret, token and escape codes: a server may repeat what it got."""
    hidden = [results.secret.reveal()] if results.secret else []
    hidden += [results.token.access_token] if results.token else []
    for value in hidden:
        # Values under 8 characters are not masked: masking every coincidence would reveal them.
        text = text.replace(value, "(withheld)") if len(value) >= 8 else text
    return printable(text)


def report(found: Iterable[Finding]) -> list[Finding]:
    """Write a line per finding as it comes; return them."""
    shown = []
    for finding in found:
        output.write(line(finding, terminal.columns()))
        shown.append(finding)
    return shown


def status_of(found: Iterable[Finding]) -> int:
    """Return the exit status of the first failure, 0 if there is none."""
    return next((finding.status for finding in found if finding.status), 0)


def line(finding: Finding, columns: int) -> str:
    """Return a finding as one line; folded for a terminal of so many columns (0: not folded)."""
    took = "" if finding.state == "skipped" else f"{finding.took_s * 1000:.0f} ms"
    head = f"{finding.state:8} {finding.step:10} {took:>8}  "
    text = finding.detail + (f"; {finding.hint}" if finding.hint else "")
    if not columns:
        return (head + text).rstrip() + "\n"
    room = max(columns - len(head), 40)
    folded = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    text = ("\n" + " " * len(head)).join(folded)
    return terminal.coloured(head, COLOURS[finding.state]) + text + "\n"
