"""Terraform and OpenTofu: a link where they look for helpers, and a block of the CLI config.

https://developer.hashicorp.com/terraform/internals/credentials-helpers
"""

import json

from credhelper.cli.setup import change
from credhelper.cli.setup.change import Change
from credhelper.cli.setup.target import Target

WHERE = "put it into ~/.terraformrc"
EXECUTABLE = "terraform-credentials-credhelper"


def text(target: Target) -> str:
    """Return the link's command as a comment, and the block."""
    target.hosts()
    link, executable = _link(target)
    return f"# ln -s {executable} {link}\n{rest(target)}"


def rest(target: Target) -> str:
    """Return the block: its file is HCL, which only Terraform's own libraries write."""
    arguments = target.executable(EXECUTABLE)[1:]
    return f'credentials_helper "credhelper" {{\n  args = {json.dumps(arguments)}\n}}\n'


def changes(target: Target) -> list[Change]:
    """Return the making of the link: the PATH does not count there."""
    target.hosts()
    return change.links(*_link(target))


def removals(target: Target) -> list[Change]:
    """Return the deletion of the link."""
    return change.unlinks(_link(target)[0], EXECUTABLE)


def _link(target: Target) -> tuple[str, str]:
    link = target.path(".terraform.d", "plugins", EXECUTABLE)
    return link, f"{target.folder}/{EXECUTABLE}"
