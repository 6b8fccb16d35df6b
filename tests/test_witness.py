"""The witness sees what it is there for: each channel, each shape."""

import base64
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import canary, witness
from tests.conftest import Box

SECRET = canary.CLIENT_SECRET
SHAPES: list[Callable[[bytes], bytes]] = [
    lambda raw: raw,
    lambda raw: base64.b64encode(b"service-test:" + raw),
    lambda raw: base64.b64encode(b"ab" + raw),
    lambda raw: raw.hex().encode(),
    lambda raw: raw.decode().encode("utf-16-le"),
    lambda raw: raw[len(raw) // 2 :],
]


def tell(folder: Path, script: str) -> list[str]:
    """Return what the witness says of a Python script that runs as one of our executables."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    python = shutil.which("python3")
    command = folder / "credhelper"
    command.write_text(f"#!{python}\n{script}\n")
    command.chmod(0o755)
    trace = folder / "trace"
    ran = subprocess.run(
        [*witness.STRACE, "-o", str(trace), str(command)], capture_output=True, check=False
    )
    if b"ptrace" in ran.stderr:
        pytest.skip("strace may not trace here")
    return witness.testimony(witness.read(trace))


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
    assert not tell(tmp_path, f"print({SECRET!r}); import sys; sys.stderr.write('canary-client')")


def test_a_secret_in_the_cache_is_seen(box: Box) -> None:
    """The check that needs no strace: every file of a cache, the hidden ones, too."""
    canary.learn(SECRET)
    box.cache.mkdir(parents=True)
    (box.cache / ".half").write_text(f"x{SECRET}")
    assert witness.in_cache(box.environ) == [str(box.cache / ".half")]
