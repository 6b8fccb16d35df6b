"""How the installed command starts: what it runs of what lies around, and where it finds itself."""

import marshal
import os
import posix
import site
import struct
import sys
import sysconfig
from importlib import metadata
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

import credhelper
from tests.conftest import COMMAND, Box
from tests.support.servers.counting import TokenServer

pytestmark = pytest.mark.slow
PACKAGE = Path(credhelper.__file__).parent
SCRIPTS = sorted((PACKAGE / "cli" / "scripts").iterdir())
HOSTILE = "import os\nos.write(2, b'hostile code runs')\n"
# What the door and the command line import on their way, of the library and of others.
PLANTED = ["fcntl", "logging", "signal", "argparse", "json", "requests", "boto3", "tomlkit"]
RELEASE = f"python{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def clone(box: Box, tokens: TokenServer) -> Box:
    """Return a box that stands in somebody's repository, full of modules of ours and of others."""
    box.itwin(tokens.url)
    package = box.home / "credhelper"
    package.mkdir()
    for path in [package / "__init__.py", package / "__main__.py"]:
        path.write_text(f"{HOSTILE}\ndef main(): pass\n")
    plant(box.home)
    return box


def plant(folder: Path) -> None:
    """Put modules that tell of themselves into a folder."""
    for name in PLANTED:
        (folder / f"{name}.py").write_text(HOSTILE)


@pytest.mark.parametrize("value", ["", ":", ":/opt/lib", "/opt/lib:", ".", "./x:..", "CLONE"])
def test_pythonpath_runs_nothing(clone: Box, value: str) -> None:
    """Cold and warm, by any spelling of the current directory."""
    clone.environ["PYTHONPATH"] = value.replace("CLONE", str(clone.home))
    for _ in range(2):
        assert clone.run("get").token() == "canary-token-1"


@pytest.mark.parametrize("switch", ["PYTHONINSPECT", "PYTHONPATH"])
def test_a_relative_home_and_no_current_directory(clone: Box, switch: str) -> None:
    """Where the user's packages would be is asked in the start under `-I`, and is nowhere."""
    clone.environ |= {"CREDHELPER_CACHE_DIR": str(clone.cache), switch: "/nonexistent"}
    script = f"mkdir gone; cd gone; rmdir ../gone; HOME=home exec {COMMAND} get"
    assert clone.call("/bin/sh", "-c", script).token() == "canary-token-1"


def test_user_base_runs_nothing(clone: Box) -> None:
    """Of a variable that says where the user's packages are."""
    folder = clone.home / "lib" / RELEASE / "site-packages"
    folder.mkdir(parents=True)
    plant(folder)
    clone.environ["PYTHONUSERBASE"] = str(clone.home)
    assert clone.run("get").token() == "canary-token-1"


def test_a_module_beside_the_script_is_not_run(clone: Box) -> None:
    """`~/.local/bin` may hold anything."""
    script = clone.home / "bin" / "credhelper"
    script.parent.mkdir()
    script.write_bytes(Path(COMMAND).read_bytes())
    script.chmod(0o755)
    plant(script.parent)
    clone.command = str(script)
    assert clone.run("get").token() == "canary-token-1"


@pytest.mark.unwatched
def test_foreign_compiled_code_is_not_run(clone: Box) -> None:
    """Of a folder for compiled files that a variable names."""
    path = PACKAGE / "token.py"
    status, prefix = path.stat(), clone.home / "compiled"
    code = compile(HOSTILE + path.read_text(), str(path), "exec")
    tag, head = sys.implementation.cache_tag, (0, int(status.st_mtime), status.st_size)
    planted = prefix / str(path.parent)[1:] / f"token.{tag}.pyc"
    planted.parent.mkdir(parents=True)
    # https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
    planted.write_bytes(MAGIC_NUMBER + struct.pack("<III", *head) + marshal.dumps(code))
    clone.environ["PYTHONPYCACHEPREFIX"] = str(prefix)
    for _ in range(2):
        assert clone.run("get").token() == "canary-token-1"


def test_python_m_runs_nothing_of_the_current_directory(clone: Box) -> None:
    """Where there is no package of our name, which Python runs before us."""
    for path in (clone.home / "credhelper").iterdir():
        path.unlink()
    (clone.home / "credhelper").rmdir()
    for words in (["get"], ["get", "--fresh"]):
        ran = clone.call(sys.executable, "-m", "credhelper", *words)
        assert (ran.status, ran.stderr) == (0, "")


def restarts(monkeypatch: pytest.MonkeyPatch, name: bytes, value: bytes) -> bool:
    """Return whether the script starts the interpreter anew where a variable is set."""
    begun = SCRIPTS[0].read_text().removesuffix("from credhelper.__main__ import main\n\nmain()\n")
    found = []
    with monkeypatch.context() as patch:
        patch.setattr(posix, "environ", {name: value})
        patch.setattr(sys, "path", ["/beside", *sys.path])
        patch.setattr(os, "execvp", lambda *words: found.append(words))
        exec(compile(begun, "credhelper", "exec"), {"__file__": "/beside/credhelper"})
        assert found or sys.path[0] != "/beside"
    return bool(found)


