"""What a caller's configuration is made of: our executables, a profile, and its hosts."""

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from credhelper.errors import ConfigError
from credhelper.hosts import AUDIENCE


@dataclass(frozen=True)
class Target:
    """Where a caller is set up.

    `profile` is "" if none was named; `rules` are the patterns of its `hosts` in their one
    spelling, `served` those of all profiles; `folder` is the absolute path of our executables;
    `environ` is the caller's environment without its secrets, since the callers' tools inherit it.
    """

    profile: str
    rules: tuple[str, ...]
    served: tuple[str, ...]
    folder: str
    environ: Mapping[str, str]

    def executable(self, name: str) -> list[str]:
        """Return the absolute path of one of our executables, and the profile if one was named."""
        return [f"{self.folder}/{name}", *self._named()]

    def command(self, protocol: str) -> list[str]:
        """Return the words of `credhelper as PROTOCOL [PROFILE]`."""
        return [f"{self.folder}/credhelper", "as", protocol, *self._named()]

    def shell(self, protocol: str) -> str:
        """Return the same as one line that a POSIX shell and Python's `shlex` read alike."""
        return shlex.join(self.command(protocol))

    def hosts(self) -> list[str]:
        """Return host, host:port and `*.suffix` patterns. Raises ConfigError if there are none."""
        return _hosts(self.rules) or self._missing('hosts = ["api.example.com"]')

    def is_served(self, host: str) -> bool:
        """Return whether a profile, this one or another, has that pattern."""
        return host in _hosts(self.served)

    def is_ours(self, words: Sequence[str], wanted: Sequence[str]) -> bool:
        """Return whether a command is the wanted one of ours, in this folder or another."""
        names = [os.path.basename(each[0]) for each in (words, wanted) if each]
        return len(names) == 2 and names[0] == names[1] and words[1:] == wanted[1:]

    def names(self) -> list[str]:
        """Return the hosts without `*`, for callers that know no patterns. Raises ConfigError."""
        found = [host for host in self.hosts() if host[0] != "*"]
        return found or self._missing('a host without "*", like hosts = ["api.example.com"],')

    def audiences(self) -> list[str]:
        """Return the audiences among the hosts. Raises ConfigError if there are none."""
        found = [rule for rule in self.rules if rule.startswith(AUDIENCE)]
        return found or self._missing('hosts = ["//iam.googleapis.com/…"]')

    def path(self, *parts: str, variable: str = "") -> str:
        """Return a path below the variable's directory, else below the home directory.

        The first part counts below the home alone, as `.config` for `$XDG_CONFIG_HOME`.
        """
        if base := self.environ.get(variable):
            return os.path.join(base, *parts[1:])
        return os.path.join(self.environ.get("HOME") or os.path.expanduser("~"), *parts)

    def _named(self) -> list[str]:
        return [self.profile] if self.profile else []

    def _missing(self, what: str) -> list[str]:
        whose = f"the profile `{self.profile}`" if self.profile else "a profile"
        raise ConfigError(
            "this caller names a host, and none is served", hint=f"add {what} to {whose}"
        )


def _hosts(rules: Sequence[str]) -> list[str]:
    return [rule.removesuffix(":443") for rule in rules if not rule.startswith(AUDIENCE)]
