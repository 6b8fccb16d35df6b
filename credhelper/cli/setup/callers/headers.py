"""MCP clients and others that run a command for their HTTP headers."""

import json
import shlex

from credhelper.cli.setup.target import Target

WHERE = "put it into the entry of the server, beside its url"


def text(target: Target) -> str:
    """Return the member of the server's entry; the command is run by a shell."""
    return f'"headersHelper": {json.dumps(shlex.join(target.command("headers")))}\n'
