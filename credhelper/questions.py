"""What a person is asked for a new profile, on stderr; a bad answer is explained and asked again.

Never the client secret: only where it lives.
"""

import os
import sys
from collections.abc import Callable

from credhelper import deadline, draft, output, setups, table
from credhelper.draft import Config, Draft
from credhelper.errors import ConfigError, CredhelperError, UsageError
from credhelper.profile import PRESETS

PLATFORM = "Platform: itwin, or the https:// address of a token endpoint, or `issuer ADDRESS`"
PLACE = (
    "Where the client secret lives, never the secret itself\n"
    "(vault:MOUNT/PATH#FIELD, aws:NAME#FIELD, file:/path, env:NAME)"
)


def ask(config: Config, name: str) -> tuple[Draft, str]:
    """Return the profile that a person describes, and the caller to set up ("" for none).

    `name` is the profile's, or "" to ask for it. Raises UsageError at the end of the input,
    ConfigError for a name that will not do.
    """
    try:
        return _ask_all(config, name)
    except deadline.Signalled:
        output.complain("\ncredhelper: nothing was written")
        raise


def _ask_all(config: Config, name: str) -> tuple[Draft, str]:
    answers: dict[str, str | list[str]] = {}

    def keep(key: str, text: str) -> str:
        if text:
            value = draft.split(text) if key == "hosts" else text
            Draft("new", {**answers, key: value}).check()
            answers[key] = value
        return text

    def named(text: str) -> str:
        draft.check_free(config, text)
        return text

    if name:
        named(name)
    provider = _ask(PLATFORM, lambda text: keep(*_platform(text)), "itwin")
    preset = PRESETS.get(provider, {})
    _ask("Client id", lambda text: keep("client_id", text))
    _ask(PLACE, lambda text: keep("client_secret", text))
    _ask(f"Scope, if not {preset['scope']}" if preset else "Scope", lambda t: keep("scope", t), "")
    _ask("Hosts that may get the token, with commas", lambda text: keep("hosts", text), "")
    caller = _ask("Caller to set up next, like git or docker", _caller, "")
    usual = provider if preset else "default"
    free = None if usual in config.names() else usual
    return Draft(name or _ask("Name of the profile", named, free), answers), caller


def _platform(text: str) -> tuple[str, str]:
    """Return the key and its value. Raises ConfigError."""
    word, _space, rest = text.partition(" ")
    if text in PRESETS:
        return "provider", text
    if word == "issuer" and rest.strip():
        return "issuer", rest.strip()
    if "://" not in text:
        raise ConfigError("that platform is unknown", hint=table.nearest(text, list(PRESETS)))
    return "token_url", text


def _caller(text: str) -> str:
    if text:
        setups.find(text)
    return text


def _ask(question: str, take: Callable[[str], str], usual: str | None = None) -> str:
    """Return what `take` makes of the first answer that it does not raise for.

    `usual` is what an empty answer means; None: it means nothing, and is asked again.
    """
    shown = "" if usual is None else f" [{usual or 'none'}]"
    while True:
        os.write(2, f"{question}{shown}: ".encode())
        line = sys.stdin.buffer.readline()
        if not line:
            output.complain("")
            hint = "see `credhelper init --help` for flags instead"
            raise UsageError("there was no answer, and nothing was written", hint=hint)
        text = line.decode(errors="surrogateescape").strip() or usual
        if text is None:
            continue
        try:
            return take(text)
        except CredhelperError as error:
            output.complain(error.line())
