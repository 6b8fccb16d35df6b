"""A soak from beginning to end: the callers at work, the residents watched, the secret rotated."""

import os
import random
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from credhelper.token import HARD_S
from tests.conftest import COMMAND
from tests.long.soak import long_process, profiles
from tests.long.soak.endpoint import Endpoint, serving
from tests.long.soak.long_process import LongProcess
from tests.long.soak.profiles import Home
from tests.long.soak.record import Record, Run

PARALLEL = 8
RUN_LIMIT_S = 120
# The server takes the old secret for this long; who comes later with it must read it again.
OVERLAP_S = 1.0
SECRET = "soak-secret-value"
_TOKEN = re.compile(r"soak-[0-9]+-[0-9]+-")
_CLASS = re.compile(r"credhelper: ([a-z]+): ")


@dataclass(frozen=True)
class Plan:
    """How long, with which seed, how often the endpoint fails, and the lives of its tokens in s."""

    seconds: float
    seed: int
    faults: float = 0.01
    lives: tuple[int, int] = (45, 90)
    renew_before_s: int = 40
    deadline_s: int = 8
    residents: int = 2
    rotate_s: float = 15.0


def run(plan: Plan, folder: Path) -> Record:
    """Return what was seen in that time; no process is left."""
    home = Home(folder, plan.renew_before_s, plan.deadline_s)
    endpoint = Endpoint(plan.lives, 0.0, plan.seed, {SECRET})
    with serving(endpoint):
        home.furnish(endpoint.url)
        home.rotate(SECRET)
        residents = [long_process.start(home, SECRET, number) for number in range(plan.residents)]
        endpoint.faults = plan.faults
        record = Record(home, plan.seconds)
        try:
            _work(plan, endpoint, record, residents)
        finally:
            record.endings = [each.end() for each in residents]
        record.left_files = sum(each.path.exists() for each in residents)
    record.asked, record.granted = endpoint.asked, endpoint.granted
    record.looks = [each.looks for each in residents]
    record.strays, record.files = home.strays(), len(os.listdir(home.where))
    return record


def _work(plan: Plan, endpoint: Endpoint, record: Record, residents: list[LongProcess]) -> None:
    """Let the callers come and go until the time is over."""
    over = threading.Event()

    def call(number: int) -> None:
        dice = random.Random(f"{plan.seed} {number}")
        while not over.is_set():
            record.runs.append(_call(record.home, *profiles.choose(dice)))

    begun = time.monotonic()
    with ThreadPoolExecutor(PARALLEL) as pool:
        callers = [pool.submit(call, number) for number in range(PARALLEL)]
        try:
            while (passed_s := time.monotonic() - begun) < plan.seconds:
                for each in residents:
                    each.look(endpoint)
                _rotate(record.home, endpoint, passed_s, plan.rotate_s)
                over.wait(min(1.0, plan.seconds / 20))
        finally:
            over.set()
        for caller in callers:
            caller.result()
    record.seconds = time.monotonic() - begun


def _rotate(home: Home, endpoint: Endpoint, passed_s: float, every_s: float) -> None:
    """Change the secret if it is time to, and drop the one before a little later."""
    secret = f"{SECRET}-{passed_s // every_s:.0f}"
    if secret not in endpoint.secrets:
        endpoint.secrets.add(secret)
        home.rotate(secret)
    elif passed_s % every_s > OVERLAP_S:
        endpoint.secrets &= {SECRET, secret}


def _call(home: Home, caller: str, profile: str) -> Run:
    """Run one caller to its end."""
    words, stdin = profiles.command(caller, profile)
    started = time.time()
    entry = None if caller == profiles.FRESH else home.entry(profile)
    good_until = entry.token.expires_at - HARD_S if entry and entry.serves(started) else 0
    done = subprocess.run(
        [COMMAND, *words],
        env={**home.environ, "SOAK_SECRET": SECRET},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=RUN_LIMIT_S,
        check=False,
    )
    told = _CLASS.search(done.stderr + done.stdout)
    kind = (told.group(1) if told else f"status {done.returncode}") if done.returncode else ""
    tokens = tuple(_TOKEN.findall(done.stdout))
    return Run(caller, profile, started, time.time(), kind, tokens, good_until)
