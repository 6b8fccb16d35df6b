"""The witness sees what it is there for: each channel, each shape."""

import base64
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Box
from tests.support import canary, trace, witness, written

SECRET = canary.CLIENT_SECRET
SHAPES: list[Callable[[bytes], bytes]] = [
    lambda raw: raw,
    lambda raw: base64.b64encode(b"service-test:" + raw),
    lambda raw: base64.b64encode(b"ab" + raw),
    lambda raw: raw.hex().encode(),
    lambda raw: raw.decode().encode("utf-16-le"),
    lambda raw: raw[len(raw) // 2 :],
]


def traced(folder: Path, script: str) -> list[trace.Call]:
    """Return the calls of a Python script that runs as one of our executables, at home there."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    command = folder / "credhelper"
    command.write_text(f"#!{shutil.which('python3')}\n{script}\n")
    command.chmod(0o755)
    file = folder / "trace"
    ran = subprocess.run(
        [*trace.STRACE, "-o", str(file), str(command)],
        capture_output=True,
        check=False,
        cwd=folder,
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
    )
    if b"ptrace" in ran.stderr:
        pytest.skip("strace may not trace here")
    assert not ran.returncode or b"Error" not in ran.stderr, ran.stderr
    return trace.calls(trace.read(file))


def tell(folder: Path, script: str) -> list[str]:
    """Return what the witness says of leaks."""
    return witness.testimony(traced(folder, script))


@pytest.mark.parametrize("number", range(len(SHAPES)))
@pytest.mark.parametrize(
    ("script", "channel"),
    [
        ("import os; os.write(2, {!r})", "stderr"),
        ("import sys; open({file!r}, 'wb').write({!r})", "file"),
        ("import os; os.writev(os.open({file!r}, 65), [b'x', {!r}])", "file"),
        ("import subprocess; subprocess.run([b'/bin/true', {!r}])", "argument"),
        ("import subprocess; subprocess.run(['/bin/true'], env={{b'A': {!r}}})", "environment"),
    ],
)
def test_a_leak_is_seen(tmp_path: Path, script: str, channel: str, number: int) -> None:
    """Whatever the channel and the encoding."""
    canary.learn(SECRET)
    data = SHAPES[number](SECRET.encode())
    if b"\0" in data and channel in ("argument", "environment"):
        data = base64.b64encode(SECRET.encode())  # no argument holds a NUL
    found = tell(tmp_path, script.format(data, file=str(tmp_path / "log")))
    assert found
    assert {each.split()[0] for each in found} == {channel}


def test_silence_is_silence(tmp_path: Path) -> None:
    """What is printed on stdout, and what nobody was told of, is no leak."""
    canary.learn(SECRET)
    assert not tell(tmp_path, f"print({SECRET!r}); import sys; sys.stderr.write('kanari-klient')")


def test_a_secret_in_the_cache_is_seen(box: Box) -> None:
    """The check that needs no strace: every file of a cache, the hidden ones, too."""
    canary.learn(SECRET)
    box.cache.mkdir(parents=True)
    (box.cache / ".half").write_text(f"x{SECRET}")
    assert witness.in_cache(box.environ) == [str(box.cache / ".half")]


ENTRY = "p-0123456789abcdef"
# What a process of ours may not do: an act, and what the witness calls it. `C` is the cache
# directory, in which lies an entry that is not ours, `D` its descriptor.
DEEDS = [
    ("os.unlink('.bashrc')", "remove"),
    ("os.unlink(C + '/' + E)", "remove"),
    ("os.unlink(E, dir_fd=D)", "remove"),
    ("os.unlink(C + '/notes')", "remove"),
    ("os.rmdir('empty')", "remove"),
    ("os.rename('.bashrc', C + '/q-0')", "rename"),
    ("mk('q-0'); os.rename('q-0', E, src_dir_fd=D, dst_dir_fd=D)", "replace, if there"),
    ("mk('q-0'); os.rename('q-0', '.netrc', src_dir_fd=D)", "replace, if there"),
    ("open(E, 'w', opener=lambda p, f: os.open(p, f, dir_fd=D))", "truncate"),
    ("open('.bashrc', 'w')", "truncate"),
    ("os.truncate('.bashrc', 0)", "truncate"),
    ("os.ftruncate(os.open(E, os.O_RDWR, dir_fd=D), 0)", "truncate"),
    ("os.write(os.open('.bashrc', os.O_WRONLY | os.O_APPEND), b'x')", "write"),
    ("os.write(os.open(E, os.O_RDWR, dir_fd=D), b'x')", "write"),
    ("os.chmod('.bashrc', 0o600)", "change"),
    ("os.fchmod(os.open(E, os.O_RDWR, dir_fd=D), 0o600)", "change"),
    ("os.close(os.open('new', os.O_CREAT | os.O_EXCL))", "make"),
    ("os.close(os.open('new', os.O_CREAT))", "open"),
    ("mk('.q-0.' + 15 * 'a')", "make"),
    ("mk('q-0.lock.3')", "make"),
    ("mk('config.toml')", "make"),
    ("os.mkdir('folder')", "make"),
    ("os.mkfifo('pipe')", "make"),
    ("os.symlink('x', 'new')", "link"),
    ("os.link('.bashrc', 'new')", "link"),
    ("os.chdir('empty'); os.symlink('x', 'new')", "link"),
]
PREPARED = (
    f"import os; C, E = os.environ['HOME'] + '/.cache/credhelper', {ENTRY!r}\n"
    "D = os.open(C, os.O_RDONLY)\n"
    "mk = lambda n: os.close(os.open(n, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 384, dir_fd=D))\n"
)


def strays(box: Box, script: str, *, in_place: str) -> list[str]:
    """Return what the witness says of a script, where `in_place` lies in an entry's place."""
    (box.home / "empty").mkdir()
    (box.home / ".bashrc").write_text("precious")
    box.cache.mkdir(parents=True)
    (box.cache / "notes").write_text("precious")
    (box.cache / ENTRY).write_text(in_place)
    before = written.seen(["credhelper"], {"HOME": str(box.home)}, str(box.home))
    return written.strays([traced(box.home, PREPARED + script)], [before])


@pytest.mark.parametrize(("deed", "told"), DEEDS)
def test_what_is_not_ours_is_missed(box: Box, deed: str, told: str) -> None:
    """Each way to make, change or delete what is not ours is seen, and only that."""
    found = strays(box, deed, in_place="precious")
    assert [each.partition(" /")[0] for each in found] == [told], found


def test_what_is_ours_may_go(box: Box) -> None:
    """An entry is replaced whole and deleted, if it has our header or was made under our eyes."""
    found = strays(
        box,
        "t = '.q-0.' + 16 * 'a'; mk(t); os.rename(t, E, src_dir_fd=D, dst_dir_fd=D)\n"
        "mk(E + '.lock'); mk('@index-0.lock.2'); mk('p@sts-0.refused'); os.unlink(C + '/' + E)\n"
        "os.unlink(E + '.lock', dir_fd=D); mk(E); open(C + '/' + E, 'w').write('x')",
        in_place="credhelper 3 00000000\n",
    )
    assert found == []


def test_what_the_user_names_is_written(tmp_path: Path) -> None:
    """A file that an option or a variable names, with what lies beside it, and no other."""
    home = {"HOME": str(tmp_path)}
    google = {**home, "GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE": "o"}
    named = {
        f"{tmp_path}/t": written.Run(("exec", "--refresh-file=t"), home, str(tmp_path)),
        f"{tmp_path}/c": written.Run(("init", "--config", "c"), home, str(tmp_path)),
        f"{tmp_path}/o": written.Run(("as", "google"), google, str(tmp_path)),
    }
    for path, run in named.items():
        folder, name = os.path.split(path)
        assert written.kind(run, path) == "named"
        assert written.kind(run, f"{folder}/.{name}.{16 * 'a'}") == "named"
        others = [each for each in named if each != path]
        assert [written.kind(run, each) for each in others] == ["", ""]
