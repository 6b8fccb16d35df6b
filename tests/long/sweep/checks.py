"""What must hold after a run that was tampered with, and is not the case."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from credhelper import cache
from credhelper.renewal import lock, refusal
from tests.conftest import Ran
from tests.long.sweep.call import Call
from tests.long.sweep.fault import KILL
from tests.long.sweep.runner import CLIENT, SECRET, Runner, Trial
from tests.long.sweep.scenario import Scenario, entry
from tests.support.canary import leaks

KILLED = -9
DOCUMENTED = (64, 74, 75, 76, 77, 78)
BUG = 70
KINDS = (cache.ENTRY, cache.INDEX, refusal.KIND)
# Under the ten seconds that a stopped holder of the lock is waited for.
NORMAL_S = 9.0
HOUR_S = 3600


def complaints(
    runner: Runner, scenario: Scenario, fault: str, call: Call, trial: Trial
) -> list[str]:
    """Return what is wrong: with the run, the files it left, and the calls after it; [] is right.

    `call` is the one that was tampered with, as this run made it. Makes two further runs.
    """
    found = [*_run(runner, scenario, fault, call, trial.ran)]
    asked = runner.server.count
    if asked > 1 + bool(trial.waiter):
        found.append(f"{asked} requests were made")
    found += [*_files(runner, scenario, fault, trial.ran)]
    if trial.waiter:
        found += [*_calm(trial.waiter, "the waiter")]
    started, asked = time.monotonic(), runner.server.count
    following = runner.box.run("get")
    found += [*_calm(following, "the next call")]
    if time.monotonic() - started > NORMAL_S:
        found.append("the next call was slow")
    if runner.server.count > asked + 1:
        found.append("the next call asked twice")
    asked = runner.server.count
    found += [*_calm(runner.box.run("get"), "the call after it")]
    if runner.server.count != asked:
        found.append("the call after it was no hit")
    found += [*_litter(runner, fault)]
    if any(form["client_id"] != CLIENT for form in runner.server.forms):
        found.append("another client's token was asked for")
    return found


def _run(runner: Runner, scenario: Scenario, fault: str, call: Call, ran: Ran) -> Iterator[str]:
    """Look at the exit status and the output of the run itself."""
    if leaks((ran.stdout + ran.stderr).encode(), SECRET):
        yield "it showed the secret"
    if ran.stdout and (scenario.name == "forget" or not _is_token(ran.stdout)):
        yield f"stdout was {ran.stdout!r}"
    if fault == KILL and ran.status != KILLED:
        yield f"it was not killed, but left with {ran.status}"
    # Where the interpreter was hit before `main()` had begun, anything else may have come of it.
    if fault != KILL and call.is_ours:
        yield from _end(runner, scenario, call, ran)


def _end(runner: Runner, scenario: Scenario, call: Call, ran: Ran) -> Iterator[str]:
    """Look at how a run that was not killed has ended: with an answer, or with one line."""
    if ran.stderr.count("\n") > 1 or (ran.stderr and not ran.stderr.startswith("credhelper: ")):
        yield f"stderr was {ran.stderr!r}"
    if ran.status == 0:
        if ran.stderr or (scenario.name != "forget" and not ran.stdout):
            yield f"it succeeded with {ran.stdout!r} and {ran.stderr!r}"
        return
    if ran.stdout:
        yield f"it failed with {ran.status} and an answer"
    if call.touches(str(runner.box.cache.parent)) and scenario.name != "forget":
        yield f"the token was lost: {ran.status} {ran.stderr!r}"
    # Without a module of its own or of a library the program may well not know what is wrong.
    if ran.status not in DOCUMENTED and not (ran.status == BUG and not runner.is_near(call)):
        yield f"the status was {ran.status}: {ran.stderr!r}"


def _files(runner: Runner, scenario: Scenario, fault: str, ran: Ran) -> Iterator[str]:
    """Look at what lies in the cache: what good token there was is there, if not to be dropped."""
    where = runner.box.cache
    for path in where.iterdir() if where.is_dir() else ():
        yield from _file(path, fault)
    if scenario.name in ("renewal", "hit") and not entry(where):
        yield "the good token was lost"
    if scenario.name == "forget" and ran.status == 0 and entry(where):
        yield "it said that it forgot, and did not"


def _file(path: Path, fault: str) -> Iterator[str]:
    """Look at one file: a whole entry, a lock, or litter of a process that was killed."""
    if leaks(path.read_bytes(), SECRET):
        yield f"the secret is in {path.name}"
    if path.name.startswith("."):
        if fault != KILL:
            yield f"litter was left: {path.name}"
    elif path.name.endswith((lock.SUFFIX, lock.SECOND)):
        if path.read_bytes() not in (b"", lock.HEADER):
            yield f"{path.name} is no lock"
    elif not path.name.startswith(("itwin-", "env-", "@index-")):
        yield f"nobody knows {path.name}"
    elif not any(cache.read_lines(cache.Folder(str(path.parent)), path.name, k) for k in KINDS):
        yield f"{path.name} is torn"


def _litter(runner: Runner, fault: str) -> Iterator[str]:
    """Look whether what a killed process left is gone with the first write after an hour."""
    litter = [path for path in runner.box.cache.iterdir() if path.name.startswith(".")]
    if not litter:
        return
    for path in litter:
        os.utime(path, (time.time() - HOUR_S - 5,) * 2)
    runner.box.run("get", "--fresh").token()
    if any(path.exists() for path in litter):
        yield "litter stays for ever"


def _calm(ran: Ran, who: str) -> Iterator[str]:
    """Look whether a run that nobody tampered with got its token, silently."""
    if ran.status or ran.stderr or not _is_token(ran.stdout):
        yield f"{who} got {ran}"


def _is_token(text: str) -> bool:
    """Return whether it is the whole answer of `get`: one line of JSON with a token of ours."""
    try:
        answer = json.loads(text)
        token = str(answer["AccessToken"])
    except (ValueError, KeyError, TypeError):
        return False
    return answer["Version"] == 1 and token.startswith("canary-token-") and text.count("\n") == 1
