"""Check each step from the config file to a token, and say what is wrong and what to do."""

import json
import os
from argparse import ArgumentParser
from types import SimpleNamespace

from credhelper.cli.check import run as checking
from credhelper.system import output


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("profile", nargs="?", default="", metavar="PROFILE")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: SimpleNamespace) -> int:
    """Write a line per step, or JSON at the end; return the status of the first failure."""
    name = options.profile or os.environ.get("CREDHELPER_PROFILE", "")
    findings = checking.findings(options.config, name)
    if not options.json:
        return checking.status_of(checking.report(findings))
    found = list(findings)
    status = checking.status_of(found)
    # The schema calls a step `link`.
    members = [
        {"link" if name == "step" else name: value for name, value in vars(each).items()}
        for each in found
    ]
    output.write(json.dumps({"version": 1, "status": status, "findings": members}) + "\n")
    return status
