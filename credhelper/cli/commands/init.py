"""Write a first config file, or add a profile to it."""

import os
import re
import shlex
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from types import SimpleNamespace

from credhelper import cache
from credhelper.cli.check import run as checking
from credhelper.cli.setup import caller as setup
from credhelper.config import new_profile, variables
from credhelper.config.new_profile import Config, Draft
from credhelper.config.providers import PRESETS
from credhelper.errors import OutputError, UsageError
from credhelper.secrets import secret
from credhelper.system import output

ADDRESSES = ("provider", "token_url", "issuer")
_KEY = r"[a-z_]+(?:\.[a-z_]+)*"
KEYS = (*ADDRESSES, "client_id", "client_secret", "scope", "hosts")


def declare(parser: ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("profile", nargs="?", default="", metavar="PROFILE")
    add = parser.add_argument
    add("--provider", default="", metavar="NAME", help=f"a known platform: {', '.join(PRESETS)}")
    add("--token-url", default="", metavar="URL", help="the token endpoint of another one")
    add("--issuer", default="", metavar="URL", help="or where to discover it")
    add("--client-id", default="", metavar="ID", help="the client's public name")
    add("--secret-reference", dest="client_secret", default="", metavar="REFERENCE",
        help="where the client secret lives, e.g. vault:secret/itwin#client_secret")  # fmt: skip
    add("--scope", default="", metavar="SCOPE", help="as the server wants it")
    add("--hosts", default="", metavar="HOST,…", help="where the token may go")
    add("--set", action="append", default=[], metavar="KEY=VALUE",
        help="any other key of the profile, e.g. vault.address=https://v.example")  # fmt: skip
    add("--caller", default="", metavar="CALLER", help="who shall be set up next")
    add("--replace", action="store_true", help="put it in the place of the one of its name")
    add("--no-check", action="store_true", help="do not try it")


def run(options: SimpleNamespace) -> int:
    """Write the profile, try it, and print the next step; return the check's exit status.

    Raises CredhelperError, before anything is written.
    """
    environ = {**os.environ, "CREDHELPER_CONFIG": options.config} if options.config else os.environ
    path = cache.config_path(environ)
    if not path:
        raise OutputError("there is no home for a config file", hint="set HOME or give --config")
    config = new_profile.read(path)
    given = {key: getattr(options, key) for key in KEYS if getattr(options, key)}
    made = _given(given | _set(options.set), options.profile)
    profile = made.check()
    secret.check(profile.client_secret, profile.settings, key=f"profiles.{made.name}")
    if options.caller:
        setup.find(options.caller)  # a typo costs nothing yet
    if options.replace:
        copy = new_profile.replace(config, made)
        output.write(f"copy: {config.path} to {copy}\n" if copy else "")
    else:
        new_profile.add(config, made)
    return _finish(config, made, options)


def _set(words: Sequence[str]) -> dict[str, str]:
    """Return the keys of `--set`. Raises UsageError."""
    found = dict(word.partition("=")[::2] for word in words)
    if not all(re.fullmatch(_KEY, key) and value for key, value in found.items()):
        hint = "write it like --set vault.address=https://vault.example.com"
        raise UsageError("--set takes KEY=VALUE", hint=hint)
    return found


def _given(given: Mapping[str, str], name: str) -> Draft:
    """Return what the flags say. Raises UsageError that names the missing one."""
    flags = {"--provider (or --token-url, or --issuer)": ADDRESSES, "--client-id": ("client_id",)}
    flags["--secret-reference"] = ("client_secret",)
    for flag, keys in flags.items():
        if not given.keys() & set(keys):
            raise UsageError(f"{flag} is missing", hint="see `credhelper init --help`")
    hosts = {"hosts": new_profile.split(given["hosts"])} if "hosts" in given else {}
    return Draft(name or given.get("provider", "default"), {**given, **hosts})


def _finish(config: Config, made: Draft, options: SimpleNamespace) -> int:
    """Print what was written, try it, and print how to store the secret and the next step."""
    output.write(f"The profile {made.name} is in {config.path}\n")
    if unread := variables.of_a_profile(os.environ):
        output.write(
            f"Note: with a config file these variables are not read: {', '.join(unread)}\n"
        )
    findings = checking.findings(options.config, made.name)
    found = [] if options.no_check else checking.report(findings)
    if not any(each.step == "secret" and each.state in ("ok", "warning") for each in found):
        output.write(secret.store_hint(made.check().client_secret) + "\n")
    status = checking.status_of(found)
    where = ["--config", options.config] if options.config else []
    words = ["get", made.name]
    if options.caller:
        words = ["setup", options.caller, made.name]
        words += ["--write"] if hasattr(setup.find(options.caller), "changes") else []
    again = [["check", made.name]] if status else []
    changes = [shlex.join(["credhelper", *each, *where]) for each in (*again, words)]
    head = "When that is repaired" if status else "Next"
    output.write(f"{head}: {' && '.join(changes)}\n")
    before = config.names()
    if len(before) == 1 and made.name not in before and "default_profile" not in config.document():
        first = before[0]
        output.write(
            f'Note: for calls without a name write `default_profile = "{first}"` '
            f"at the top of {config.path}\n"
        )
    return status
