"""MCP clients and others that run a command for their HTTP headers."""

import json

from credhelper.place import Place

WHERE = "put it into the entry of the server, beside its url"


def text(place: Place) -> str:
    """Return the member of the server's entry; the command is run by a shell."""
    return f'"headersHelper": {json.dumps(place.shell("headers"))}\n'
