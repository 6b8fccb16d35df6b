"""Backends: their contract, and how each is called."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol as Contract

from credhelper.config import schema
from credhelper.errors import ConfigError
from credhelper.system import redaction, registry
from credhelper.system.registry import BACKENDS

# A line of shell that reads the secret from the keyboard, unseen, and pipes it on. Echo comes back
# however it ends; `printf` is a builtin, so its words are in no process list.
READ_UNSEEN = (
    "trap 'stty echo' EXIT; trap 'exit 130' INT; stty -echo; IFS= read -r s && printf %s \"$s\""
)


class Backend(Contract):
    """A module that reads one secret.

    It may also have `Settings`, a frozen dataclass whose fields are the keys of
    `[profiles.NAME.BACKEND]`, and `VARIABLES`, the environment variables that decide which secret
    a reference means; a token is bound to their values; and `read_previous`, like `read`, which
    returns the version before the current one ("" if there is none) to bridge a rotation; and
    `state(path)`, marks that distinguish two values at the same place, to which a shared refusal is
    bound; and `describe`, which takes the same as `read` and yields two texts, first who we are
    where the secret lives, then the secret's version and age, for `credhelper check`; a pair of
    texts is a warning, with the next step; and `store_hint(path, field)`, what a person does to put
    the secret there, as text with the command in a line of its own, "" where it cannot say; the
    secret stands in no argument list.

    A third party's prints nowhere (with -v its stderr is shown as far as it holds no secret), and
    what it raises beside these errors is reported without its text.
    """

    def read(self, path: str, field: str, settings: object) -> str:
        """Return the secret at `path`, its `field` if one is named ("" if not).

        `settings` is an instance of `Settings`, with `Secret` for each reference in it, or None.
        Raises ConfigError (no such secret), DeniedError (not allowed), TemporaryError (try again).
        """
        ...


@contextmanager
def visit(name: str) -> Iterator[Backend]:
    """Yield a backend's module, to be called within: a third party's cannot reach our stdout there.

    Raises ConfigError if it cannot be loaded, and as `guest.visit`.
    """
    if registry.is_own(BACKENDS, name):
        yield find(name)
        return
    from credhelper.system import guest  # our own backends need none

    with guest.visit(f"backend {name}"):
        yield find(name)


def find(name: str) -> Backend:
    """Return a backend's module. Raises ConfigError if it cannot be loaded."""
    try:
        module: Backend = registry.load(BACKENDS, name)
    except ImportError as error:
        hint = f"install {redaction.name(error.name) or 'what it needs'}"
        raise ConfigError(f"backend {name} cannot be imported", hint=hint) from None
    except LookupError:
        hint = schema.nearest(name, registry.names(BACKENDS))
        raise ConfigError(f"there is no backend {name}", hint=hint) from None
    return module
