"""Files of the cache as nobody wrote them: the entry, the refusal beside it, the index."""

import json
import os
import time
from typing import NoReturn
from unittest import mock

from credhelper import __main__ as door
from credhelper import cache, conversation, profile, protocols, refusal, store
from credhelper.errors import CredhelperError
from tests.fuzz import home, judge, world
from tests.fuzz.targets.dialects import OPTIONS, Left


def fuzz_entry(data: bytes) -> None:
    """Read an entry, and a refusal beside it: what serves is written by every protocol."""
    with home.lived_in({}) as environ:
        _put(environ, data, _names(environ)[:2])
        now = time.time()
        found = cache.read(environ["CREDHELPER_CACHE_DIR"], _names(environ)[0], environ)
        for name in ("process", "kubernetes", "kubelet", "reclient"):
            _ask(name, environ, found)
        if found and found.serves(now):
            assert now < found.token.expires_at < cache.TIME_LIMIT
            assert found.stored_at <= now + 1
            assert found.token.access_token not in repr(found.token)


def fuzz_index(data: bytes) -> None:
    """Read the index: a damaged one is written again, and gives nothing away."""
    with home.lived_in({}) as environ:
        home.keep(environ, judge.canary(data, "token"))
        _put(environ, data, _names(environ)[2:])
        for words in (["get", "https://api.example.com/"], ["get"]):
            _ask("bazel", environ, None, words)
        _ask("goauth", environ, None, [])
        index = cache.read_index(environ["CREDHELPER_CACHE_DIR"], cache.source(environ))
        assert isinstance(index[0], str)
        assert all("\n" not in line for line in [*index[1], *index[2]])


def fuzz_refusal(data: bytes) -> None:
    """Read the marker of a refusal: it stands for an error, and for an hour at most."""
    with home.lived_in({}) as environ:
        names, stamp = _names(environ), cache.source(environ).stamp
        _put(environ, data, [names[1]])
        where = environ["CREDHELPER_CACHE_DIR"]
        found = refusal.read(where, names[0], stamp=stamp, environ=environ)
        if found is None:
            return
        judge.check(found)
        later = time.time() + refusal.WAIT_LIMIT_S + 1
        with mock.patch.object(time, "time", return_value=later):
            assert refusal.read(where, names[0], stamp=stamp, environ=environ) is None


def _names(environ: dict[str, str]) -> list[str]:
    source = cache.source(environ)
    entry = source.entry_name("env")
    return [entry, entry + store.REFUSED, source.entry_name("")]


def _put(environ: dict[str, str], data: bytes, names: list[str]) -> None:
    """Write the files; `{stamp}`, `{identity}` and `{now+N}` stand for what they say."""
    source, now = cache.source(environ), int(time.time())
    data = data.replace(b"{stamp}", os.fsencode(source.stamp))
    data = data.replace(b"{identity}", profile.load(environ).get("env").identity().encode())
    for seconds in (-100, 0, 100, 3600, 10**6, 10**12):
        data = data.replace(b"{now%+d}" % seconds, b"%d" % (now + seconds))
    for name, text in zip(names, judge.parts(data, len(names)), strict=True):
        descriptor = os.open(
            f"{environ['CREDHELPER_CACHE_DIR']}/{name}", os.O_CREAT | os.O_WRONLY, 0o600
        )
        with open(descriptor, "wb") as file:
            file.write(text)


def _ask(
    name: str, environ: dict[str, str], found: cache.Entry | None, words: list[str] | None = None
) -> None:
    """Ask by the fast door, then by `cli`'s way; no server is there, so a token is the entry's."""

    def leave(status: int) -> NoReturn:
        raise Left(status)

    module = protocols.own(name)
    assert module
    stdin = json.dumps(
        {
            "uri": "https://api.example.com",
            "kind": "CredentialProviderRequest",
            "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
            "image": "api.example.com/a",
        }
    ).encode()
    with world.around(environ, stdin=stdin) as around, mock.patch.object(os, "_exit", leave):
        question = protocols.hear(module, words or [])
        held = None
        try:
            try:
                held = door._reply_to(question)  # noqa: SLF001 - the door itself
            except ValueError:
                pass  # as `main` does: the door may only say yes
            conversation.respond(OPTIONS, question, held)
        except Left:
            pass
        except CredhelperError as error:
            judge.check(error)
        finally:
            if held and not isinstance(held, CredhelperError):
                held.release()
    if found and not found.serves(time.time() - 5):
        assert found.token.access_token.encode() not in around.stdout or not around.stdout
