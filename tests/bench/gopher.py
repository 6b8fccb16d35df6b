"""Credential helpers in Go: from PATH, else built within a time limit, else skipped."""
# ruff: noqa: T201 - printing is its job

import os
import shutil
import subprocess
import time
from pathlib import Path

MODULES = {
    "docker-credential-pass": "github.com/docker/docker-credential-helpers/pass/cmd",
    "docker-credential-ecr-login": (
        "github.com/awslabs/amazon-ecr-credential-helper/ecr-login/cli/docker-credential-ecr-login"
    ),
    "git-credential-oauth": "github.com/hickford/git-credential-oauth",
    "kubelogin": "github.com/int128/kubelogin",
}


def find(root: Path, limit_s: float, skipped: dict[str, str]) -> dict[str, str]:
    """Return the paths by name; builds take `limit_s` together, and a failure says why."""
    found: dict[str, str] = {}
    go = shutil.which("go") if limit_s else None
    until = time.monotonic() + limit_s
    for name, module in MODULES.items():
        path = shutil.which(name)
        if path:
            found[name] = path
        elif not go:
            skipped[name] = "not on PATH, and not built here"
        else:
            left_s = until - time.monotonic()
            built = _build(go, f"{module}@latest", root / "go", left_s) if left_s > 5 else ""
            if built:
                found[name] = built
            else:
                skipped[name] = "it could not be built here"
    return found


def _build(go: str, module: str, folder: Path, limit_s: float) -> str:
    """Return the path of the binary, "" where building fails or takes too long."""
    print(f"building {module} …", flush=True)
    target = folder / "bin" / str(len(list((folder / "bin").glob("*"))))
    venvs = {"GOPATH": str(folder), "GOBIN": str(target), "GOFLAGS": "-modcacherw"}
    try:
        subprocess.run(
            [go, "install", module],
            env={**os.environ, **venvs},
            capture_output=True,
            check=True,
            timeout=limit_s,
        )
        return str(next(target.iterdir()))
    except (OSError, subprocess.SubprocessError, StopIteration):
        return ""
