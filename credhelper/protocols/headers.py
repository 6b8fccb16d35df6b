"""A flat JSON object of HTTP headers, for the `headersHelper` of MCP clients and its like."""

from credhelper.caller import Asked
from credhelper.token import Token

CALLERS = ("mcp",)


def reply(token: Token, _asked: Asked) -> str:
    """Return `{"Authorization":"Bearer …"}` and a newline; a token needs no escaping."""
    return f'{{"Authorization":"Bearer {token.access_token}"}}\n'
