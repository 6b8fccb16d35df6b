"""Terraform and OpenTofu: a link where they look for helpers, and a block of the CLI config.

https://developer.hashicorp.com/terraform/internals/credentials-helpers
"""

import json

from credhelper import step
from credhelper.place import Place
from credhelper.step import Step

WHERE = "put it into ~/.terraformrc"
EXECUTABLE = "terraform-credentials-credhelper"


def text(place: Place) -> str:
    """Return the link's command as a comment, and the block."""
    link, target = _link(place)
    return f"# ln -s {target} {link}\n{rest(place)}"


def rest(place: Place) -> str:
    """Return the block: its file is HCL, which only Terraform's own libraries write."""
    place.hosts()
    arguments = place.executable(EXECUTABLE)[1:]
    return f'credentials_helper "credhelper" {{\n  args = {json.dumps(arguments)}\n}}\n'


def steps(place: Place) -> list[Step]:
    """Return the making of the link: the PATH does not count there."""
    place.hosts()
    return step.links(*_link(place))


def _link(place: Place) -> tuple[str, str]:
    link = place.path(".terraform.d", "plugins", EXECUTABLE)
    return link, f"{place.folder}/{EXECUTABLE}"
