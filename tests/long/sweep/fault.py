"""What happens to one system call of a run: the process is killed at it, or it is refused."""

import shutil
import subprocess

from tests.long.sweep.call import NAMES, Call

KILL = "KILL"
ERRORS = ("ENOSPC", "EIO", "EMFILE", "EDQUOT", "EROFS", "EINTR")
FAULTS = (KILL, *ERRORS)
# -y shows the path of a descriptor, -s 0 no content: a trace must not hold the secret.
TRACE = ("strace", "-f", "-y", "-s", "0", "-e", "trace=" + ",".join(f"?{name}" for name in NAMES))


def inject(fault: str, call: Call) -> list[str]:
    """Return strace's words for it; the call itself never reaches the kernel."""
    effect = "signal=KILL" if fault == KILL else f"error={fault}"
    return ["-e", f"inject={call.name}:{effect}:when={call.number}"]


def missing() -> str:
    """Return why nothing can be injected on this machine, "" if it can."""
    if not shutil.which("strace"):
        return "strace is not installed"
    # ptrace may be forbidden, as in some containers.
    words = ["strace", "-f", "-e", "trace=?getdents64", "-e", "inject=getdents64:error=EIO"]
    probe = subprocess.run([*words, "ls", "/"], capture_output=True, check=False)
    return "" if b"(INJECTED)" in probe.stderr else "strace may not trace here"
