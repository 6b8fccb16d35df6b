"""Try it offline, with an embedded server."""

from argparse import ArgumentParser
from types import SimpleNamespace

from credhelper.errors import UsageError
from credhelper.system import output


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("--serve", action="store_true", help="keep that server running")
    parser.add_argument("--port", type=int, default=0, metavar="PORT", help="of that server")


def run(options: SimpleNamespace) -> int:
    """Show the main job against an authorization server of our own; return 0. Raises UsageError."""
    if options.port and not options.serve:
        raise UsageError("--port is of no use without --serve", hint="add --serve")
    from credhelper.cli import demo  # an HTTP server, which no other command needs

    if options.serve:
        demo.serve(options.port)
    else:
        output.write(demo.run())
    return 0
