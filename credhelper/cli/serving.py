"""Which profile serves the address that a caller names, and what to say where none does."""

from collections.abc import Iterable

from credhelper import caller, hosts
from credhelper.config import load
from credhelper.errors import ConfigError
from credhelper.system import redaction


def choose(profiles: load.Profiles, rules: list[hosts.Rule], asked: caller.Asked) -> caller.Asked:
    """Return the question under the rule that lets a token go where the caller says.

    Raises ConfigError.
    """
    only = next(iter(profiles.tables)) if len(profiles.tables) == 1 else ""
    if name := asked.profile or only:
        profiles.get(name)  # a broken profile has no hosts, and that is not the news
    if served := asked.allowed(rules, profiles.default):
        return served
    raise refusal(profiles, rules, asked.url or asked.server, asked.profile)


def owners(rules: Iterable[hosts.Rule], pattern: str) -> list[str]:
    """Return the profiles that have a pattern: with two, a caller that names none gets no token."""
    return sorted({rule.profile for rule in rules if rule.pattern == pattern})


def refusal(
    profiles: load.Profiles, rules: list[hosts.Rule], url: str, profile: str = ""
) -> ConfigError:
    """Return the error for an address that no profile serves, or not the one that was named."""
    where = redaction.sentence(hosts.origin(url))
    where = where or "an address that is no plain https:// one"
    names = sorted({rule.profile for rule in hosts.fitting(rules, url, "")})
    problem = f"no token may go to {where}"
    hint = f"add it to the `hosts` of one profile in {profiles.source.path}"
    if not profiles.source.path:
        hint = "add it to CREDHELPER_HOSTS"
    elif profile:
        problem = f"no token of profile {profile} may go to {where}"
        hint = f"add it to profiles.{profile}.hosts in {profiles.source.path}"
        hint += f", or name profile {names[0]}, which has it" if names else ""
    elif len(names) > 1:
        problem = f"no token may go to {where}: the profiles {' and '.join(names)} have it"
        hint = "name one of them where credhelper is called, or leave the host in one alone"
    return ConfigError(problem, hint=hint, code=caller.UNKNOWN_HOST)
