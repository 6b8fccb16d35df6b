"""Write a first config file, or add a profile to it."""

import os
import shlex
from argparse import ArgumentParser
from collections.abc import Mapping
from types import SimpleNamespace

from credhelper import cache, chain, draft, output, questions, setups, storing
from credhelper.draft import Config, Draft
from credhelper.errors import OutputError, UsageError
from credhelper.profile import PRESETS
from credhelper.walk import Walk

ADDRESSES = ("provider", "token_url", "issuer")
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
    add("--caller", default="", metavar="PROTOCOL", help="who shall be set up next")
    add("--no-check", action="store_true", help="do not try it")


def run(options: SimpleNamespace) -> int:
    """Write the profile, try it, and tell the next step; return the check's exit status.

    With a flag that answers a question, or without a terminal, nothing is asked. Raises
    CredhelperError, before anything is written.
    """
    environ = {**os.environ, "CREDHELPER_CONFIG": options.config} if options.config else os.environ
    path = cache.config_path(environ)
    if not path:
        raise OutputError("there is no home for a config file", hint="set HOME or give --config")
    config = draft.read(path)
    given = {key: getattr(options, key) for key in KEYS if getattr(options, key)}
    if given or options.caller or not (os.isatty(0) and os.isatty(2)):
        made, caller = _given(given, options.profile), options.caller
    else:
        made, caller = questions.ask(config, options.profile)
    if caller:
        setups.find(caller)  # a typo costs nothing yet
    draft.add(config, made)
    return _finish(config, made, caller, options)


def _given(given: Mapping[str, str], name: str) -> Draft:
    """Return what the flags say. Raises UsageError that names the missing one."""
    flags = {"--provider (or --token-url, or --issuer)": ADDRESSES, "--client-id": ("client_id",)}
    flags["--secret-reference"] = ("client_secret",)
    for flag, keys in flags.items():
        if not given.keys() & set(keys):
            hint = "give it, or run `credhelper init` alone at a terminal"
            raise UsageError(f"{flag} is missing", hint=hint)
    hosts = {"hosts": draft.split(given["hosts"])} if "hosts" in given else {}
    return Draft(name or given.get("provider", "default"), {**given, **hosts})


def _finish(config: Config, made: Draft, caller: str, options: SimpleNamespace) -> int:
    """Say what was written and what to store, try it, and tell the next step."""
    output.write(f"The profile {made.name} is in {config.path}\n")
    output.write(storing.how(made.check().client_secret) + "\n")
    status = 0
    if not options.no_check:
        status = chain.status(chain.tell(chain.findings(Walk(options.config, made.name))))
    where = ["--config", options.config] if options.config else []
    words = ["get", made.name]
    if caller:
        words = ["setup", caller, made.name]
        words += ["--write"] if hasattr(setups.find(caller), "steps") else []
    again = [["check", made.name]] if status else []
    steps = [shlex.join(["credhelper", *each, *where]) for each in (*again, words)]
    output.write(f"Next: {' && '.join(steps)}\n")
    if len(config.names()) == 1 and "default_profile" not in config.document():
        first = config.names()[0]
        output.write(
            f'Note: for calls without a name write `default_profile = "{first}"` '
            f"at the top of {config.path}\n"
        )
    return status
