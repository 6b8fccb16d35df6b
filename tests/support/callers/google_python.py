"""Prints what Google's library for Python makes of a credential configuration: `FILE WISH`."""

import json
import sys
from pathlib import Path

from google.auth import pluggable
from google.auth.transport.requests import Request

path, wish = sys.argv[1:]
information = json.loads(Path(path).read_text())
credentials = pluggable.Credentials.from_info(  # type: ignore[no-untyped-call]  # an untyped library
    information, interactive=wish != "exchange"
)
if wish == "revoke":
    credentials.revoke(Request())
else:
    credentials.refresh(Request())
    print(credentials.token)  # noqa: T201 - the answer
