"""reclient, by its two environment variables."""

import shlex

from credhelper.place import Place

WHERE = "set it in the environment of reproxy"


def text(place: Place) -> str:
    """Return the assignments."""
    command, *words = place.command("reclient")
    return (
        f"export RBE_credentials_helper={shlex.quote(command)}\n"
        f"export RBE_credentials_helper_args={shlex.quote(' '.join(words))}\n"
    )