def test_what_starts_the_interpreter_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that decides what is run or said; none that a container image sets anyway."""
    for name in ("PATH", "HOME", "PYCACHEPREFIX", "USERBASE", "OPTIMIZE", "VERBOSE", "DEVMODE"):
        assert restarts(monkeypatch, f"PYTHON{name}".encode(), b"1"), name
        assert not restarts(monkeypatch, f"PYTHON{name}".encode(), b""), name
    for name in ("IOENCODING", "UNBUFFERED", "DONTWRITEBYTECODE", "WARNINGS", "_VERSION"):
        assert not restarts(monkeypatch, f"PYTHON{name}".encode(), b"1"), name


@pytest.mark.unwatched
@pytest.mark.parametrize("switch", ["INSPECT", "OPTIMIZE", "DEVMODE", "PYCACHEPREFIX"])
def test_switches_of_python_change_no_answer(clone: Box, switch: str) -> None:
    """Neither that of a hit nor of the help, which is made of docstrings."""
    token, text = clone.run("get"), clone.run("exec", "--help")
    clone.environ[f"PYTHON{switch}"] = "2"
    assert (clone.run("get"), clone.run("exec", "--help")) == (token, text)


def put(folder: Path, script: Path) -> None:
    """Put the package and what it needs into a folder, and its script somewhere, without pip."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if path.suffix != ".pth" and path.name not in ("credhelper", "__pycache__", "bin"):
            (folder / path.name).symlink_to(path)
    (folder / "credhelper").symlink_to(PACKAGE)
    script.parent.mkdir(parents=True, exist_ok=True)
    python = os.path.realpath(sys.executable)
    script.write_text(SCRIPTS[0].read_text().replace("#!python", f"#!{python}", 1))
    script.chmod(0o755)


@pytest.mark.unwatched
@pytest.mark.parametrize("pythonpath", ["", ":", "/nowhere"])
def test_the_users_packages_are_found(clone: Box, pythonpath: str) -> None:
    """`pip install --user`, with and without a new start."""
    base = clone.home / ".local"
    put(base / "lib" / RELEASE / "site-packages", base / "bin" / "credhelper")
    clone.environ["PYTHONPATH"] = pythonpath
    clone.command = str(base / "bin" / "credhelper")
    for _ in range(2):
        assert clone.run("get").token() == "canary-token-1"


@pytest.mark.parametrize("pythonpath", ["{0}", "/var/runtime:{0}", ":{0}:"])
def test_a_folder_of_pythonpath_is_found(clone: Box, pythonpath: str) -> None:
    """An absolute one; of a Lambda layer the commands lie in /opt/bin, the packages elsewhere."""
    layer = clone.home / "opt"
    put(layer / "python", layer / "bin" / "credhelper")
    clone.environ["PYTHONPATH"] = pythonpath.format(layer / "python")
    clone.command = str(layer / "bin" / "credhelper")
    for _ in range(2):
        assert clone.run("get").token() == "canary-token-1"


def test_a_target_folder_is_found(clone: Box) -> None:
    """`pip install --target` puts the commands below the packages."""
    target = clone.home / "target"
    put(target, target / "bin" / "credhelper")
    clone.command = str(target / "bin" / "credhelper")
    for pythonpath in (str(target), ":"):
        clone.environ["PYTHONPATH"] = pythonpath
        assert clone.run("get").token() == "canary-token-1"


def test_the_users_packages_are_no_part_of_another_installation(clone: Box) -> None:
    """Where we are not among them, none of them is imported."""
    users = clone.home / ".local" / "lib" / RELEASE / "site-packages"
    users.mkdir(parents=True)
    plant(users)
    layer = clone.home / "opt"
    put(layer / "python", layer / "bin" / "credhelper")
    clone.environ["PYTHONPATH"] = str(layer / "python")
    clone.command = str(layer / "bin" / "credhelper")
    assert site.getusersitepackages()
    assert clone.run("get").token() == "canary-token-1"


def test_all_scripts_are_one() -> None:
    """The name says who calls; the text is the same, and each is installed."""
    assert len(SCRIPTS) == 8
    assert len({path.read_text() for path in SCRIPTS}) == 1
    for path in SCRIPTS:
        lines = (Path(COMMAND).parent / path.name).read_text().split("\n", 1)
        assert (lines[0][:2], lines[1]) == ("#!", path.read_text().split("\n", 1)[1])


def test_no_two_installed_paths_differ_in_case_alone() -> None:
    """The file system of macOS knows no case: two such files are one, and pip fails over it."""
    found = [str(path) for path in metadata.files("credhelper") or ()]
    found += [str(path.relative_to(PACKAGE.parent)) for path in PACKAGE.rglob("*.py")]
    distinct = set(found)
    assert len(distinct) > 100
    assert len({path.casefold() for path in distinct}) == len(distinct)
