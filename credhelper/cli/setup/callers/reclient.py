"""reclient, by its two environment variables."""

import shlex

from credhelper.cli.setup.target import Target

WHERE = "set it in the environment of reproxy"


def text(target: Target) -> str:
    """Return the assignments."""
    command, *words = target.chosen("reclient")
    return (
        f"export RBE_credentials_helper={shlex.quote(command)}\n"
        f"export RBE_credentials_helper_args={shlex.quote(' '.join(words))}\n"
    )
