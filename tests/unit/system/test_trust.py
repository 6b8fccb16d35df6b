"""Who may change a file whose content decides: the file, its folders, and the links on the way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from credhelper.system import trust
from tests.support import mounts, users
from tests.support.own_file import file

__all__ = ["file"]  # a fixture


def test_ours_alone_is_trusted(file: Path) -> None:
    """Others may read: whether they should is another question."""
    assert trust.fault(str(file)) == ("", "")
    assert trust.fault(os.path.relpath(file)) == ("", "")
    assert trust.fault(f"{file.parent}/../config/./{file.name}") == ("", "")
    assert trust.fault("/etc/passwd") == ("", "")


@pytest.mark.parametrize("mode", [0o646, 0o622, 0o620])
def test_a_file_that_others_may_write(file: Path, mode: int) -> None:
    """The mode is shown with the command that fixes it."""
    file.chmod(mode)
    os.chown(file, -1, os.getegid())
    expected = (f"others may write {file}", f"chmod go-w {file}")
    is_private = trust.is_private_group(os.getegid()) and not mode & 0o002
    assert trust.fault(str(file)) == (("", "") if is_private else expected)


@pytest.mark.parametrize("mode", [0o757, 0o777])
@pytest.mark.parametrize("depth", [0, 1])
def test_a_folder_that_others_may_write(file: Path, mode: int, depth: int) -> None:
    """Wherever it lies on the way: who writes there puts another file, or folder, in the place."""
    folder = file.parents[depth]
    folder.chmod(mode)
    expected = (f"others may write {folder}", f"chmod go-w {folder}")
    assert trust.fault(str(file)) == expected
    # And also if the file is only found by a link.
    link = file.parents[2] / "link"
    link.symlink_to(file)
    assert trust.fault(str(link)) == expected
    link.unlink()
    link.symlink_to(os.path.relpath(file, link.parent))
    assert trust.fault(str(link)) == expected


def test_a_link_in_a_folder_that_others_may_write(file: Path) -> None:
    """Its target may be as safe as it is: another target is as near."""
    shared = file.parents[2] / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (shared / "link").symlink_to(file)
    (file.parents[2] / "first").symlink_to(shared / "link")
    assert trust.fault(str(file.parents[2] / "first"))[0] == f"others may write {shared}"


def test_a_sticky_folder_is_no_danger(file: Path) -> None:
    """As /tmp: nobody else can rename what is ours there. For its own content it is one."""
    file.parent.chmod(0o1777)
    assert trust.fault(str(file)) == ("", "")
    assert trust.fault(str(file.parent))[0] == f"others may write {file.parent}"


def test_a_circle_and_what_is_not_there(file: Path) -> None:
    """Neither ends in a traceback, or never."""
    file.unlink()
    assert trust.fault(str(file))[0] == f"{file} cannot be looked at"
    file.symlink_to(file)
    assert trust.fault(str(file))[0] == f"{file} cannot be looked at"


def test_a_word_for_the_shell_is_quoted(file: Path) -> None:
    """The command is to be pasted."""
    path = file.rename(file.parent / "a file")
    path.chmod(0o666)
    assert trust.fault(str(path))[1] == f"chmod go-w '{path}'"


@users.two
def test_another_users_file_folder_and_link(file: Path) -> None:
    """None of them is trusted, and no command of ours fixes it."""
    for each in (file, file.parent, file.parent.parent):
        os.chown(each, users.OTHER, users.OTHER)
        assert trust.fault(str(file)) == (f"{each} belongs to another user", "")
        os.chown(each, 0, 0)
    link = file.parents[2] / "link"
    link.symlink_to(file)
    os.chown(link, users.OTHER, users.OTHER, follow_symlinks=False)
    assert trust.fault(str(link)) == (f"{link} belongs to another user", "")


@users.two
@pytest.mark.parametrize(
    ("members", "name", "answer"),
    [("", "own", ""), ("own", "own", ""), ("own,mallory", "own", "others"), ("", "team", "others")],
)
def test_a_private_group_is_the_user_alone(
    file: Path, members: str, name: str, answer: str
) -> None:
    """Distributions with the umask 002 make folders that the user's own group may write."""
    for each in (file.parent, file.parent.parent, file):
        os.chown(each, users.US, users.US)
        each.chmod(0o775)
    files = {"passwd": f"own:x:{users.US}:{users.US}::/:/bin/sh\n",
             "group": f"{name}:x:{users.US}:{members}\n"}  # fmt: skip
    code = "import sys; from credhelper.system import trust; print(trust.fault(sys.argv[1])[0])"
    said = users.python(code, str(file), files=files)
    assert said == (f"others may write {file.parent.parent}" if answer else "")


@users.two
def test_roots_file_is_mended_by_root(file: Path) -> None:
    """A command that would fail is not told."""
    file.chmod(0o666)
    code = "import sys; from credhelper.system import trust; print(trust.fault(sys.argv[1]))"
    assert users.python(code, str(file)) == str((f"others may write {file}", ""))


@users.two
def test_a_read_only_volume_may_be_open(file: Path) -> None:
    """Kubernetes mounts a ConfigMap so: a folder of mode 0777 in which nobody can write."""
    file.parent.chmod(0o777)
    folder = file.parent
    words = mounts.read_only(folder)
    code = "import sys; from credhelper.system import trust; print(trust.fault(sys.argv[1])[0])"
    python = [sys.executable, "-c", code, str(file)]
    done = subprocess.run([*words, *python], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@users.two
def test_a_sandbox_without_root(file: Path) -> None:
    """Where root has no number its folders seem to be `nobody`'s; they are trusted all the same."""
    for each in (file, *file.parents[:2]):
        os.chown(each, users.US, users.US)
    code = (
        "import ctypes, os, sys; from credhelper.system import trust\n"
        "ctypes.CDLL(None).unshare(0x10000000) and sys.exit('no')\n"  # CLONE_NEWUSER
        "ctypes.CDLL(None).prctl(4, 1)\n"  # PR_SET_DUMPABLE: who was root may map its user
        "open('/proc/self/uid_map', 'w').write('54321 54321 1')\n"
        "print(os.stat('/').st_uid, trust.fault(sys.argv[1]))"
    )
    try:
        said = users.python(code, str(file))
    except subprocess.CalledProcessError:
        pytest.skip("no user may be made here")
    assert said == "65534 ('', '')"


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o1777, 0o777])
def test_a_folder_that_keeps_a_name_of_ours(tmp_path: Path, mode: int) -> None:
    """One rule for the answer file and the refresh file; a sticky folder keeps it, too."""
    tmp_path.chmod(mode)
    assert trust.is_safe_folder(str(tmp_path), tmp_path.stat()) is (mode != 0o777)


def test_roots_group_is_nobodys_own(tmp_path: Path) -> None:
    """A folder that root's group may write is not root's alone: system accounts run in it."""
    tmp_path.chmod(0o775)
    is_safe = trust.is_private_group(tmp_path.stat().st_gid)
    assert trust.is_safe_folder(str(tmp_path), tmp_path.stat()) is is_safe
    assert not (is_safe and tmp_path.stat().st_gid == trust.ROOT)
