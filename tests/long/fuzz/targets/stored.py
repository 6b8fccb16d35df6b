"""Files of the cache as nobody wrote them: the entry, the refusal beside it, the index."""

import json
import os
import time
from typing import NoReturn
from unittest import mock

from credhelper import __main__ as door
from credhelper import cache, caller
from credhelper.cli import answer
from credhelper.config import load
from credhelper.errors import CredhelperError
from credhelper.renewal import refusal
from credhelper.system import deadline
from credhelper.token import Entry
from tests.long.fuzz import cached_home, checks, isolated
from tests.long.fuzz.targets.dialects import Left, options
from tests.support import slots

_SEALED = b"{sealed}\n"


def fuzz_entry(data: bytes) -> None:
    """Read an entry, and a refusal beside it: what serves is written by every protocol."""
    with cached_home.lived_in({}) as environ:
        _put(environ, data, _names(environ)[:2])
        now = time.time()
        found = cache.read(_slot(environ), environ)
        for name in ("process", "kubernetes", "kubelet", "reclient"):
            _ask(name, environ, found)
        if found and found.serves(now):
            assert now < found.token.expires_at < cache.TIME_LIMIT
            assert found.stored_at <= now + 1
            assert found.token.access_token not in repr(found.token)


def fuzz_index(data: bytes) -> None:
    """Read the index: a damaged one is written again; what is none of ours stays as it is."""
    with cached_home.lived_in({}) as environ:
        cached_home.keep(environ, checks.canary(data, "token"))
        _put(environ, data, _names(environ)[2:])
        folder = cache.Folder(environ["CREDHELPER_CACHE_DIR"])
        before = cache.read_data(folder, _names(environ)[2])
        for words in (["get", "https://api.example.com/"], ["get"]):
            _ask("bazel", environ, None, words)
        _ask("goauth", environ, None, [])
        index = cache.read_index(folder, cache.source(environ))
        if index is None:
            assert cache.read_data(folder, _names(environ)[2]) == before
            assert not before.startswith(cache.OURS)
            return
        assert all("\n" not in line for line in [index.default, *index.profiles, *index.hosts])


def fuzz_refusal(data: bytes) -> None:
    """Read the marker of a refusal: it stands for an error, and for an hour at most."""
    with cached_home.lived_in({}) as environ:
        names, stamp = _names(environ), cache.source(environ).stamp
        _put(environ, data, [names[1]])
        slot = _slot(environ)
        found = refusal.read(slot, stamp=stamp, environ=environ)
        if found is None:
            return
        checks.check(found)
        later = time.time() + refusal.WAIT_LIMIT_S + 1
        with mock.patch.object(time, "time", return_value=later):
            assert refusal.read(slot, stamp=stamp, environ=environ) is None


def _slot(environ: dict[str, str]) -> cache.Slot:
    return slots.of(environ["CREDHELPER_CACHE_DIR"], cache.source(environ))


def _names(environ: dict[str, str]) -> list[str]:
    source = cache.source(environ)
    entry = slots.name(source)
    return [entry, entry + refusal.SUFFIX, slots.index_name(source)]


def _put(environ: dict[str, str], data: bytes, names: list[str]) -> None:
    """Write the files; `{stamp}`, `{identity}` and `{now+N}` stand for what they say.

    After `{sealed}` comes a body whose header is right, as no damage alone could make it.
    """
    source, now = cache.source(environ), int(time.time())
    data = data.replace(b"{stamp}", os.fsencode(source.stamp))
    data = data.replace(b"{identity}", load.profiles(environ).get("env").identity().encode())
    for seconds in (-100, 0, 100, 3600, 10**6, 10**12):
        data = data.replace(b"{now%+d}" % seconds, b"%d" % (now + seconds))
    for name, text in zip(names, checks.parts(data, len(names)), strict=True):
        descriptor = os.open(
            f"{environ['CREDHELPER_CACHE_DIR']}/{name}", os.O_CREAT | os.O_WRONLY, 0o600
        )
        is_sealed, body = text.startswith(_SEALED), text.removeprefix(_SEALED)
        with open(descriptor, "wb") as file:
            file.write(slots.sealed(name, body) if is_sealed else text)


def _ask(
    name: str, environ: dict[str, str], found: Entry | None, words: list[str] | None = None
) -> None:
    """Ask by the fast door, then by `cli`'s way; no server is there, so a token is the entry's."""

    def leave(status: int) -> NoReturn:
        raise Left(status)

    module = caller.load(name)
    assert module
    stdin = json.dumps(
        {
            "uri": "https://api.example.com",
            "kind": "CredentialProviderRequest",
            "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
            "image": "api.example.com/a",
        }
    ).encode()
    with isolated.around(environ, stdin=stdin) as around, mock.patch.object(os, "_exit", leave):
        question = caller.hear(module, words or [])
        held = None
        try:
            try:
                held, _ = door._reply_to(question, time.monotonic())  # noqa: SLF001 - the door itself
            except (ValueError, RuntimeError):
                pass  # as `main` does: the door may only say yes
            deadline.stop()
            answer.respond(options(), question, held)
        except Left:
            pass
        except CredhelperError as error:
            checks.check(error)
        finally:
            if held:
                held.release()
    if found and not found.serves(time.time() - 5):
        assert found.token.access_token.encode() not in around.stdout or not around.stdout
