"""Bazel: a line for each host (https://bazel.build/reference/command-line-reference)."""

from credhelper.place import Place

WHERE = "put it into ~/.bazelrc"


def text(place: Place) -> str:
    """Return the lines; Bazel knows hosts and `*.suffix`, but no ports and no arguments."""
    path = f"{place.folder}/credhelper-bazel"
    flags = [f"--credential_helper={host}={path}" for host in _without_ports(place)]
    return "".join(f'common "{flag}"\n' if " " in flag else f"common {flag}\n" for flag in flags)


def _without_ports(place: Place) -> list[str]:
    hosts = [host if host.endswith("]") else host.partition(":")[0] for host in place.hosts()]
    return list(dict.fromkeys(hosts))
