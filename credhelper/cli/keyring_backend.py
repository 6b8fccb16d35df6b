"""A backend for the library `keyring`: pip, twine, Poetry and others read index logins from it.

https://github.com/jaraco/keyring#write-your-own-keyring-backend. An entry point names this module,
and only keyring imports it. The token comes from a child process, like every other caller's: our
limits, lock and signals are not for somebody else's process.
"""

import subprocess

from keyring import backend, credentials, errors

from credhelper.system import itself

# The deadline of the profile ends the child; this is for one that hangs all the same.
LIMIT_S = 60
# These statuses only a host of ours can have: temporary, protocol, denied.
FAILED = (75, 76, 77)


class Keyring(backend.KeyringBackend):
    """Logins for the `hosts` of the profiles, and for nothing else; it reads, and never stores."""

    # Above the desktops' stores (5), which may ask a human to unlock them, and may hold an old
    # password for the same host; below keyring's own chainer (10), which asks one after the other.
    priority = 9

    def get_credential(
        self, service: str, username: str | None
    ) -> credentials.SimpleCredential | None:
        """Return the login for a URL or host, None for one that is not ours.

        The user name is the caller's, else the profile's. Raises KeyringError if there is no token.
        """
        login = _login(service)
        return credentials.SimpleCredential(username or login[0], login[1]) if login else None

    def get_password(self, service: str, username: str) -> str | None:
        """Return the token for a URL or host, whatever the user name. Otherwise as above."""
        credential = self.get_credential(service, username)
        return credential.password if credential else None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Raise NotImplementedError: the chainer then stores it in the next backend."""
        raise NotImplementedError("credhelper stores no password")

    def delete_password(self, service: str, username: str) -> None:
        """Raise NotImplementedError: the chainer then deletes it from the next backend."""
        raise NotImplementedError("credhelper stores no password")


def _login(service: str) -> tuple[str, str] | None:
    """Return user name and token, None for what no profile serves. Raises KeyringError."""
    command = itself.command("as", "keyring", "get", service)
    if service[:1] == "-":
        return None  # it would be an option; no host starts so
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the service is one word
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    if done.returncode in FAILED:
        raise errors.KeyringError(done.stderr.decode(errors="replace").strip())
    if done.returncode:
        return None
    name, token = done.stdout.decode().splitlines()
    return name, token
