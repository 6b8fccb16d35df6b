"""Secret references: where a client secret lives."""

import pkgutil

from credhelper.cli.help import prose
from credhelper.config import schema
from credhelper.secrets import backend, backends

ABOUT = """\
`client_secret` is a reference, BACKEND:PATH[#FIELD], never the secret itself. What the environment
does not say of the backend stands in a table [profiles.NAME.BACKEND]; its keys are listed here.
Another backend is a module with `read(path, field, settings) -> str` and an entry point in the
group `credhelper.backends`.
"""
AUTH = """\
`auth` of vault is a table with a `method` (METHODS) and of these keys those that it needs: KEYS.
`secret_id`, `token`, `jwt` and `password` are references themselves, of env or file.
"""


def text() -> str:
    """Return a line of each backend that is here, with the keys of its table."""
    from credhelper.secrets import vault_login  # the network stack, which no other topic needs

    names = [module.name for module in pkgutil.iter_modules(backends.__path__)]
    keys = ", ".join(schema.keys(vault_login.Auth)[1:])
    auth = AUTH.replace("METHODS", ", ".join(vault_login.LOGINS)).replace("KEYS", keys)
    listed = prose.definitions((name, _about(name)) for name in names)
    return prose.paragraph(ABOUT) + listed + prose.paragraph(auth)


def _about(name: str) -> str:
    module = backend.find(name)
    kind = getattr(module, "Settings", None)
    keys = f"; keys: {', '.join(schema.keys(kind))}" if kind else ""
    return prose.first_line(module.__doc__) + keys
