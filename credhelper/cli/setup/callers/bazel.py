"""Bazel: a line for each host (https://bazel.build/reference/command-line-reference)."""

from credhelper.cli.setup.target import Target

WHERE = "put it into ~/.bazelrc"


def text(target: Target) -> str:
    """Return the lines; Bazel knows hosts and `*.suffix`, but no ports and no arguments."""
    path = f"{target.folder}/credhelper-bazel"
    flags = [f"--credential_helper={host}={path}" for host in _without_ports(target)]
    return "".join(f'common "{flag}"\n' if " " in flag else f"common {flag}\n" for flag in flags)


def _without_ports(target: Target) -> list[str]:
    hosts = [host if host.endswith("]") else host.partition(":")[0] for host in target.hosts()]
    return list(dict.fromkeys(hosts))
