"""What a caller's configuration is made of: our executables, a profile, and its hosts."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from credhelper import hosts
from credhelper.cli import serving
from credhelper.config.load import Profiles
from credhelper.errors import ConfigError
from credhelper.hosts import AUDIENCE, Rule


@dataclass(frozen=True)
class Target:
    """Where a caller is set up.

    `profile` is "" if none was named; `rules` are those of all profiles; `folder` is the absolute
    path of our executables; `environ` is the caller's environment without its secrets, since the
    callers' tools inherit it.
    """

    profile: str
    profiles: Profiles
    rules: tuple[Rule, ...]
    folder: str
    environ: Mapping[str, str]

    def executable(self, name: str) -> list[str]:
        """Return the absolute path of one of our executables, and the profile if one was named."""
        return [f"{self.folder}/{name}", *self._named()]

    def command(self, protocol: str) -> list[str]:
        """Return the words of `credhelper as PROTOCOL [PROFILE]`, where the caller names a host."""
        return [f"{self.folder}/credhelper", "as", protocol, *self._named()]

    def chosen(self, protocol: str) -> list[str]:
        """Return the same for a caller that names none: a profile decides there.

        Raises ConfigError where there are several and no default.
        """
        self.profiles.choose(self.profile)
        return self.command(protocol)

    def hosts(self) -> list[str]:
        """Return host, host:port and `*.suffix` patterns of the profile, or of all.

        Raises ConfigError if there are none, or if nothing says whose one of them is.
        """
        found = _hosts(self._own()) or self._missing('hosts = ["api.example.com"]')
        return found if self.profile else self.sole(found)

    def sole(self, found: list[str]) -> list[str]:
        """Return the hosts or audiences that a caller without a profile asks for.

        Raises ConfigError for one that two profiles have.
        """
        for each in found:
            names = serving.owners(self.rules, hosts.pattern(each))
            if len(names) > 1:
                msg = f"the profiles {' and '.join(names)} have {each}"
                hint = "leave it in the hosts of one, or name the profile, if this caller can"
                raise ConfigError(f"{msg}, so callers get no token for it", hint=hint)
        return found

    def is_served(self, host: str) -> bool:
        """Return whether a profile, this one or another, has that pattern."""
        return host in _hosts([rule.pattern for rule in self.rules])

    def is_ours(self, words: Sequence[str], wanted: Sequence[str]) -> bool:
        """Return whether a command is the wanted one of ours, in this folder or another.

        If no profile was named, it may name any.
        """
        return self.runs_us(words, wanted) and (not self.profile or words[1:] == wanted[1:])

    def runs_us(self, words: Sequence[str], wanted: Sequence[str]) -> bool:
        """Return whether a command is the same one of ours, for whatever profile."""
        common = wanted[: len(wanted) - len(self._named())]
        names = [os.path.basename(each[0]) for each in (words, common) if each]
        is_same = len(names) == 2 and names[0] == names[1]
        return is_same and [*words[1 : len(common)]] == common[1:] and len(words) <= len(common) + 1

    def names(self) -> list[str]:
        """Return the hosts without `*`, for callers that know no patterns. Raises ConfigError."""
        found = [host for host in self.hosts() if host[0] != "*"]
        return found or self._missing('a host without "*", like hosts = ["api.example.com"],')

    def audiences(self) -> list[str]:
        """Return the audiences among the hosts. Raises ConfigError if there are none."""
        found = [pattern for pattern in self._own() if pattern.startswith(AUDIENCE)]
        found = found or self._missing('hosts = ["//iam.googleapis.com/…"]')
        return found if self.profile else self.sole(found)

    def path(self, *parts: str, variable: str = "") -> str:
        """Return a path below the variable's directory, else below the home directory.

        The first part counts below the home alone, as `.config` for `$XDG_CONFIG_HOME`.
        """
        if base := self.environ.get(variable):
            return os.path.join(base, *parts[1:])
        return os.path.join(self.environ.get("HOME") or os.path.expanduser("~"), *parts)

    def _own(self) -> list[str]:
        """Return the patterns of the profile, or of all, each once."""
        own = (rule.pattern for rule in self.rules if self.profile in ("", rule.profile))
        return list(dict.fromkeys(own))

    def _named(self) -> list[str]:
        return [self.profile] if self.profile else []

    def _missing(self, what: str) -> list[str]:
        whose = f"the profile `{self.profile}`" if self.profile else "a profile"
        raise ConfigError(
            "this caller names a host, and none is served", hint=f"add {what} to {whose}"
        )


def _hosts(rules: Sequence[str]) -> list[str]:
    return [rule.removesuffix(":443") for rule in rules if not rule.startswith(AUDIENCE)]
