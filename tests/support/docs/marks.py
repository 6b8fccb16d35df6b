"""What each page needs to be run, kept here so that no reader of the page meets it.

A block that is not run is found by a stable part of its text.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mark:
    """Servers (see `needs`), further programs, and the blocks that are not run, with the reason."""

    needs: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    not_run: dict[str, str] = field(default_factory=dict)


TOKENS = Mark(("tokens",))
NETWORK = "it needs the network; .ci/run does it"
INSTALLS = "it installs programs for the user who runs it"

MARKS = {
    "README.md": Mark(
        ("itwin", "openbao"),
        ("curl", "bao"),
        {"-m venv": NETWORK, "pipx install": INSTALLS},
    ),
    "callers/aws.md": Mark(("tokens", "sts")),
    "callers/bazel.md": TOKENS,
    "callers/cargo.md": TOKENS,
    "callers/docker.md": TOKENS,
    "callers/git.md": Mark(("tokens",), ("git",)),
    "callers/go.md": TOKENS,
    "callers/google.md": TOKENS,
    "callers/kubectl.md": Mark(("tokens",), ("kubectl",)),
    "callers/mcp.md": TOKENS,
    "callers/pnpm.md": TOKENS,
    "callers/programs.md": Mark(
        ("itwin", "clone"),
        ("sh", "jq", "python3", "node", "java", "timeout", "curl"),
        {"go run": "those in Go and Rust are run by `pytest -m toolchain`, C# by nobody"},
    ),
    "callers/python.md": TOKENS,
    "callers/rclone.md": Mark(("tokens",), ("rclone",)),
    "callers/shell.md": Mark(("tokens", "api"), ("curl",)),
    "callers/terraform.md": TOKENS,
    "completion.md": TOKENS,
    "failure.md": Mark(("strict",)),
    "install.md": Mark(
        (),
        (),
        {
            "pipx install": INSTALLS,
            "pipx upgrade": INSTALLS,
            "pipx uninstall": INSTALLS,
        },
    ),
    "platforms/auth0.md": Mark(("authorization",)),
    "platforms/ci.md": TOKENS,
    "platforms/endpoint.md": Mark(("authorization",)),
    "platforms/itwin.md": Mark(("itwin",), ("curl",)),
    "platforms/keycloak.md": Mark(("authorization",)),
    "platforms/network.md": Mark(("authorization",)),
    "platforms/pod.md": Mark((), (), {"kubectl apply": "it needs a cluster"}),
    "platforms/rotation.md": Mark(("strict", "openbao"), ("bao",)),
    "profiles.md": TOKENS,
    "secrets/aws.md": Mark(
        ("tokens", "aws"),
        (),
        {"aws secretsmanager": "it needs the AWS command line, which the tests do not install"},
    ),
    "secrets/backend.md": Mark(
        (),
        (),
        {"pip install ./examples": "it installs a package; test_example_backend.py does it apart"},
    ),
    "secrets/environment.md": TOKENS,
    "secrets/vault.md": Mark(("tokens", "openbao", "jwt"), ("bao",)),
    "tutorial.md": Mark(("clone",), ("java",), {"pip install .": NETWORK}),
}
