"""Walk the whole chain and say what is wrong and what to do."""

import dataclasses
import json
import os
from argparse import ArgumentParser
from types import SimpleNamespace

from credhelper import chain, output
from credhelper.walk import Walk


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("profile", nargs="?", default="", metavar="PROFILE")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: SimpleNamespace) -> int:
    """Write a line per link of the chain as it is found; return the first failure's status."""
    profile = options.profile or os.environ.get("CREDHELPER_PROFILE", "")
    findings = chain.findings(Walk(options.config, profile))
    if not options.json:
        return chain.status(chain.tell(findings))
    found = list(findings)
    status = chain.status(found)
    links = [dataclasses.asdict(finding) for finding in found]
    output.write(json.dumps({"version": 1, "status": status, "findings": links}) + "\n")
    return status
