"""All targets by name, and the corpus of each."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from credhelper import protocols
from tests.long.fuzz import checks, targets
from tests.long.fuzz.targets import dialects
from tests.support import transcript

CORPUS = Path(__file__).parent / "corpus"
PREFIX = "fuzz_"
Target = Callable[[bytes], None]


def find() -> dict[str, Target]:
    """Return the targets: each `fuzz_…` of the folder, and `as_…` for each protocol."""
    found: dict[str, Target] = {}
    for module in pkgutil.iter_modules(targets.__path__):
        members = vars(importlib.import_module(f"{targets.__name__}.{module.name}"))
        for name, member in members.items():
            if name.startswith(PREFIX):
                found[name.removeprefix(PREFIX)] = member
    for protocol in pkgutil.iter_modules(protocols.__path__):
        found[f"as_{protocol.name}"] = partial(dialects.converse, protocol.name)
    return found


def run(target: Target, data: bytes) -> None:
    """Run one example within its bounds. Raises whatever must not be."""
    with checks.bounded():
        target(data)


def corpus(name: str) -> dict[str, bytes]:
    """Return the examples of a target by the names of their files, a protocol's transcripts too."""
    found = {path.name: path.read_bytes() for path in sorted((CORPUS / name).glob("*"))}
    if name.startswith("as_"):
        for number, script in enumerate(transcript.read(name.removeprefix("as_"))):
            found[f"transcript {number}"] = _spoken(script)
    return found


def _spoken(script: transcript.Transcript) -> bytes:
    """Return a transcript's words, variables and stdin."""
    is_ours = script.command[0] == "credhelper"
    words = "\n".join(script.command[3 if is_ours else 1 :])
    environ = "\n".join(f"{name}={value}" for name, value in script.environ.items())
    return b"\x1e".join([words.encode(), environ.encode(), script.stdin.encode("latin-1")])
